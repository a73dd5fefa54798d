//! The front before the routes: answers from memory where it can, and asks the routes where not.
//!
//! Only answers that are made from what [`crate::reader::Reader`] reads, by the task that was asked,
//! may be listed here. What else an answer depends on bounds how long it is kept.

use std::borrow::Cow;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::Either;
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use runtime::Token;
use runtime::http::fallback::recover;
use runtime::http::server::{Front, Routes};
use runtime::http::{Problem, Response, StatusCode, TOKEN_HEADER};
use runtime::warp::http::{HeaderMap, Method, Request, header};
use runtime::warp::{self, Filter as _};

use super::answer::{Answer, respond};
use super::{Cache, Parts};
use crate::http::{TOKEN_PATIENCE, problems};
use crate::reader::{self, notes::Notes};

/// How long an answer is kept that speaks of how much time has passed.
const CLOCK_MAX: Duration = Duration::from_millis(100);

/// What is kept: paths, or what they begin with if that ends with a slash, and for how long at most.
const LISTED: [(&str, Option<Duration>); 5] = [
    ("/orders/", None),
    ("/dashboard", Some(CLOCK_MAX)),
    ("/customers/", None),
    ("/products/", None),
    ("/reports/sales", None),
];

/// An answer that was made by the routes.
pub(super) struct Made {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// What a client asks.
struct Asked<'a> {
    /// Path and query.
    what: Cow<'a, str>,
    token: Token,
    age_max: Option<Duration>,
}

/// Answers from memory where that is possible, and asks `routes` only where it is not.
#[must_use]
pub fn before(cache: Cache, routes: Routes) -> Front {
    Arc::new(move |request| {
        // What is not listed, or does not make sense, is for the routes to tell.
        let asked = Asked::of(request)?;
        Some(match from_memory(&cache.0, &asked) {
            Some(response) => Either::Left(ready(response)),
            None => {
                let answer = answer(Arc::clone(&cache.0), asked.into_owned(), routes.clone());
                Either::Right(answer.boxed())
            }
        })
    })
}

impl<'a> Asked<'a> {
    fn of<B>(request: &'a Request<B>) -> Option<Self> {
        let age_max = listed(request.uri().path()).filter(|_| request.method() == Method::GET)?;
        let mut tokens = request.headers().get_all(TOKEN_HEADER).iter();
        let token = match (tokens.next(), tokens.next()) {
            (None, _) => Token::default(),
            (Some(token), None) => token.to_str().ok()?.parse().ok()?,
            (Some(_), Some(_)) => return None,
        };
        let what = request.uri().path_and_query()?.as_str().into();
        Some(Self { what, token, age_max })
    }

    fn into_owned(self) -> Asked<'static> {
        let Self { what, token, age_max } = self;
        Asked { what: what.into_owned().into(), token, age_max }
    }
}

fn listed(path: &str) -> Option<Option<Duration>> {
    let found = LISTED.iter().find(|(listed, _)| {
        if listed.ends_with('/') { path.starts_with(listed) } else { path == *listed }
    });
    found.map(|(_, age_max)| *age_max)
}

fn from_memory(parts: &Parts, asked: &Asked<'_>) -> Option<Response> {
    let answer = parts.kept.get(&asked.what)?;
    let seen = parts.sight.now()?;
    if !reader::missing(&seen.positions, &asked.token.0).is_empty() {
        return None;
    }
    let response = answer.beside(&seen)?;
    parts.hits.increment(1);
    Some(response)
}

async fn answer(parts: Arc<Parts>, asked: Asked<'static>, routes: Routes) -> Response {
    parts.misses.increment(1);
    if !asked.token.0.is_empty() {
        let waited = parts.reader.wait_for(&asked.token.0, TOKEN_PATIENCE).await;
        if let Err(missing) = waited {
            return problems::not_caught_up(&missing, &parts.reader.standing()).into_response();
        }
    }
    let Asked { what, age_max, .. } = asked;
    let maker = Arc::clone(&parts);
    let make = move |what: String| make(Arc::clone(&maker), what, age_max, routes.clone());
    match parts.flights.join(&what, move |what| make(what).map(Arc::new)).await {
        Some(made) => {
            let (headers, body) = (made.headers.clone(), made.body.clone());
            respond(made.status, headers, body)
        }
        None => Problem::defect("making an answer broke off").into_response(),
    }
}

/// Asks the routes, and keeps what they answer if that is possible.
async fn make(parts: Arc<Parts>, what: String, age_max: Option<Duration>, routes: Routes) -> Made {
    // Before the connection is taken: what is kept must have been told of every change since.
    let (began, now) = (parts.kept.moment(), Instant::now());
    // None as well if nothing is to be kept.
    let Some(connection) = parts.connection() else { return ask(&what, routes).await };
    let notes = Notes::over(connection);
    let mut made = notes.during(ask(&what, routes.clone())).await;
    if made.status.is_server_error() {
        // It may be this connection only that has failed.
        return ask(&what, routes).await;
    }
    let taken = notes.take();
    let Some(positions) = taken.positions.filter(|_| made.status == StatusCode::OK) else {
        return made;
    };
    let expires = age_max.map(|age_max| now + age_max);
    let answer = Answer::of(&made.headers, &made.body, taken.keys, positions, expires);
    if let Some(answer) = answer {
        if let Some(tag) = answer.tag() {
            made.headers.insert(header::ETAG, tag.clone());
        }
        parts.kept.keep(&what, answer, began);
    }
    made
}

async fn ask(what: &str, routes: Routes) -> Made {
    let request = Request::get(what).body(Response::default().into_body());
    let service = TowerToHyperService::new(warp::service(routes.recover(recover).unify()));
    let asked = async {
        let (head, body) = service.call(request.ok()?).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Made { status: head.status, headers: head.headers, body })
    };
    asked.await.unwrap_or_else(Made::nothing)
}

impl Made {
    /// What is answered if a request could not even be asked.
    fn nothing() -> Self {
        let (status, headers) = (StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new());
        Self { status, headers, body: Bytes::new() }
    }
}
