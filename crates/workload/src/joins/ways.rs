//! The three ways, and how complete an answer of each is.

use std::time::Duration;

use client::http::{Answer, Call, Client};
use client::run_file::RunFile;
use contracts::service;
use runtime::http::auth::Bearer;
use runtime::tls::Authorities;
use serde::Serialize;

/// A way to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The owners are asked.
    Composer,
    /// Their events were folded.
    ReadModel,
    /// A service's own copy of its neighbours.
    Replica,
}

/// How complete an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// All that was asked for.
    Whole,
    /// Something is missing or from before, and the answer says so.
    Partial,
    None,
}

#[derive(Clone, Debug)]
pub struct Way {
    pub kind: Kind,
    url: String,
    bearer: Option<Bearer>,
    authorities: Authorities,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Composer, Self::ReadModel, Self::Replica];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Composer => "composer",
            Self::ReadModel => "read model",
            Self::Replica => "replica",
        }
    }
}

impl Way {
    /// All three, of a running Murmuration.
    ///
    /// # Errors
    /// When one of them was left out.
    pub fn all(running: &RunFile) -> anyhow::Result<[Self; 3]> {
        let (bearer, authorities) = (running.bearer(), running.authorities());
        let way = |kind, url| Self {
            kind,
            url,
            bearer: bearer.cloned(),
            authorities: authorities.clone(),
        };
        Ok([
            way(Kind::Composer, format!("{}/order-details", running.composer()?)),
            way(Kind::ReadModel, format!("{}/orders", running.query()?)),
            way(Kind::Replica, format!("{}/orders", running.url(service::ORDER)?)),
        ])
    }

    /// A client with connections of its own, which waits this long for an answer.
    pub fn client(&self, answer_within: Duration) -> Client {
        Client::answering_within(answer_within).believing(&self.authorities)
    }

    /// The question about one order.
    pub fn ask(&self, order: &str) -> Call {
        let tail = if self.kind == Kind::Replica { "/details" } else { "" };
        Call::get(format!("{}/{order}{tail}", self.url)).logged_in(self.bearer.clone())
    }

    /// How complete an answer is.
    pub fn completeness(&self, answer: &Answer) -> Completeness {
        if !answer.status.is_success() {
            return Completeness::None;
        }
        let partial = match self.kind {
            Kind::Composer => !holds(&answer.body, b"\"complete\":true"),
            Kind::ReadModel => false,
            Kind::Replica => holds(&answer.body, b"\"customer\":null"),
        };
        if partial { Completeness::Partial } else { Completeness::Whole }
    }

    /// Whether the way shows customers as they are now. The read model's order keeps the customer as
    /// of the order, on purpose.
    pub fn shows_current_customers(&self) -> bool {
        self.kind != Kind::ReadModel
    }
}

/// Whether a text is in a body: parsing every answer would measure the parser.
pub fn holds(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;

    fn answer(status: StatusCode, body: &'static str) -> Answer {
        Answer { status, headers: hyper::HeaderMap::new(), body: body.into() }
    }

    fn completeness(kind: Kind, status: StatusCode, body: &'static str) -> Completeness {
        let authorities = Authorities::default();
        let way = Way { kind, url: String::new(), bearer: None, authorities };
        way.completeness(&answer(status, body))
    }

    #[test]
    fn an_answer_is_worth_what_it_says_of_itself() {
        let ok = StatusCode::OK;
        assert_eq!(completeness(Kind::Composer, ok, r#"{"complete":true}"#), Completeness::Whole);
        assert_eq!(
            completeness(Kind::Composer, ok, r#"{"complete":false}"#),
            Completeness::Partial
        );
        assert_eq!(completeness(Kind::Replica, ok, r#"{"customer":null}"#), Completeness::Partial);
        assert_eq!(completeness(Kind::Replica, ok, r#"{"customer":{}}"#), Completeness::Whole);
        assert_eq!(
            completeness(Kind::ReadModel, StatusCode::SERVICE_UNAVAILABLE, ""),
            Completeness::None
        );
    }
}
