//! What clients are told: records joined when they are read.
//!
//! Every answer says of which prefix of the streams it is the fold ([`freshness`]).

pub mod freshness;
pub mod tally;

pub mod backlog;
pub mod customer;
pub mod dashboard;
pub mod mobile;
pub mod newest;
pub mod order;
pub mod product;
pub mod report;

use crate::reader::ReadError;
use freshness::Freshness;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The read model cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// The report would be too large.
    #[error("the report has more than {most} groups in some month")]
    TooLarge {
        /// How many groups a month of it may have.
        most: usize,
    },
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
