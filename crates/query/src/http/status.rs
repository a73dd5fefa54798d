//! How the process stands: `/readyz` for whoever starts it, `/status` for people and tools.

use std::collections::{BTreeMap, BTreeSet};

use contracts::service;
use protocol::Service;
use runtime::http::problem::kinds;
use runtime::http::server::Routes;
use runtime::http::{Problem, Response, StatusCode, json, verbose};
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::Serialize;

use crate::freshness::{Freshness, StreamFreshness};
use crate::keys::VIEWS_VERSION;
use crate::projector_status::{Phase, ProjectorStatus};
use crate::reader::{ReadError, Reader};

/// What `/status` says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusAnswer {
    service: &'static str,
    /// `ready` once it follows; else what it does instead.
    state: &'static str,
    reason: Option<String>,
    /// Whether the read model follows all streams.
    redundant: bool,
    /// Why it does not.
    redundant_reason: Option<String>,
    behind: u64,
    streams: BTreeMap<String, StreamFreshness>,
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
    /// Events that could not be folded, and that nobody has dropped.
    parked: Option<u64>,
}

/// What `/readyz` says; the rest only if it is asked for.
#[derive(Serialize)]
struct ReadyAnswer {
    state: &'static str,
    #[serde(flatten)]
    redundancy: Option<Redundancy>,
}

/// Whether the read model follows all streams, and why not.
#[derive(Serialize)]
struct Redundancy {
    redundant: bool,
    redundant_reason: Option<String>,
}

/// `/readyz` and `/status`.
#[must_use]
pub fn routes(reader: Reader) -> Routes {
    let ready = {
        let reader = reader.clone();
        let ready = warp::path!("readyz").and(warp::get()).and(verbose());
        ready.map(move |verbose| ready_answer(&reader.standing(), verbose))
    };
    let status = warp::path!("status").and(warp::get()).then(move || {
        let reader = reader.clone();
        async move { json(StatusCode::OK, &status(&reader).await) }
    });
    ready.or(status).unify().boxed()
}

fn ready_answer(standing: &ProjectorStatus, verbose: bool) -> Response {
    let redundancy = verbose.then(|| Redundancy::of(not_followed(standing)));
    let Some(reason) = not_ready(standing) else {
        return json(StatusCode::OK, &ReadyAnswer { state: "ready", redundancy });
    };
    let freshness = Freshness::of(&standing.positions, standing);
    let problem = Problem::passing(&kinds::NOT_READY);
    let mut problem =
        problem.detail(reason).with("state", freshness.state).with("behind", freshness.behind);
    if let Some(Redundancy { redundant, redundant_reason }) = redundancy {
        problem = problem.with("redundant", redundant).with("redundant_reason", redundant_reason);
    }
    problem.into_response()
}

/// Why the read model does not follow the streams yet; nothing if it does.
fn not_ready(standing: &ProjectorStatus) -> Option<String> {
    match &standing.phase {
        Phase::Following => None,
        Phase::Away(reason) => Some(reason.clone()),
        Phase::StaleVersion => Some("the views have changed, and are being built anew".to_owned()),
        Phase::Rebuilding | Phase::CatchingUp => {
            let behind = Freshness::of(&standing.positions, standing).behind;
            let folds = || format!("{behind} events are still to be folded");
            Some(unread(standing).unwrap_or_else(folds))
        }
    }
}

/// Why the read model does not follow all streams now; nothing if it does.
#[must_use]
pub fn not_followed(standing: &ProjectorStatus) -> Option<String> {
    let alarm = |service: Service| {
        let alarm = standing.progress_of(service).alarm?;
        Some(format!("{}: {alarm}", service.stream()))
    };
    let alarms = || service::ALL.into_iter().find_map(alarm);
    not_ready(standing).or_else(alarms).or_else(|| unread(standing))
}

/// Which streams the broker does not deliver, and why.
fn unread(standing: &ProjectorStatus) -> Option<String> {
    let all = service::ALL.map(|service| (service, standing.progress_of(service)));
    let unread: Vec<_> = all.into_iter().filter(|(_, progress)| !progress.connected).collect();
    let streams: Vec<_> = unread.iter().map(|(service, _)| service.stream()).collect();
    let reasons = unread.iter().filter_map(|(_, progress)| progress.waits.as_deref());
    let reasons: Vec<_> = reasons.collect::<BTreeSet<_>>().into_iter().collect();
    let (streams, reasons) = (streams.join(", "), reasons.join("; "));
    (!unread.is_empty()).then(|| format!("these streams cannot be read: {streams}: {reasons}"))
}

async fn status(reader: &Reader) -> StatusAnswer {
    let standing = reader.standing();
    let looked = reader.count_parked().await;
    let freshness = Freshness::of(&standing.positions, &standing);
    let state = if standing.phase == Phase::Following { "ready" } else { freshness.state };
    let redis = RedisAnswer::of(&standing, looked);
    let missing = redis.reason.clone().or_else(|| not_followed(&standing));
    let Redundancy { redundant, redundant_reason } = Redundancy::of(missing);
    StatusAnswer {
        service: "query",
        state,
        reason: not_followed(&standing),
        redundant,
        redundant_reason,
        behind: freshness.behind,
        streams: freshness.streams,
        redis,
    }
}

impl Redundancy {
    fn of(missing: Option<String>) -> Self {
        Self { redundant: missing.is_none(), redundant_reason: missing }
    }
}

impl RedisAnswer {
    fn of(standing: &ProjectorStatus, parked: Result<u64, ReadError>) -> Self {
        let away = match &parked {
            Err(error @ ReadError::Away(_)) => Some(error.to_string()),
            Ok(_) | Err(ReadError::Nothing | ReadError::NotCaughtUp(_) | ReadError::Damaged(_)) => {
                None
            }
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
