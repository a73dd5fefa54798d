//! How asking an owner can fail, and what that says about it.

use std::time::Duration;

use runtime::http::StatusCode;
use serde_json::Value;

use crate::breaker::Verdict;

/// Why an owner gave no answer of use.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Its breaker is open, or enough probes are under way.
    BreakerOpen {
        /// When the next probe goes through, if it is known.
        next_probe_in: Option<Duration>,
    },
    /// So many calls to it are under way that one more is not begun.
    Busy,
    /// No connection, or a connection that broke.
    Unreachable(String),
    /// No whole answer within the deadline.
    TimedOut {
        /// Whether it had a fair chance: enough time, and no token to wait for.
        fair: bool,
    },
    /// It answered with a 5xx.
    Failed(StatusCode),
    /// It answered something that no owner answers.
    Nonsense(String),
    /// It has not yet seen what the token asks for.
    NotCaughtUp,
    /// It refused the question, which was the client's: the status and the problem.
    Refused(StatusCode, Value),
    /// It was not asked, since that takes something that another owner did not tell.
    NotAsked(&'static str),
}

impl Failure {
    /// The name, for programs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::BreakerOpen { .. } => "breaker-open",
            Self::Busy => "busy",
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut { .. } => "timed-out",
            Self::Failed(_) => "failed",
            Self::Nonsense(_) => "nonsense",
            Self::NotCaughtUp => "not-caught-up",
            Self::Refused(..) => "refused",
            Self::NotAsked(_) => "not-asked",
        }
    }

    /// A sentence, for people.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::BreakerOpen { next_probe_in: Some(wait) } => {
                format!("it failed before and is asked again in {} ms", wait.as_millis())
            }
            Self::BreakerOpen { next_probe_in: None } => {
                "it failed before, and others are just trying it".to_owned()
            }
            Self::Busy => "too many calls to it are under way".to_owned(),
            Self::Unreachable(why) => format!("it cannot be reached: {why}"),
            Self::TimedOut { .. } => "it did not answer within the deadline".to_owned(),
            Self::Failed(status) => format!("it answered {status}"),
            Self::Nonsense(what) => format!("its answer is of no use: {what}"),
            Self::NotCaughtUp => "it has not yet seen what Murmur-Token asks for".to_owned(),
            Self::Refused(status, _) => format!("it refused the question with {status}"),
            Self::NotAsked(why) => (*why).to_owned(),
        }
    }

    /// What it shows of the owner. One that refuses a question, or waits for what a token names,
    /// works: a client must not be able to open a breaker.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Unreachable(_)
            | Self::TimedOut { fair: true }
            | Self::Failed(_)
            | Self::Nonsense(_) => Verdict::Fails,
            Self::NotCaughtUp | Self::Refused(..) => Verdict::Works,
            Self::BreakerOpen { .. }
            | Self::Busy
            | Self::TimedOut { fair: false }
            | Self::NotAsked(_) => Verdict::Nothing,
        }
    }

    /// Whether asking at once again may do better.
    #[must_use]
    pub const fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Failed(_))
    }
}
