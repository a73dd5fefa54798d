//! A request for a query: which thing its path names, which page is asked for, and the parts of its query,
//! each taken once and by its name. What nobody takes is told to the client: a filter with a slip of the pen
//! in its name must not look as if it had been applied.

use std::collections::BTreeMap;

use contracts::{Id, Timestamp};
use runtime::Token;
use runtime::http::{PageRequest, Problem, StatusCode};

use super::problems;

/// What was asked of a query.
#[derive(Clone, Debug)]
pub struct Request {
    name: String,
    /// Which page of a list.
    pub page: PageRequest,
    /// The parts of the query.
    pub parts: Parts,
    /// What the answer must have seen.
    pub token: Token,
}

/// The parts of a query that nobody has taken yet.
#[derive(Clone, Debug)]
pub struct Parts(BTreeMap<String, String>);

impl Request {
    /// Reads path and query; `name` is what stands in the path for the parameter of its template.
    ///
    /// # Errors
    /// When limit or cursor do not make sense.
    pub fn parse(name: &str, path: &str, query: &str, token: Token) -> Result<Self, Problem> {
        let parts = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let page = PageRequest::parse(path, query)?;
        Ok(Self { name: name.to_owned(), page, parts: Parts(parts), token })
    }

    /// The id in the path.
    ///
    /// # Errors
    /// When it is none.
    pub fn id(&self) -> Result<Id, Problem> {
        problems::id(&self.name)
    }
}

impl Parts {
    /// Takes a part that may be missing.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|text| !text.is_empty())
    }

    /// Takes a part that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn need(&mut self, name: &'static str, meaning: &str) -> Result<String, Problem> {
        self.take(name).ok_or_else(|| bad(&format!("{name} is missing: {meaning}")))
    }

    /// Leaves these parts to others, and makes sure that there are none else.
    ///
    /// # Errors
    /// When there is one that nobody takes.
    pub fn end(mut self, others: &[&str]) -> Result<(), Problem> {
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
pub fn day(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let midnight = format!("{text}T00:00:00Z").parse::<Timestamp>().ok();
    midnight.filter(|midnight| midnight.day() == text).ok_or_else(|| {
        let text: String = text.chars().take(32).collect();
        bad(&format!("{name}={text:?} is no day: use one such as 2026-01-31"))
    })
}

/// The problem of a query that does not make sense.
#[must_use]
pub fn bad(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-query", "The query does not make sense")
        .detail(detail)
}
