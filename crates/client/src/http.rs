//! A small HTTP client for the services' REST APIs: JSON in and out, problems, consistency tokens.
//!
//! Deliberately absent: retries and redirects. Who sends a command again has to say so, with an
//! idempotency key.

pub mod exact_json;
pub mod idempotency_key;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::TokioExecutor;
use protocol::problem_kind::slug_of;
use runtime::http::auth::Bearer;
use runtime::tls::authorities::{Authorities, Connector, hint};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use terminal::output::plain;

/// Consistency token, in requests and answers: `ORDER=1234,CUSTOMER=3`.
pub const TOKEN: &str = "murmur-token";
/// Names a command, so that sending it again has no second effect.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The command is only carried out on the state that this names.
pub const IF_MATCH: &str = "if-match";
/// Says that an answer is the repeat of an earlier one.
pub const REPLAYED: &str = "idempotency-replayed";

/// Longer than any answer that a service still gives: its own bounds are below it.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Services run on this machine: a connection that takes longer will not come.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How long an unused connection is kept. Processes close one after half a minute: a request must not
/// cross with that.
const IDLE_FOR: Duration = Duration::from_secs(15);
/// More than the largest page that a service answers with.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Sends calls, over connections that are kept and shared by its clones.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<Connector, Full<Bytes>>,
    answer_within: Duration,
    bearer: Option<Bearer>,
}

#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    scope: Option<String>,
    body: Bytes,
    bearer: Option<Bearer>,
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The RFC 9457 body of a refusal.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Problem {
    /// Which problem it is: the last part of its `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// What exactly is wrong.
    pub detail: String,
}

/// No answer came, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The request cannot be built.
    #[error("{0} cannot be called: {1}")]
    Request(String, String),
    #[error("{0} does not answer: {1}. `murmur status` shows whether it runs")]
    Unreachable(String, String),
    /// It took too long.
    #[error("{0} did not answer within {1:?}")]
    Late(String, Duration),
    /// The answer is a refusal.
    #[error("{url} answered {status}: {reason}")]
    Refused {
        url: String,
        status: StatusCode,
        /// The problem in words.
        reason: String,
    },
    /// The body is not what was expected.
    #[error("the answer is not the JSON that was expected: {0}")]
    Body(#[from] serde_json::Error),
}

impl Default for Client {
    fn default() -> Self {
        Self::answering_within(ANSWER_WITHIN)
    }
}

impl Client {
    /// A client that waits this long for an answer.
    pub fn answering_within(answer_within: Duration) -> Self {
        Self { pool: pool(&Authorities::default()), answer_within, bearer: None }
    }

    /// Which reaches servers that these know, too, over TLS.
    #[must_use]
    pub fn believing(self, authorities: &Authorities) -> Self {
        Self { pool: pool(authorities), ..self }
    }

    /// With what lets it in, sent with every call.
    #[must_use]
    pub fn logged_in(self, bearer: Option<Bearer>) -> Self {
        Self { bearer, ..self }
    }

    /// Sends a call. Any status is an answer.
    pub async fn send(&self, call: Call) -> Result<Answer, CallError> {
        let url = call.url.clone();
        match tokio::time::timeout(self.answer_within, self.exchange(call)).await {
            Ok(answer) => answer,
            Err(_) => Err(CallError::Late(url, self.answer_within)),
        }
    }

    /// Sends a call, takes any status but 2xx for an error, and reads the JSON of the answer.
    pub async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let url = call.url.clone();
        let answer = self.send(call).await?;
        if !answer.status.is_success() {
            let (status, reason) = (answer.status, answer.reason());
            return Err(CallError::Refused { url, status, reason });
        }
        answer.json()
    }

    /// Like [`Client::json`], with whole numbers read exactly.
    pub async fn value(&self, call: Call) -> Result<Value, CallError> {
        let raw: Box<RawValue> = self.json(call).await?;
        Ok(exact_json::value(raw.get().as_bytes())?)
    }

    async fn exchange(&self, call: Call) -> Result<Answer, CallError> {
        let url = call.url.clone();
        let unreachable = |reason: String| CallError::Unreachable(url.clone(), reason);
        let request = call.into_request(self.bearer.as_ref())?;
        let response = self.pool.request(request).await.map_err(|e| unreachable(explained(&e)))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| unreachable(error.to_string()))?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}

