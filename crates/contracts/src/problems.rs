//! What this shop's APIs can answer instead of what was asked for. Every process of the shop explains all of it, so that a
//! problem that one passes on for another is explained, too.
//!
//! Deliberately absent: what every process answers, of this shop or not. Those kinds are the runtime's.

mod orders;
mod owners;
mod reads;

use protocol::ProblemKind;

pub use orders::*;
pub use owners::*;
pub use reads::*;

/// All of them.
pub static ALL: [&[&ProblemKind]; 3] = [ORDERS, OWNERS, READS];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_can_be_explained() {
        assert_eq!(protocol::problem_kind::faults(&ALL), Vec::<String>::new());
    }
}
