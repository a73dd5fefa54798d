//! The parts of a query, each taken once and by its name. What nobody takes is told to the client:
//! a filter with a slip of the pen in its name must not look as if it had been applied.

use std::collections::BTreeMap;

use contracts::Timestamp;
use runtime::http::{Problem, StatusCode};
use runtime::warp::{self, Filter, Rejection};

/// The parts of a query that nobody has taken yet.
#[derive(Clone, Debug)]
pub(super) struct Query(BTreeMap<String, String>);

/// Extracts the parts of the query.
pub(super) fn query()
-> impl Filter<Extract = (Query,), Error = Rejection> + Clone + Send + Sync + 'static {
    let pairs = warp::query::<Vec<(String, String)>>();
    let raw = warp::query::raw().or(warp::any().map(String::new)).unify();
    let none = raw.and_then(|raw: String| async move {
        let unread = || warp::reject::custom(bad("it cannot be read as names and values"));
        if raw.is_empty() { Ok(Vec::new()) } else { Err(unread()) }
    });
    pairs.or(none).unify().map(|pairs: Vec<_>| Query(pairs.into_iter().collect()))
}

impl Query {
    /// Takes a part that may be missing.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|text| !text.is_empty())
    }

    /// Takes a part that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn need(&mut self, name: &'static str, meaning: &str) -> Result<String, Problem> {
        self.take(name).ok_or_else(|| bad(&format!("{name} is missing: {meaning}")))
    }

    /// Leaves these parts to others, and makes sure that there are none else.
    ///
    /// # Errors
    /// When there is one that nobody takes.
    pub(super) fn end(mut self, others: &[&str]) -> Result<(), Problem> {
        others.iter().for_each(|name| drop(self.0.remove(*name)));
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(64).collect();
                Err(bad(&format!("{name:?} is no part of this query")))
            }
        }
    }
}

/// A day that the calendar has, and when it begins in UTC.
///
/// # Errors
/// When the text is none.
pub(super) fn day(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let midnight = format!("{text}T00:00:00Z").parse::<Timestamp>().ok();
    midnight.filter(|midnight| midnight.day() == text).ok_or_else(|| {
        let text: String = text.chars().take(32).collect();
        bad(&format!("{name}={text:?} is no day: use one such as 2026-01-31"))
    })
}

/// The problem of a query that does not make sense.
pub(super) fn bad(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-query", "The query does not make sense")
        .detail(detail)
}
