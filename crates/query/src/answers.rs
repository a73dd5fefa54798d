//! What clients are told: records joined when they are read.
//!
//! Every answer says of which prefix of the streams it is the fold ([`freshness`]).

pub mod freshness;

pub mod customer;
pub mod dashboard;
pub mod order;

use crate::reader::ReadError;
use freshness::Freshness;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The read model cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// It was read, and does not know what was asked for.
    #[error("{what} {id} is not known")]
    Unknown {
        /// What was asked for.
        what: &'static str,
        /// Which one.
        id: String,
        /// How much of the streams says so.
        freshness: Box<Freshness>,
    },
}
