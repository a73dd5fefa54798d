//! The one error of every REST API here: RFC 9457, `application/problem+json`.

use engine::StateError;
use serde::Serialize;
use serde_json::{Map, Value, json};
use warp::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::{Reply, Response};

/// Why a request is not answered as it was meant. The slug names the kind of problem and is
/// promised to clients; title and detail are for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The status of the response.
    pub status: StatusCode,
    /// The kind of problem, such as `unknown-customer`. The `type` of the body.
    pub slug: &'static str,
    /// The kind of problem in words.
    pub title: String,
    /// What exactly is wrong in this case, and what to do about it.
    pub detail: Option<String>,
    /// More, for programs.
    pub extensions: Map<String, Value>,
    /// After how many seconds asking again makes sense.
    pub retry_after_seconds: Option<u32>,
}

impl Problem {
    /// A problem without details.
    #[must_use]
    pub fn new(status: StatusCode, slug: &'static str, title: impl Into<String>) -> Self {
        let title = title.into();
        let extensions = Map::new();
        Self { status, slug, title, detail: None, extensions, retry_after_seconds: None }
    }

    /// What does not exist; `what` names it.
    #[must_use]
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here").detail(what)
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
        let title = "The service could not handle this";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", title)
            .detail("It is not the request's fault. The service's log says what happened.")
    }

    /// The response.
    #[must_use]
    pub fn into_response(self) -> Response {
        let mut members = self.extensions;
        members.insert("type".to_owned(), json!(self.slug));
        members.insert("title".to_owned(), json!(self.title));
        members.insert("status".to_owned(), json!(self.status.as_u16()));
        if let Some(detail) = self.detail {
            members.insert("detail".to_owned(), json!(detail));
        }
        let mut response = HttpResponse::new(Value::Object(members).to_string().into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
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
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown-customer", "No such")
            .with("customer_id", "c-1")
            .retry_after(2);
        assert_eq!(problem.extensions["customer_id"], "c-1");
        let response = problem.into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
}
