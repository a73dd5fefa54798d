//! order
fn main() {}
