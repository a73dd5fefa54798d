//! product
fn main() {}
