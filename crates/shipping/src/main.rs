//! shipping
fn main() {}
