//! The read side over REST: the questions that it answers, and how the process stands.
//!
//! Every read takes a consistency token and waits, within a bound, until the projector has folded
//! that much; and every answer is given with the token of what it has seen, so that a client who
//! hands it on never sees time go backwards.

mod lists;
mod query;
mod reports;

pub mod operations;
pub mod problems;
pub mod search;
pub mod standing;

use std::sync::Arc;
use std::time::Duration;

use contracts::Timestamp;
use runtime::Token;
use runtime::http::server::Routes;
use runtime::http::{Problem, Response, StatusCode, TOKEN_HEADER, json, token};
use runtime::warp::http::{HeaderValue, header};
use runtime::warp::{self, Filter};
use serde::Serialize;

use crate::answers::dashboard::same_again::{Content, SameAgain};
use crate::answers::freshness::{Freshness, beside};
use crate::answers::order::order;
use crate::answers::product::product_sales;
use crate::reader::Reader;

/// How long a read waits for what its token names.
pub const TOKEN_PATIENCE: Duration = Duration::from_secs(5);

/// What the read model is doing, in answers whose body does not say it.
pub const STATE_HEADER: &str = "murmur-state";

/// How many rows the read model is behind, in answers whose body does not say it.
pub const BEHIND_HEADER: &str = "murmur-behind";

/// What the routes hold.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    reader: Reader,
    stuck_after: Duration,
    clock: fn() -> Timestamp,
    dashboards: SameAgain,
}

/// What comes with every read.
struct Read {
    app: App,
    token: Token,
}

impl App {
    /// Answers from what `reader` reads.
    #[must_use]
    pub fn new(reader: Reader, stuck_after: Duration, clock: fn() -> Timestamp) -> Self {
        Self(Arc::new(Parts { reader, stuck_after, clock, dashboards: SameAgain::default() }))
    }
}

/// All routes but those that every process has.
#[must_use]
pub fn routes(app: App) -> Routes {
    let order = warp::path!("orders" / String).and(read(&app)).then(get_order);
    let sales = warp::path!("products" / String / "sales").and(read(&app)).then(get_product_sales);
    let dashboard = warp::path!("dashboard").and(read(&app)).then(get_dashboard);
    order
        .or(dashboard)
        .unify()
        .or(sales)
        .unify()
        .or(lists::routes(&app))
        .unify()
        .or(reports::routes(&app))
        .unify()
        .or(standing::routes(app))
        .unify()
        .boxed()
}

fn read(
    app: &App,
) -> impl Filter<Extract = (Read,), Error = warp::Rejection> + Clone + Send + Sync + use<> {
    let app = app.clone();
    warp::get().and(token()).map(move |token| Read { app: app.clone(), token })
}

async fn get_order(id: String, read: Read) -> Response {
    let answer = async {
        let id = problems::id(&id)?;
        read.wait().await?;
        let answer = order(&read.app.0.reader, &id).await.map_err(|none| read.problem(none))?;
        Ok(read.found(&answer, &answer.freshness))
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

async fn get_product_sales(sku: String, read: Read) -> Response {
    let answer = async {
        let sku = problems::id(&sku)?;
        read.wait().await?;
        let answer = product_sales(&read.app.0.reader, &sku).await;
        let answer = answer.map_err(|none| read.problem(none))?;
        Ok(read.found(&answer, &answer.freshness))
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

async fn get_dashboard(read: Read) -> Response {
    let answer = async {
        read.wait().await?;
        let Parts { reader, stuck_after, clock, dashboards } = &*read.app.0;
        let answer = dashboards.dashboard(reader, *stuck_after, clock()).await;
        let (content, freshness) = answer.map_err(|none| read.problem(none))?;
        Ok(Read::remembered(&content, &freshness))
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

impl Read {
    async fn wait(&self) -> Result<(), Problem> {
        let reader = &self.app.0.reader;
        let waited = reader.wait_for(&self.token.0, TOKEN_PATIENCE).await;
        waited.map_err(|missing| problems::not_caught_up(&missing, &reader.standing()))
    }

    fn problem(&self, none: crate::answers::NoAnswer) -> Problem {
        problems::of(none, &self.app.0.reader.standing())
    }

    fn found(&self, answer: &impl Serialize, freshness: &Freshness) -> Response {
        with_freshness(json(StatusCode::OK, answer), freshness)
    }

    fn remembered(content: &Content, freshness: &Freshness) -> Response {
        let json = match serde_json::to_vec(freshness) {
            Ok(freshness) => beside(&content.json, &freshness),
            Err(error) => return Problem::defect(&error.to_string()).into_response(),
        };
        let mut response = Response::new(json.into());
        insert(&mut response, header::CONTENT_TYPE.as_str(), "application/json");
        insert(&mut response, header::ETAG.as_str(), &content.tag);
        with_freshness(response, freshness)
    }
}

fn with_freshness(mut response: Response, freshness: &Freshness) -> Response {
    insert(&mut response, TOKEN_HEADER, &freshness.token());
    if freshness.is_incomplete() {
        insert(&mut response, header::CACHE_CONTROL.as_str(), "no-store");
    }
    response
}

fn insert(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
