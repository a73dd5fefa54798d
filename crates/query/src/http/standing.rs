//! How the process stands: `/readyz` for whoever starts it, `/status` for people and tools.

use std::collections::BTreeMap;

use contracts::Service;
use runtime::http::server::Routes;
use runtime::http::{Response, StatusCode, json};
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::Serialize;

use super::App;
use super::problems::unavailable;
use crate::answers::freshness::{Freshness, StreamFreshness};
use crate::keys::VIEWS_VERSION;
use crate::reader::ReadError;
use crate::standing::{Phase, Standing};

/// What `/status` says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusAnswer {
    service: &'static str,
    /// `ready` once it follows; else what it does instead.
    state: &'static str,
    reason: Option<String>,
    behind: u64,
    streams: BTreeMap<&'static str, StreamFreshness>,
    redis: RedisAnswer,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RedisAnswer {
    /// `connected` or `away`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    generation: Option<String>,
    views_version: u32,
    parked: Option<u64>,
}

pub(super) fn routes(app: App) -> Routes {
    let ready = {
        let app = app.clone();
        warp::path!("readyz").and(warp::get()).map(move || ready(&app.0.reader.standing()))
    };
    let status = warp::path!("status").and(warp::get()).then(move || {
        let app = app.clone();
        async move { json(StatusCode::OK, &status(&app).await) }
    });
    ready.or(status).unify().boxed()
}

fn ready(standing: &Standing) -> Response {
    let freshness = Freshness::of(&standing.positions, standing);
    let reason = match &standing.phase {
        Phase::Following => return json(StatusCode::OK, &serde_json::json!({ "state": "ready" })),
        Phase::Away(reason) => reason.clone(),
        Phase::StaleVersion => "the views have changed, and are being built anew".to_owned(),
        Phase::Rebuilding | Phase::CatchingUp => waits_for(standing, freshness.behind),
    };
    let problem = unavailable("not-ready", "The read model does not follow the streams yet");
    problem
        .detail(reason)
        .with("state", freshness.state)
        .with("behind", freshness.behind)
        .into_response()
}

fn waits_for(standing: &Standing, behind: u64) -> String {
    let unread = |service: &Service| !standing.progress_of(*service).connected;
    let unread: Vec<_> = Service::ALL.into_iter().filter(unread).map(Service::stream).collect();
    if unread.is_empty() {
        format!("{behind} events are still to be folded")
    } else {
        format!("these streams cannot be read yet: {}", unread.join(", "))
    }
}

async fn status(app: &App) -> StatusAnswer {
    let standing = app.0.reader.standing();
    let looked = app.0.reader.count_parked().await;
    let freshness = Freshness::of(&standing.positions, &standing);
    let state = if standing.phase == Phase::Following { "ready" } else { freshness.state };
    StatusAnswer {
        service: "query",
        state,
        reason: freshness.reason,
        behind: freshness.behind,
        streams: freshness.streams,
        redis: RedisAnswer::of(&standing, looked),
    }
}

impl RedisAnswer {
    fn of(standing: &Standing, parked: Result<u64, ReadError>) -> Self {
        let away = match &parked {
            Err(error @ ReadError::Away(_)) => Some(error.to_string()),
            Ok(_) | Err(ReadError::Nothing | ReadError::Damaged(_)) => None,
        };
        Self {
            state: if away.is_some() { "away" } else { "connected" },
            reason: away,
            generation: standing.generation.as_ref().map(ToString::to_string),
            views_version: VIEWS_VERSION,
            parked: parked.ok(),
        }
    }
}
