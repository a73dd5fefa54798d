//! The front before the routes: answers from memory where it can, and asks the routes where not.
//!
//! Only answers that are made from what [`crate::reader::Reader`] reads, by the task that was asked,
//! may be listed here. What else an answer depends on bounds how long it is kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use runtime::Token;
use runtime::http::fallback::recover;
use runtime::http::server::Routes;
use runtime::http::{Response, StatusCode, TOKEN_HEADER};
use runtime::warp::filters::path::FullPath;
use runtime::warp::http::{HeaderMap, Method, Request, header};
use runtime::warp::{self, Filter, Rejection, reject};

use super::answer::Answer;
use super::{Cache, Parts};
use crate::http::{TOKEN_PATIENCE, problems};
use crate::reader::notes::Notes;

/// How long an answer is kept that speaks of how much time has passed.
const CLOCK_MAX: Duration = Duration::from_millis(100);

/// What is kept: paths, or what they begin with if that ends with a slash, and for how long at most.
const LISTED: [(&str, Option<Duration>); 3] =
    [("/orders/", None), ("/dashboard", Some(CLOCK_MAX)), ("/customers/", None)];

/// An answer that was made by the routes.
#[derive(Clone)]
pub(super) struct Made {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// What a client asks.
struct Asked {
    /// Path and query.
    what: String,
    token: Token,
    held: Option<String>,
}

/// `routes`, with answers from memory where that is possible.
#[must_use]
pub fn before(cache: Cache, routes: Routes) -> Routes {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let inner = routes.clone();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::optional::<String>(TOKEN_HEADER))
        .and(warp::header::optional::<String>(header::IF_NONE_MATCH.as_str()))
        .and_then(move |method: Method, path: FullPath, query: String, token, held| {
            let (cache, routes) = (cache.clone(), inner.clone());
            async move {
                let listed = listed(path.as_str()).filter(|_| method == Method::GET);
                // What does not make sense is for the routes to tell.
                let age_max = listed.ok_or_else(reject::not_found)?;
                let asked = asked(&path, query, token, held).ok_or_else(reject::not_found)?;
                Ok::<_, Rejection>(answer(&cache.0, asked, age_max, routes).await)
            }
        })
        .or(routes)
        .unify()
        .boxed()
}

fn listed(path: &str) -> Option<Option<Duration>> {
    let found = LISTED.iter().find(|(listed, _)| {
        if listed.ends_with('/') { path.starts_with(listed) } else { path == *listed }
    });
    found.map(|(_, age_max)| *age_max)
}

fn asked(
    path: &FullPath,
    query: String,
    token: Option<String>,
    held: Option<String>,
) -> Option<Asked> {
    let token = token.map_or(Some(Token::default()), |token| token.parse().ok())?;
    let what = if query.is_empty() {
        path.as_str().to_owned()
    } else {
        format!("{}?{query}", path.as_str())
    };
    Some(Asked { what, token, held })
}

async fn answer(
    parts: &Arc<Parts>,
    asked: Asked,
    age_max: Option<Duration>,
    routes: Routes,
) -> Response {
    if let Some(response) = from_memory(parts, &asked) {
        return response;
    }
    let waited = parts.reader.wait_for(&asked.token.0, TOKEN_PATIENCE).await;
    if let Err(missing) = waited {
        return problems::not_caught_up(&missing, &parts.reader.standing()).into_response();
    }
    let (maker, what) = (Arc::clone(parts), asked.what.clone());
    let make = move || make(Arc::clone(&maker), what.clone(), age_max, routes.clone());
    match parts.flights.join(&asked.what, make).await {
        Some(made) => made.into_response(asked.held.as_deref()),
        None => runtime::http::Problem::defect("making an answer broke off").into_response(),
    }
}

fn from_memory(parts: &Parts, asked: &Asked) -> Option<Response> {
    let answer = parts.kept.get(&asked.what)?;
    let seen = parts.sight.now()?;
    let wanted = asked.token.0.iter();
    let mut unseen =
        wanted.filter(|(service, wanted)| seen.positions.of(**service).sequence < **wanted);
    if unseen.next().is_some() {
        return None;
    }
    answer.beside(&seen, asked.held.as_deref())
}

/// Asks the routes, and keeps what they answer if that is possible.
async fn make(parts: Arc<Parts>, what: String, age_max: Option<Duration>, routes: Routes) -> Made {
    // Before the connection is taken: what is kept must have been told of every change since.
    let (began, now) = (parts.kept.moment(), Instant::now());
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

    fn into_response(self, held: Option<&str>) -> Response {
        super::answer::respond(self.status, self.headers, self.body, held)
    }
}
