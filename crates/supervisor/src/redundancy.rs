//! Whether a store may be taken away: only while all that it holds is in another one, too.
//!
//! * A service's database: the service is redundant, and nobody misses anything of its stream.
//! * A database that differs from its stream and is set aside: nobody misses anything of its stream.
//! * A stream: the same as for its database. The broker: all of them.
//! * Redis: at any time. What it holds is folded from the streams, and reads wait until it is again.
//!
//! What a service says of its stream may be seconds old, so that the broker itself is asked, too. A
//! service that cannot be asked counts as one that is not redundant.

pub mod permit;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use client::process::Process;
use client::run_file::RunFile;
use client::wait::{Deadline, wait_until};
use contracts::service;
use protocol::Service;
use tokio::time::Instant;

use crate::service_status::ServiceReport;
use crate::service_status::ask_services;

pub use permit::Permit;
pub use watch::Watch;

/// How often all processes are asked again.
pub(crate) const ASK_EVERY: Duration = Duration::from_millis(50);
/// How long a wait goes on before anything is said of it, and between two things that are said.
const SAY_EVERY: Duration = Duration::from_secs(1);

/// What is to be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    Database(Service),
    /// The database of a service whose two stores differ, set aside for its stream.
    Aside(Service),
    Stream(Service),
    Broker,
}

/// Something that keeps a store from being taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Who, and what about it.
    pub text: String,
    /// Whether it may pass by itself.
    pub passes: bool,
}

/// A store was not taken away: something would have been lost, or may have been.
#[derive(Debug, thiserror::Error)]
#[error("{loss} now would lose what is nowhere else: {}", texts(.lacks))]
pub struct SecondLoss {
    loss: Loss,
    lacks: Vec<Lack>,
}

/// The end that an outbox had when its service was first asked. Of a service under load the newest rows
/// are always under way: it is waited for those that were there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Goal(Option<u64>);

/// A wait, and what was told of it.
pub struct Progress<S> {
    say: S,
    said: String,
    said_at: Instant,
}

impl Lack {
    fn of_another() -> Self {
        Self { text: "another command is taking a store away".to_owned(), passes: true }
    }
}

impl Goal {
    /// Why the service is not redundant, in respect of what it held when it was first asked.
    pub fn unmet(&mut self, report: &ServiceReport) -> Option<String> {
        let head = report.head.unwrap_or_default();
        let goal = *self.0.get_or_insert(head);
        let is_met = report.misses_only_rows() && report.acknowledged >= Some(goal);
        match report.redundant {
            Some(true) => None,
            Some(false) if is_met => None,
            Some(false) => Some(report.redundant_reason.clone().unwrap_or_default()),
            None => Some("it does not say whether it is redundant".to_owned()),
        }
    }

    pub fn end(self) -> u64 {
        self.0.unwrap_or_default()
    }
}

impl Loss {
    /// What goes with that which a process keeps; none if nothing is lost by it.
    pub const fn of(process: Process) -> Option<Self> {
        match process {
            Process::Nats => Some(Self::Broker),
            Process::Service(service) => Some(Self::Database(service)),
            Process::Redis | Process::Query | Process::Composer => None,
        }
    }

    /// Whose stores it concerns.
    fn concerns(self) -> Vec<Service> {
        match self {
            Self::Database(service) | Self::Aside(service) | Self::Stream(service) => vec![service],
            Self::Broker => service::ALL.to_vec(),
        }
    }
}

/// Waits until a store may be taken away, and tells meanwhile what it waits for. The permit is to be
/// held until it is away.
///
/// # Errors
/// [`SecondLoss`], when it may not by then, or only once somebody has done something.
pub async fn wait(
    running: &RunFile,
    loss: Loss,
    within: Duration,
    say: impl Fn(&str),
) -> anyhow::Result<Permit> {
    let mut watch = Watch::before(running, loss);
    let mut progress = Progress::new(say);
    let look = async || {
        let permit = Permit::try_take(&running.data)?;
        let lacks = match &permit {
            Some(_) => watch.look().await?,
            None => vec![Lack::of_another()],
        };
        if let Some(permit) = permit.filter(|_| lacks.is_empty()) {
            return Ok(ControlFlow::Break(permit));
        }
        if lacks.iter().any(|lack| !lack.passes) {
            return Err(SecondLoss { loss, lacks }.into());
        }
        progress.note(texts(&lacks));
        Ok(ControlFlow::Continue(lacks))
    };
    let deadline = Deadline::from(within).every(ASK_EVERY);
    wait_until(deadline, look, |lacks| SecondLoss { loss, lacks }.into()).await
}

