//! Why a question has no answer, as an RFC 9457 problem: the one mapping to a status.

use protocol::Id;
use runtime::http::{Problem, StatusCode};
use serde_json::json;

use super::NoAnswer;
use crate::freshness::Freshness;
use crate::projector_status::ProjectorStatus;
use crate::reader::{Missing, ReadError};

/// A rebuild of a day's events takes about as long.
const RETRY_AFTER_SECONDS: u32 = 1;

const BEHIND: &str = "The read model has not caught up with the streams, and may yet know of it";

/// The problem of a question that has no answer.
pub(crate) fn of(none: NoAnswer, standing: &ProjectorStatus) -> Problem {
    match none {
        NoAnswer::Refused(problem) => *problem,
        NoAnswer::Unknown { what, id, positions } => {
            unknown(what, &id, &Freshness::of(&positions, standing))
        }
        NoAnswer::Unreadable(error) => unreadable(&error, standing),
        too_large @ NoAnswer::TooLarge { .. } => {
            let title = "The report would be too large";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "report-too-large", title)
                .detail(format!("{too_large}; ask for another grouping, or look at single ones"))
        }
    }
}

/// What is not found in a part of the streams is not yet known not to be.
fn unknown(what: &'static str, id: &str, freshness: &Freshness) -> Problem {
    let problem = if freshness.is_incomplete() {
        unavailable(freshness.state, BEHIND)
    } else {
        let slug = match what {
            "order" => "unknown-order",
            "product" => "unknown-product",
            _ => "unknown-customer",
        };
        Problem::new(StatusCode::NOT_FOUND, slug, format!("There is no such {what}"))
    };
    problem.detail(format!("{what} {id} is not in the read model")).with("freshness", freshness)
}

fn unreadable(error: &ReadError, standing: &ProjectorStatus) -> Problem {
    match error {
        ReadError::Away(reason) => {
            tracing::warn!(%reason, "a question could not be answered");
            unavailable("redis-away", "The read model cannot be reached")
        }
        ReadError::Nothing => unavailable("rebuilding", "The read model is being built")
            .detail(error.to_string())
            .with("freshness", Freshness::of_nothing(standing)),
        ReadError::NotCaughtUp(missing) => not_caught_up(missing, standing),
        ReadError::Damaged(reason) => Problem::defect(reason),
    }
}

/// The problem of a read whose token names more than was folded in time.
pub(crate) fn not_caught_up(missing: &[Missing], standing: &ProjectorStatus) -> Problem {
    let one = |missing: &Missing| {
        let Missing { service, wanted, folded } = missing;
        json!({ "stream": service.stream(), "wanted": wanted, "folded": folded })
    };
    let title = "The read model has not yet seen what the token asks for";
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "not-caught-up", title)
        .detail("ask again, or without Murmur-Token for what there is")
        .with("missing", missing.iter().map(one).collect::<Vec<_>>())
        .with("freshness", Freshness::of(&standing.positions, standing))
}

/// The id in a path.
pub(crate) fn id(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|error: protocol::ids::InvalidId| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid-id", "The id in the path is none")
            .detail(error.to_string())
    })
}

/// The sequence behind which a page begins.
pub(crate) fn sequence(key: &str) -> Result<u64, Problem> {
    key.parse().map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-cursor", "The cursor does not make sense")
            .detail("take it from the page before, unchanged")
    })
}

/// A problem that passes by itself.
pub(crate) fn unavailable(slug: &'static str, title: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, slug, title).retry_after(RETRY_AFTER_SECONDS)
}
