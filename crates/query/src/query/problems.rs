//! Why a question has no answer, as an RFC 9457 problem: the one mapping to a status.

use std::str::FromStr;

use contracts::problems;
use protocol::ids::InvalidId;
use runtime::http::Problem;
use runtime::http::page::bad_cursor;
use runtime::http::problem::kinds;
use serde_json::json;

use super::NoAnswer;
use crate::freshness::Freshness;
use crate::projector_status::ProjectorStatus;
use crate::reader::{Missing, ReadError};

/// The problem of a question that has no answer.
pub(crate) fn of(none: NoAnswer, standing: &ProjectorStatus) -> Problem {
    match none {
        NoAnswer::Refused(problem) => *problem,
        NoAnswer::Unknown { what, id, positions } => {
            unknown(what, &id, &Freshness::of(&positions, standing))
        }
        NoAnswer::Unreadable(error) => unreadable(&error, standing),
        too_large @ NoAnswer::TooLarge { .. } => Problem::new(&problems::REPORT_TOO_LARGE)
            .detail(format!("{too_large}; ask for another grouping, or look at single ones")),
    }
}

/// What is not found in a part of the streams is not yet known not to be.
fn unknown(what: &'static str, id: &str, freshness: &Freshness) -> Problem {
    let problem = if freshness.is_incomplete() {
        Problem::passing(&problems::REBUILDING)
    } else {
        Problem::new(match what {
            "order" => &problems::UNKNOWN_ORDER,
            "product" => &problems::UNKNOWN_PRODUCT,
            _ => &problems::UNKNOWN_CUSTOMER,
        })
    };
    problem.detail(format!("{what} {id} is not in the read model")).with("freshness", freshness)
}

fn unreadable(error: &ReadError, standing: &ProjectorStatus) -> Problem {
    match error {
        ReadError::Away(reason) => {
            tracing::warn!(%reason, "a question could not be answered");
            Problem::passing(&problems::REDIS_AWAY)
        }
        ReadError::Nothing => Problem::passing(&problems::REBUILDING)
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
    Problem::new(&kinds::NOT_CAUGHT_UP)
        .detail("ask again, or without Murmur-Token for what there is")
        .with("missing", missing.iter().map(one).collect::<Vec<_>>())
        .with("freshness", Freshness::of(&standing.positions, standing))
}

/// The id in a path.
pub(crate) fn id<T: FromStr<Err = InvalidId>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: InvalidId| Problem::new(&kinds::BAD_ID).detail(error.to_string()))
}

/// The sequence behind which a page begins.
pub(crate) fn sequence(key: &str) -> Result<u64, Problem> {
    key.parse().map_err(|_| bad_cursor())
}
