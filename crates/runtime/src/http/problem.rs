//! The one error of every REST API here: RFC 9457, `application/problem+json`.
//!
//! What kinds of it there are is declared in lists ([`kinds`] is that of every process), and each is
//! explained at its `type` ([`catalogue`]).

pub mod kinds;

pub(super) mod catalogue;

pub use catalogue::Catalogue;

use engine::StateError;
use protocol::ProblemKind;
use serde::Serialize;
use serde_json::{Map, Value, json};
use warp::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::{Reply, Response};

/// Why a request is not answered as it was meant. The kind is promised to clients; the detail is for
/// people.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The kind of problem. Its URL is the `type` of the body.
    pub kind: &'static ProblemKind,
    /// The status of the response.
    pub status: StatusCode,
    /// What exactly is wrong in this case, and what to do about it.
    pub detail: Option<String>,
    /// More, for programs.
    pub extensions: Map<String, Value>,
    /// After how many seconds asking again makes sense.
    pub retry_after_seconds: Option<u32>,
}

impl Problem {
    /// A problem without details, with the usual status of its kind.
    #[must_use]
    pub fn new(kind: &'static ProblemKind) -> Self {
        let status = StatusCode::from_u16(kind.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let extensions = Map::new();
        Self { kind, status, detail: None, extensions, retry_after_seconds: None }
    }

    /// A problem that is over soon: asking again then makes sense.
    #[must_use]
    pub fn passing(kind: &'static ProblemKind) -> Self {
        Self::new(kind).retry_after(1)
    }

    /// With another status of its kind.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With what exactly is wrong in this case.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With one more member for programs. What cannot be written as JSON is left out.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.extensions.insert(key.to_owned(), value);
        }
        self
    }

    /// With the advice to ask again later.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// A defect: the details go to the log, and not to the client.
    #[must_use]
    pub fn defect(what: &str) -> Self {
        tracing::error!(what, "a request could not be handled");
        Self::new(&kinds::DEFECT)
            .detail("It is not the request's fault. The service's log says what happened.")
    }

    /// The response.
    #[must_use]
    pub fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after_seconds);
        let mut response = HttpResponse::new(self.body().into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
        response
    }

    /// The body of the response.
    #[must_use]
    pub fn body(self) -> String {
        let mut members = self.extensions;
        members.insert("type".to_owned(), json!(self.kind.url()));
        members.insert("title".to_owned(), json!(self.kind.title));
        members.insert("status".to_owned(), json!(self.status.as_u16()));
        members.extend(self.detail.map(|detail| ("detail".to_owned(), json!(detail))));
        Value::Object(members).to_string()
    }
}

impl Reply for Problem {
    fn into_response(self) -> Response {
        Self::into_response(self)
    }
}

impl warp::reject::Reject for Problem {}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        Self::defect(&error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_kind_and_its_members() {
        let problem = Problem::new(&contracts::problems::UNKNOWN_CUSTOMER)
            .status(StatusCode::UNPROCESSABLE_ENTITY)
            .with("customer_id", "c-1")
            .retry_after(2);
        assert_eq!(problem.extensions["customer_id"], "c-1");
        let response = problem.into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
}
