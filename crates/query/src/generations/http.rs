//! The generations over REST, for operators on the same machine.

use std::net::SocketAddr;

use contracts::problems;
use runtime::http::problem::kinds;
use runtime::http::server::{self, Routes};
use runtime::http::{Problem, Response, StatusCode, json};
use runtime::warp::http::HeaderMap;
use runtime::warp::{self, Filter, Rejection};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::compare;
use super::records::{entries, records};
use super::{Builder, Refused};
use crate::keys::Generation;
use crate::sources::Source;

#[derive(Deserialize)]
struct Which {
    view: Option<String>,
}

/// Which page of what a generation holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichPage {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: u64,
    /// Of this index, which a page of records has named as too large for it.
    index: Option<String>,
}

/// What commands take elsewhere.
const CONDITIONS: [&str; 4] =
    ["if-match", "if-none-match", "if-unmodified-since", "idempotency-key"];

/// Names whichever generation is live.
pub(crate) const LIVE: &str = "live";

/// A build that has begun.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Begun {
    id: String,
}

#[must_use]
pub fn routes<S: Source + Clone + Sync>(builder: Builder<S>) -> Routes {
    let with = move || {
        let builder = builder.clone();
        operator().map(move || builder.clone())
    };
    let list = warp::path!("generations").and(warp::get()).and(with()).then(list);
    let start = warp::path!("generations")
        .and(warp::post())
        .and(unconditional("generations"))
        .and(with())
        .then(start);
    let compared = warp::path!("generations" / String / "comparison")
        .and(warp::get())
        .and(warp::query())
        .and(with())
        .then(comparison);
    let held = warp::path!("generations" / String / "records")
        .and(warp::get())
        .and(warp::query())
        .and(with())
        .then(held);
    let activate = warp::path!("generations" / String / "activate")
        .and(warp::post())
        .and(unconditional("generations"))
        .and(with())
        .then(activate);
    let discard = warp::path!("generations" / String)
        .and(warp::delete())
        .and(unconditional("generations"))
        .and(with())
        .then(discard);
    let read = list.or(compared).unify().or(held).unify();
    read.or(start).unify().or(activate).unify().or(discard).unify().boxed()
}

/// Refuses what is meant to protect a command and would be passed over: what is commanded here goes by its
/// name alone, and each command says by itself whether that is fit for it.
pub(crate) fn unconditional(
    things: &'static str,
) -> impl Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::header::headers_cloned()
        .and_then(move |headers: HeaderMap| async move {
            let named = CONDITIONS.into_iter().find(|name| headers.contains_key(*name));
            named.map_or(Ok(()), |name| {
                let detail = format!("commands on {things} take no {name}: send it without");
                let problem = Problem::new(&kinds::BAD_HEADER).detail(detail);
                Err(warp::reject::custom(problem.with("header", name)))
            })
        })
        .untuple_one()
}

/// Lets only callers on the same machine through.
fn operator() -> impl Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static {
    server::origin()
        .and_then(|remote: Option<SocketAddr>| async move {
            if remote.is_some_and(|remote| remote.ip().to_canonical().is_loopback()) {
                return Ok(());
            }
            Err(warp::reject::custom(Problem::new(&problems::NOT_LOCAL)))
        })
        .untuple_one()
}

async fn list<S: Source + Clone + Sync>(builder: Builder<S>) -> Response {
    let overview = builder.overview().await;
    overview.map_or_else(refused, |overview| json(StatusCode::OK, &overview))
}

async fn start<S: Source + Clone + Sync>(builder: Builder<S>) -> Response {
    let begun = builder.start().await;
    begun.map_or_else(refused, |begun| json(StatusCode::ACCEPTED, &Begun { id: begun.to_string() }))
}

async fn comparison<S: Source + Clone + Sync>(
    id: String,
    which: Which,
    builder: Builder<S>,
) -> Response {
    let compared = async {
        let all = builder.store().await?.generations().await?;
        let named = |text: &str| {
            [all.next.as_ref(), all.previous.as_ref()]
                .into_iter()
                .flatten()
                .find(|one| one.generation.to_string() == text)
                .map(|one| one.generation.clone())
        };
        let other = named(&id).ok_or_else(|| Refused::Unknown(id.clone()))?;
        let live = all.live.as_ref().map(|live| &live.generation);
        let live = live.ok_or_else(|| Refused::Unknown("that is live".to_owned()))?;
        compare(&builder.0.client, live, &other, which.view.as_deref()).await
    };
    match (compared.await, which.view) {
        (Ok(compared), Some(view)) if compared.views.is_empty() => {
            Problem::new(&problems::UNKNOWN_VIEW)
                .detail(format!("no record of either generation is of the view {view}"))
                .into_response()
        }
        (Ok(compared), _) => json(StatusCode::OK, &compared),
        (Err(error), _) => refused(error),
    }
}

async fn held<S: Source + Clone + Sync>(
    id: String,
    which: WhichPage,
    builder: Builder<S>,
) -> Response {
    let page = async {
        let mut store = builder.store().await?;
        let all = store.generations().await?;
        let is_named = |one: &Generation| one.to_string() == id;
        let live = all.live.map(|one| one.generation);
        let others = [all.next, all.previous].into_iter().flatten().map(|one| one.generation);
        let found = match live {
            Some(live) if id == LIVE || is_named(&live) => Some(live),
            _ => others.into_iter().find(is_named),
        };
        let generation = found.ok_or_else(|| Refused::Unknown(id.clone()))?;
        match which.index {
            None => records(store.connection(), &generation, which.cursor).await,
            Some(index) => entries(store.connection(), &generation, &index, which.cursor).await,
        }
    };
    page.await.map_or_else(refused, |page| json(StatusCode::OK, &page))
}

async fn activate<S: Source + Clone + Sync>(id: String, builder: Builder<S>) -> Response {
    match builder.activate(&id).await {
        Ok(()) => list(builder).await,
        Err(error) => refused(error),
    }
}

async fn discard<S: Source + Clone + Sync>(id: String, builder: Builder<S>) -> Response {
    match builder.discard(&id).await {
        Ok(()) => list(builder).await,
        Err(error) => refused(error),
    }
}

fn refused(error: Refused) -> Response {
    let problem = match &error {
        Refused::Store(_) => Problem::passing(&problems::REDIS_AWAY),
        Refused::Unknown(_) => Problem::new(&problems::UNKNOWN_GENERATION),
        Refused::UnderWay(_) => Problem::new(&problems::BUILD_UNDER_WAY),
        Refused::Unbuilt(_) => Problem::new(&problems::NOT_BUILT),
        Refused::Behind(_) => Problem::new(&problems::BEHIND),
        Refused::OtherVersion(_) => Problem::new(&problems::OTHER_VERSION),
        Refused::Live(_) => Problem::new(&problems::IS_LIVE),
        Refused::Moved => Problem::new(&problems::MOVED),
    };
    problem.detail(error.to_string()).into_response()
}
