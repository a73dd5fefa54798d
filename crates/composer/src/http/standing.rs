//! How the process stands: the breakers, `/readyz` for whoever starts it, `/status` for people and
//! tools.

use std::sync::Arc;
use std::time::Duration;

use protocol::{Service, Timestamp};
use runtime::handle::now;
use runtime::http::server::Routes;
use runtime::http::{StatusCode, json, verbose};
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::Serialize;

use crate::breaker::{State, View};
use crate::owner::Owner;
use crate::owners::Owners;

/// The breaker of one owner.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BreakerAnswer {
    owner: Service,
    url: String,
    state: State,
    /// Failures in a row.
    failures: u32,
    since: Timestamp,
    /// Milliseconds until the next probe goes through, while it is open.
    next_probe_in_ms: Option<u64>,
}

/// What `/status` says.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StatusAnswer {
    service: &'static str,
    /// Always `ready`: what is missing is said in each answer.
    state: &'static str,
    /// Always true: it keeps nothing that could be lost.
    redundant: bool,
    deadline_ms: u64,
    /// Answers that are kept for when an owner is away.
    answers_kept: usize,
    breakers: Vec<BreakerAnswer>,
}

/// What `/readyz` says.
#[derive(Debug, Serialize, JsonSchema)]
struct ReadyAnswer {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    redundant: Option<bool>,
}

pub(super) fn routes(owners: Arc<Owners>) -> Routes {
    let ready = warp::path!("readyz")
        .and(warp::get())
        .and(verbose())
        .map(|verbose: bool| ReadyAnswer { state: "ready", redundant: verbose.then_some(true) })
        .map(|answer| json(StatusCode::OK, &answer));
    let of = Arc::clone(&owners);
    let breakers = warp::path!("breakers").and(warp::get());
    let breakers = breakers.map(move || json(StatusCode::OK, &all_breakers(&of)));
    let status = warp::path!("status").and(warp::get());
    let status = status.map(move || json(StatusCode::OK, &standing(&owners)));
    breakers.or(ready).unify().or(status).unify().boxed()
}

fn standing(owners: &Owners) -> StatusAnswer {
    StatusAnswer {
        service: "composer",
        state: "ready",
        redundant: true,
        deadline_ms: millis(owners.patience()),
        answers_kept: owners.answers_kept(),
        breakers: all_breakers(owners),
    }
}

fn all_breakers(owners: &Owners) -> Vec<BreakerAnswer> {
    owners.iter().map(breaker).collect()
}

fn breaker(owner: &Owner) -> BreakerAnswer {
    let View { state, failures, stands_for, next_probe_in } = owner.breaker();
    let ago = i64::try_from(stands_for.as_micros()).unwrap_or(i64::MAX);
    BreakerAnswer {
        owner: owner.service(),
        url: owner.url().to_owned(),
        state,
        failures,
        since: Timestamp::from_micros(now().micros().saturating_sub(ago)),
        next_probe_in_ms: next_probe_in.map(millis),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