impl Call {
    /// `GET url`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// `POST url`, without a body until [`Call::body`] sets one.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            scope: None,
            body: Bytes::new(),
            bearer: None,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn json(&self) -> Result<Value, CallError> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// Sends this as JSON.
    pub fn body(mut self, value: &impl Serialize) -> Result<Self, CallError> {
        self.body = serde_json::to_vec(value)?.into();
        Ok(self.header("content-type", "application/json"))
    }

    /// Waits, bounded by the service, until it has seen this much.
    pub fn after(self, token: &str) -> Self {
        if token.is_empty() { self } else { self.header(TOKEN, token) }
    }

    /// With what lets it in, whoever sends it.
    pub fn logged_in(self, bearer: Option<Bearer>) -> Self {
        Self { bearer, ..self }
    }

    /// Names the command, by all that is asked and by what it is for: in one scope, it has one effect
    /// however often it is sent.
    pub fn once_in(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The idempotency key, once everything is set.
    pub fn key(&self) -> Option<String> {
        let condition = self.headers.iter().find(|(name, _)| *name == IF_MATCH);
        let condition = condition.map_or("", |(_, value)| value);
        let scope = self.scope.as_deref()?;
        Some(idempotency_key::of(scope, self.method.as_str(), &self.url, condition, &self.body))
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn into_request(self, bearer: Option<&Bearer>) -> Result<Request<Full<Bytes>>, CallError> {
        let key = self.key();
        let mut request = Request::builder().method(self.method).uri(&self.url);
        if let Some(bearer) = self.bearer.as_ref().or(bearer) {
            request = request.header(AUTHORIZATION, bearer.authorization());
        }
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let wrong = |error: hyper::http::Error| CallError::Request(self.url, error.to_string());
        request.body(Full::new(self.body)).map_err(wrong)
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The body as any JSON; null if it is none.
    pub fn value(&self) -> Value {
        exact_json::value(&self.body).unwrap_or_default()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The consistency token of a write.
    pub fn token(&self) -> Option<&str> {
        self.header(TOKEN)
    }

    /// Whether it repeats the answer to an earlier request with the same idempotency key.
    pub fn is_replayed(&self) -> bool {
        self.header(REPLAYED) == Some("true")
    }

    /// The problem, if it is one.
    pub fn problem(&self) -> Option<Problem> {
        let problem: Option<Problem> =
            if self.status.is_success() { None } else { self.json().ok() };
        problem.map(|problem| Problem { kind: slug_of(&problem.kind).to_owned(), ..problem })
    }

    /// A refusal in words.
    pub fn reason(&self) -> String {
        let reason = match self.problem() {
            Some(problem) if problem.detail.is_empty() => problem.title,
            Some(Problem { title, detail, .. }) => {
                format!("{}: {detail}", title.trim_end_matches('.'))
            }
            None => String::from_utf8_lossy(&self.body).chars().take(200).collect(),
        };
        plain(&reason)
    }
}

fn pool(authorities: &Authorities) -> Pool<Connector, Full<Bytes>> {
    let connector = authorities.connector(CONNECT_WITHIN);
    Pool::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_FOR).build(connector)
}

/// What has happened, and what can be done about it where that can be told.
fn explained(error: &dyn std::error::Error) -> String {
    let cause = root_cause(error);
    match hint(&cause, "--tls-ca") {
        Some(hint) => format!("{cause}; {hint}"),
        None => cause,
    }
}

/// The innermost error says what happened; those around it only that something did.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
