//! A request for a query: which thing its path names, which page is asked for, and the parts of its query,
//! each taken once and by its name. What nobody takes is told to the client: a filter with a slip of the pen
//! in its name must not look as if it had been applied.

use std::collections::BTreeMap;
use std::str::FromStr;

use protocol::Timestamp;
use protocol::ids::InvalidId;
use runtime::Token;
use runtime::http::problem::kinds;
use runtime::http::{PageRequest, Problem};

use super::{Context, problems};
use crate::reader::QueryReader;

/// What was asked of a query, and what it is answered from.
pub(crate) struct Request<'a> {
    /// What stands in the path for the parameter of its template.
    pub(crate) name: &'a str,
    /// Which page of a list.
    pub(crate) page: PageRequest,
    /// The parts of the query that nobody has taken yet.
    pub(crate) parts: Parts,
    /// What the answer must have seen.
    pub(crate) token: &'a Token,
    pub(crate) reader: QueryReader,
    pub(crate) context: &'a Context,
}

/// The parts of a query.
pub(crate) struct Parts(BTreeMap<String, String>);

impl Request<'_> {
    /// The id in the path.
    pub(crate) fn id<T: FromStr<Err = InvalidId>>(&self) -> Result<T, Problem> {
        problems::id(self.name)
    }
}

impl Parts {
    pub(crate) fn of(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Takes a part that may be missing.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|text| !text.is_empty())
    }

    /// Takes a part that must be there.
    pub(crate) fn need(&mut self, name: &'static str, meaning: &str) -> Result<String, Problem> {
        self.take(name).ok_or_else(|| bad(&format!("{name} is missing: {meaning}")))
    }

    /// Leaves these parts to others, and makes sure that there are none else.
    pub(crate) fn end(mut self, others: &[&str]) -> Result<(), Problem> {
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
pub(crate) fn day(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let midnight = format!("{text}T00:00:00Z").parse::<Timestamp>().ok();
    midnight.filter(|midnight| midnight.day() == text).ok_or_else(|| {
        let text: String = text.chars().take(32).collect();
        bad(&format!("{name}={text:?} is no day: use one such as 2026-01-31"))
    })
}

/// A length of time in microseconds, as people write it: a number and its unit.
pub(crate) fn span(name: &str, text: &str) -> Result<i64, Problem> {
    let unit = |unit: char| match unit {
        's' => Some(1_000_000),
        'm' => Some(60_000_000),
        'h' => Some(3_600_000_000),
        'd' => Some(86_400_000_000),
        _ => None,
    };
    let parsed = text.char_indices().next_back().and_then(|(at, last)| {
        let number = text.get(..at).filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
        number?.parse::<i64>().ok()?.checked_mul(unit(last)?)
    });
    parsed.ok_or_else(|| {
        let text: String = text.chars().take(32).collect();
        bad(&format!("{name}={text:?} is no length of time: use one such as 90s, 15m, 6h or 2d"))
    })
}

/// The problem of a query that does not make sense.
pub(crate) fn bad(detail: &str) -> Problem {
    Problem::new(&kinds::BAD_QUERY).detail(detail)
}