/// What services that answer hold in one place only, once those that publish had a while for it.
pub async fn left_in_one_place(
    running: &RunFile,
    within: Duration,
    say: impl Fn(&str),
) -> Vec<String> {
    let (mut goals, mut progress) = (BTreeMap::<Process, Goal>::new(), Progress::new(say));
    let look = async || {
        let (mut left, mut publishing) = (Vec::new(), false);
        for (process, answer) in ask_services(running).await {
            let Ok(report) = answer else { continue };
            let unmet = goals.entry(process).or_default().unmet(&report);
            let Some(reason) = unmet.filter(|_| report.misses_rows()) else { continue };
            publishing |= matches!(report.state.as_str(), "ready" | "unready");
            left.push(format!("{process}: {reason}"));
        }
        if !publishing {
            return Ok(ControlFlow::Break(left));
        }
        progress.note(left.join("; "));
        Ok(ControlFlow::Continue(left))
    };
    let deadline = Deadline::from(within).every(ASK_EVERY);
    wait_until(deadline, look, |left| left).await.unwrap_or_else(|left| left)
}

/// What taking a store away now would lose, or might; none if nothing.
///
/// # Errors
/// When the supervisor does not answer.
pub async fn at_once(running: &RunFile, loss: Loss) -> anyhow::Result<Option<SecondLoss>> {
    let lacks = Watch::before(running, loss).look().await?;
    Ok((!lacks.is_empty()).then_some(SecondLoss { loss, lacks }))
}

impl<S: Fn(&str)> Progress<S> {
    /// A wait that begins, and how it is told of.
    pub fn new(say: S) -> Self {
        Self { say, said: String::new(), said_at: Instant::now() }
    }

    /// Tells what is waited for, if that is news.
    pub fn note(&mut self, text: String) {
        if self.said_at.elapsed() >= SAY_EVERY && self.said != text {
            (self.say)(&text);
            (self.said, self.said_at) = (text, Instant::now());
        }
    }
}

/// What they say, in one line.
pub fn texts(lacks: &[Lack]) -> String {
    let texts: Vec<_> = lacks.iter().map(|lack| lack.text.as_str()).collect();
    texts.join("; ")
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(service) => write!(f, "deleting the database of {service}"),
            Self::Aside(service) => write!(f, "setting the database of {service} aside"),
            Self::Stream(service) => write!(f, "deleting the stream of {service}"),
            Self::Broker => f.write_str("deleting all streams"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(redundant: bool, head: u64, acknowledged: u64) -> ServiceReport {
        let rows = json!({ "what": "rows", "rows": head - acknowledged });
        let reason = format!("{} rows are in the database only", head - acknowledged);
        ServiceReport {
            redundant: Some(redundant),
            redundant_reason: (!redundant).then_some(reason),
            missing: if redundant { Vec::new() } else { vec![rows] },
            head: Some(head),
            acknowledged: Some(acknowledged),
            ..ServiceReport::default()
        }
    }

    #[test]
    fn under_load_the_rows_that_were_there_are_waited_for_and_not_those_that_came_since() {
        let mut goal = Goal::default();
        let unmet = goal.unmet(&report(false, 62, 0));
        assert_eq!(unmet.as_deref(), Some("62 rows are in the database only"));
        assert!(goal.unmet(&report(false, 70, 61)).is_some());
        assert_eq!(goal.unmet(&report(false, 75, 62)), None);
        assert_eq!(Goal::default().unmet(&report(true, 75, 75)), None);
    }

    #[test]
    fn more_than_rows_under_way_is_waited_for_however_much_is_acknowledged() {
        let mut doubtful = report(false, 62, 62);
        doubtful.missing = vec![json!({ "what": "stream", "reason": "the broker is away" })];
        assert!(Goal::default().unmet(&doubtful).is_some());
        let silent = ServiceReport { redundant: None, ..report(true, 62, 62) };
        assert!(Goal::default().unmet(&silent).unwrap().contains("does not say"));
    }

    #[test]
    fn a_refusal_names_what_would_be_lost() {
        let text = "order: 62 rows are in the database only".to_owned();
        let lacks = vec![Lack { text, passes: true }];
        let refused = SecondLoss { loss: Loss::Database(service::ORDER), lacks }.to_string();
        assert_eq!(
            refused,
            "deleting the database of order now would lose what is nowhere else: \
             order: 62 rows are in the database only"
        );
    }

    #[test]
    fn what_is_derived_may_be_taken_away_at_any_time() {
        for process in [Process::Redis, Process::Query, Process::Composer] {
            assert_eq!(Loss::of(process), None);
        }
        assert_eq!(Loss::of(Process::Nats), Some(Loss::Broker));
    }
}
