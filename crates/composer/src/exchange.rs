//! One GET to one owner. The owner is trusted with nothing: not to answer in time, not to answer
//! little, not to answer JSON.
//!
//! Deliberately absent: redirects. No owner sends one, and following it would leave the system.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use runtime::Token;
use runtime::http::TOKEN_HEADER;
use runtime::http::auth::Bearer;
use runtime::http::problem::kinds;
use runtime::tls::authorities::{Authorities, Connector, hint};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::failure::Failure;

/// Largest body of an answer: more than any single entity, or page of the largest limit, takes.
pub const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Largest head of an answer.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Longest wait for a connection. A loopback or a rack answers in milliseconds; a connection that
/// comes later than any deadline is of no use.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);

/// How long an unused connection is kept. Owners close one after half a minute: a request must not
/// cross with that.
const IDLE_FOR: Duration = Duration::from_secs(15);

/// On whose behalf owners are asked.
#[derive(Clone, Debug, Default)]
pub struct Behalf {
    /// What an answer must have seen.
    pub token: Token,
    /// What lets the client in: its own, so that no owner tells it more here than there.
    pub bearer: Option<Bearer>,
}

/// What an owner says.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The entity.
    Found(Found),
    /// There is none.
    Absent,
}

/// An entity, as its owner wrote it.
#[derive(Clone, Debug)]
pub struct Found {
    /// A JSON object.
    pub body: Arc<RawValue>,
    /// What the owner says that its answer has seen.
    pub token: Token,
}

/// Connections to owners.
#[derive(Clone, Debug)]
pub struct Exchange {
    pool: Pool<Connector, Empty<Bytes>>,
}

impl Default for Exchange {
    fn default() -> Self {
        Self::believing(&Authorities::default())
    }
}

impl Exchange {
    /// Connections to owners that these authorities know, and to those without TLS.
    #[must_use]
    pub fn believing(authorities: &Authorities) -> Self {
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_FOR)
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .build(authorities.connector(CONNECT_WITHIN));
        Self { pool }
    }

    /// Asks. How long that may take is the caller's.
    ///
    /// # Errors
    /// When what comes back, if anything does, is no answer of an owner.
    pub async fn get(&self, url: &str, behalf: &Behalf) -> Result<Reply, Failure> {
        let response = self.pool.request(request(url, behalf)?).await;
        let response = response.map_err(|error| Failure::Unreachable(explained(&error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = body_of(response, &headers).await?;
        match status {
            StatusCode::OK => found(&headers, &body),
            StatusCode::NOT_FOUND => Ok(Reply::Absent),
            StatusCode::GATEWAY_TIMEOUT if says_not_caught_up(&body) => Err(Failure::NotCaughtUp),
            status if status.is_server_error() => Err(Failure::Failed(status)),
            status if status.is_client_error() => Err(refused(status, &body)),
            status => Err(Failure::Nonsense(format!("a status {status}"))),
        }
    }
}

fn request(url: &str, behalf: &Behalf) -> Result<Request<Empty<Bytes>>, Failure> {
    let Behalf { token, bearer } = behalf;
    let mut request = Request::get(url).header(ACCEPT, "application/json");
    if let Some(bearer) = bearer {
        request = request.header(AUTHORIZATION, bearer.authorization());
    }
    if !token.0.is_empty() {
        request = request.header(TOKEN_HEADER, token.to_string());
    }
    request.body(Empty::new()).map_err(|error| Failure::Nonsense(error.to_string()))
}

/// Reads a body up to the limit, if it is JSON. A connection whose body is not read to its end is
/// not used again.
async fn body_of(response: Response<Incoming>, headers: &HeaderMap) -> Result<Bytes, Failure> {
    if !response.status().is_redirection() && !is_json(headers) {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("none");
        return Err(Failure::Nonsense(format!("content-type {kind}, not JSON")));
    }
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    body.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            Failure::Nonsense(format!("more than {ANSWER_BYTES_MAX} bytes"))
        } else {
            Failure::Unreachable(root_cause(&*error))
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.eq_ignore_ascii_case("application/problem+json")
}

fn found(headers: &HeaderMap, body: &[u8]) -> Result<Reply, Failure> {
    let parsed = serde_json::from_slice::<Box<RawValue>>(body);
    let body = parsed.map_err(|error| Failure::Nonsense(error.to_string()))?;
    if !body.get().starts_with('{') {
        return Err(Failure::Nonsense("no JSON object".to_owned()));
    }
    let token = headers.get(TOKEN_HEADER).and_then(|token| token.to_str().ok());
    let token = token.and_then(|token| token.parse().ok()).unwrap_or_default();
    Ok(Reply::Found(Found { body: body.into(), token }))
}

fn says_not_caught_up(body: &[u8]) -> bool {
    problem(body)["type"] == kinds::NOT_CAUGHT_UP.url()
}

fn refused(status: StatusCode, body: &[u8]) -> Failure {
    Failure::Refused(status, problem(body))
}

fn problem(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// What has happened, and what can be done about it where that can be told.
fn explained(error: &(dyn std::error::Error + 'static)) -> String {
    let cause = root_cause(error);
    match hint(&cause, "--tls-ca") {
        Some(hint) => format!("{cause}; {hint}"),
        None => cause,
    }
}

/// The innermost error says what happened; those around it only that something did.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
