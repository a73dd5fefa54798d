//! The read side over REST: the queries, and how the process stands.
//!
//! Every read takes a consistency token and waits, within a bound, until the projector has folded
//! that much; and every answer is given with the token of what it has seen, so that a client who
//! hands it on never sees time go backwards.

pub mod operations;
pub mod status;

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::Either;
use runtime::Token;
use runtime::http::server::{Front, Routes};
use runtime::http::{PageRequest, Problem, Response, TOKEN_HEADER, page, token};
use runtime::warp::http::{HeaderMap, Method};
use runtime::warp::path::FullPath;
use runtime::warp::{self, Filter};

use crate::cache::Cache;
use crate::queries;
use crate::query::answer::Stamp;
use crate::query::request::Parts;
use crate::query::{Answer, Context, Query, Request, problems};
use crate::reader::{QueryReader, Reader, TOKEN_PATIENCE};

/// All queries, and what they answer from. Clones share it.
#[derive(Clone)]
pub struct App(Arc<State>);

struct State {
    routes: Vec<Arc<Route>>,
    reader: Reader,
    cache: Cache,
    context: Context,
}

/// Where a query is asked.
struct Route {
    query: Box<dyn Query>,
    /// Its path, with at most one parameter in braces.
    template: &'static str,
}

/// What a client asks.
struct Asked {
    route: Arc<Route>,
    /// Path and query.
    target: String,
    token: Token,
}

impl App {
    /// All queries.
    #[must_use]
    pub fn new(reader: Reader, cache: Cache, context: Context) -> Self {
        let route = |query: Box<dyn Query>| {
            let template = query.operation().path();
            Arc::new(Route { query, template })
        };
        let routes = queries::all().into_iter().map(route).collect();
        Self(Arc::new(State { routes, reader, cache, context }))
    }

    /// Answers queries before any route is looked for. What does not make sense is for the routes to tell.
    #[must_use]
    pub fn front(&self) -> Front {
        let app = self.clone();
        Arc::new(move |request| {
            let target = request.uri().path_and_query();
            let target = target.filter(|_| request.method() == Method::GET)?;
            let token = sent_token(request.headers())?;
            if let Some(response) = app.0.cache.get(target.as_str(), &token) {
                return Some(Either::Left(ready(response)));
            }
            let (route, target) = (app.route(target.path())?, target.as_str().to_owned());
            Some(Either::Right(app.clone().answer(Asked { route, target, token }).boxed()))
        })
    }

    /// All routes but those that every process has.
    #[must_use]
    pub fn routes(&self) -> Routes {
        let (app, finder) = (self.clone(), self.clone());
        let route = warp::path::full().and_then(move |path: FullPath| {
            let route = finder.route(path.as_str()).ok_or_else(warp::reject::not_found);
            async move { route.map(|route| (route, path)) }
        });
        let query = warp::query::raw().or(warp::any().map(String::new)).unify();
        let queries = warp::get().and(route).and(query).and(page()).and(token()).then(
            move |(route, path): (Arc<Route>, FullPath), query: String, _: PageRequest, token| {
                let target = [path.as_str(), "?", &query].concat();
                app.clone().answer(Asked { route, target, token })
            },
        );
        status::routes(self.0.reader.clone()).or(queries).unify().boxed()
    }

    fn route(&self, path: &str) -> Option<Arc<Route>> {
        let found = self.0.routes.iter().find(|route| captured(route.template, path).is_some());
        found.map(Arc::clone)
    }

    async fn answer(self, asked: Asked) -> Response {
        let kept_for = asked.route.query.kept_for();
        let answer = if kept_for.is_zero() {
            self.uncached(&asked).await
        } else {
            self.cached(asked, kept_for).await
        };
        answer.unwrap_or_else(Problem::into_response)
    }

    async fn cached(&self, asked: Asked, kept_for: Duration) -> Result<Response, Problem> {
        let State { reader, cache, .. } = &*self.0;
        if !asked.token.0.is_empty() {
            let waited = reader.wait_for(&asked.token.0, TOKEN_PATIENCE).await;
            waited.map_err(|missing| problems::not_caught_up(&missing, &reader.standing()))?;
        }
        let (app, target, asked) = (self.clone(), asked.target.clone(), Arc::new(asked));
        let make = move |reader| {
            let (app, asked) = (app.clone(), Arc::clone(&asked));
            async move { app.ask(&asked, reader).await }
        };
        cache.answer(&target, kept_for, make).await
    }

    async fn uncached(&self, asked: &Asked) -> Result<Response, Problem> {
        let State { reader, context, .. } = &*self.0;
        let answer = self.ask(asked, reader.once().after(asked.token.0.clone())).await?;
        let freshness = asked.route.query.freshness(&answer.positions, &reader.standing(), context);
        Ok(answer.content.render(&Stamp::of(&freshness)?).to_response())
    }

    async fn ask(&self, asked: &Asked, reader: QueryReader) -> Result<Answer, Problem> {
        let Asked { route, target, token } = asked;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (name, context) = (captured(route.template, path).unwrap_or_default(), &self.0.context);
        let (page, parts) = (PageRequest::parse(path, query)?, Parts::of(query));
        let request = Request { name, page, parts, token, reader, context };
        let answer = route.query.answer(request).await;
        answer.map_err(|none| problems::of(none, &self.0.reader.standing()))
    }
}

/// The token that was sent; nothing if it makes no sense.
fn sent_token(headers: &HeaderMap) -> Option<Token> {
    let mut tokens = headers.get_all(TOKEN_HEADER).iter();
    match (tokens.next(), tokens.next()) {
        (None, _) => Some(Token::default()),
        (Some(token), None) => token.to_str().ok()?.parse().ok(),
        (Some(_), Some(_)) => None,
    }
}

/// What stands in a path for the parameter of a template, or nothing where there is none; none if it is
/// not a path of this template.
fn captured<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let (mut parts, mut captured) = (path.split('/'), "");
    for wanted in template.split('/') {
        let part = parts.next()?;
        match wanted.starts_with('{') {
            true if !part.is_empty() => captured = part,
            false if part == wanted => {}
            true | false => return None,
        }
    }
    parts.next().is_none().then_some(captured)
}
