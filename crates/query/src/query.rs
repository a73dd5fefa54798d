//! What a query is: where it is asked, how that is described, and how it is answered, in one place. The
//! queries themselves are [`crate::queries`].
//!
//! A query is handed a [`QueryReader`](crate::reader::QueryReader), which reads once and notes what was
//! read. So an [`Answer`] always names the keys that it depends on and the positions that it is the fold of.
//! How fresh it is, is put beside it only when it is sent ([`answer`]): by then the positions may be later
//! ones.
//!
//! Deliberately absent: whether an answer comes from memory. That is for whoever asks a query.

pub mod answer;
pub(crate) mod problems;
pub(crate) mod request;

use std::time::Duration;

use futures_util::future::BoxFuture;
use protocol::{Id, Timestamp};
use runtime::http::Problem;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;

use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::projector_status::ProjectorStatus;
use crate::reader::{Look, ReadError};
use crate::search::Search;
pub use answer::{Answer, Content};
pub(crate) use request::Request;

/// An answer in the making.
pub(crate) type Answering<'a> = BoxFuture<'a, Result<Answer, NoAnswer>>;

pub(crate) trait Query: Send + Sync {
    /// Its route, and what is said of it.
    fn operation(&self) -> Operation;

    /// For how long its answers are kept at most, while nothing that they depend on changes.
    fn kept_for(&self) -> Duration {
        Duration::MAX
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a>;

    /// How fresh an answer of these positions is.
    fn freshness(
        &self,
        positions: &Positions,
        standing: &ProjectorStatus,
        _: &Context,
    ) -> Freshness {
        Freshness::of(positions, standing)
    }
}

/// What queries answer from besides the read model.
#[derive(Clone)]
pub struct Context {
    /// The index over what can be found.
    pub search: Search,
    /// After which an order that is not settled counts as stuck.
    pub stuck_after: Duration,
    /// What time it is.
    pub clock: fn() -> Timestamp,
}

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
        id: String,
        /// How much of the streams says so.
        positions: Box<Positions>,
    },
    /// The request does not make sense, or cannot be answered as it is.
    #[error("{}", .0.kind.title)]
    Refused(Box<Problem>),
}

// Of an answer that has a content and, last, its freshness. Without a description: that is the content's.
#[derive(JsonSchema)]
#[schemars(rename = "{T}")]
#[expect(dead_code, reason = "it only describes how both stand in JSON")]
pub(crate) struct Fresh<T> {
    #[schemars(flatten)]
    content: T,
    /// How fresh all this is.
    freshness: Freshness,
}

impl NoAnswer {
    pub(crate) fn unknown(what: &'static str, id: &Id, look: Look) -> Self {
        Self::Unknown { what, id: id.to_string(), positions: Box::new(look.positions) }
    }
}

impl From<Problem> for NoAnswer {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}
