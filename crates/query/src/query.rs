//! What a query is: where it is asked, how that is described, and how it is answered, in one place. The
//! queries themselves are [`crate::queries`].
//!
//! A query is handed a [`QueryReader`], which reads once and notes what was read. So an [`Answer`] always
//! names the keys that it depends on and the positions that it is the fold of. How fresh it is, is put
//! beside it only when it is sent ([`answer`]): by then the positions may be later ones.
//!
//! Deliberately absent: whether an answer comes from memory. That is for whoever asks a query.

pub mod answer;
pub mod problems;
pub mod request;

use std::borrow::Cow;
use std::time::Duration;

use contracts::{Id, Timestamp};
use futures_util::future::BoxFuture;
use runtime::http::Problem;
use runtime::http::openapi::Operation;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::projector_status::ProjectorStatus;
use crate::reader::{Look, QueryReader, ReadError};
use crate::search::Search;
pub use answer::{Answer, Content};
pub use request::Request;

/// An answer in the making.
pub type Answering<'a> = BoxFuture<'a, Result<Answer, NoAnswer>>;

/// One query.
pub trait Query: Send + Sync {
    /// Its route, and what is said of it.
    fn operation(&self) -> Operation;

    /// For how long its answers are kept while nothing that they depend on changes.
    fn retention(&self) -> Retention {
        Retention::Unlimited
    }

    /// Answers.
    fn answer<'a>(
        &'a self,
        request: Request,
        reader: QueryReader,
        context: &'a Context,
    ) -> Answering<'a>;

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

/// For how long answers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// For as long as what they depend on does not change.
    Unlimited,
    /// And not for longer than this: they speak of how much time has passed.
    AtMost(Duration),
    /// Not at all.
    Never,
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
        /// Which one.
        id: String,
        /// How much of the streams says so.
        positions: Box<Positions>,
    },
    /// The request does not make sense, or cannot be answered as it is.
    #[error("{}", .0.title)]
    Refused(Box<Problem>),
}

/// The description of an answer that has a content and, last, its freshness.
pub struct Fresh<T>(T);

impl NoAnswer {
    /// What was looked for, and is not there.
    #[must_use]
    pub fn unknown(what: &'static str, id: &Id, look: Look) -> Self {
        Self::Unknown { what, id: id.to_string(), positions: Box::new(look.positions) }
    }
}

impl From<Problem> for NoAnswer {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl<T: JsonSchema> JsonSchema for Fresh<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        let Value::Object(mut freshness) = generator.subschema_for::<Freshness>().to_value() else {
            return schema;
        };
        freshness.insert("description".to_owned(), json!("How fresh all this is."));
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.insert("freshness".to_owned(), freshness.into());
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.push(json!("freshness"));
        }
        schema
    }
}
