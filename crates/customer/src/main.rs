//! customer
fn main() {}
