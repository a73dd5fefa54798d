//! The generations over REST, for operators on the same machine.

use std::net::SocketAddr;

use runtime::http::server::{self, Routes};
use runtime::http::{Problem, Response, StatusCode, json};
use runtime::warp::http::HeaderMap;
use runtime::warp::{self, Filter, Rejection};
use serde::{Deserialize, Serialize};

use super::compare::compare;
use super::records::{entries, records};
use super::{Builder, Refused};
use crate::keys::Generation;
use crate::query::problems::unavailable;
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

#[derive(Serialize)]
struct Begun {
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
                let title = format!("Commands on {things} take no {name}");
                let problem = Problem::new(StatusCode::BAD_REQUEST, "bad-header", title);
                Err(warp::reject::custom(problem.detail("send it without").with("header", name)))
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
            let title = "Generations are changed on the machine of the query service only";
            Err(warp::reject::custom(Problem::new(StatusCode::FORBIDDEN, "not-local", title)))
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
            let title = "There is no such view";
            Problem::new(StatusCode::NOT_FOUND, "unknown-view", title)
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
    let conflict =
        |slug| Problem::new(StatusCode::CONFLICT, slug, "This generation is not fit for that");
    let problem = match &error {
        Refused::Store(_) => unavailable("redis-away", "The read model cannot be reached"),
        Refused::Unknown(_) => {
            let title = "There is no such generation";
            Problem::new(StatusCode::NOT_FOUND, "unknown-generation", title)
        }
        Refused::UnderWay(_) => conflict("build-under-way"),
        Refused::Unbuilt(_) => conflict("not-built"),
        Refused::Behind(_) => conflict("behind"),
        Refused::OtherVersion(_) => conflict("other-version"),
        Refused::Live(_) => conflict("is-live"),
        Refused::Moved => conflict("moved"),
    };
    problem.detail(error.to_string()).into_response()
}
