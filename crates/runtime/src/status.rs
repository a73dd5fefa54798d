//! How a service stands: what `/status`, `/readyz` and the operator see.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use engine::process::{Compared, StreamProgress};
pub use engine::process::{ProcessStatus, Stage};
use engine::redundancy::{self, KnownStream, Missing, Observed};
use engine::starting::Fence;
use protocol::Service;
use serde::Serialize;
use tokio::sync::watch;

use crate::address::Address;
use crate::clock::Clock;

/// The standing of a process, and what only its driver sees: the way to the broker.
#[derive(Clone, Debug)]
pub struct Status {
    service: Service,
    clock: Clock,
    standing: watch::Sender<ProcessStatus>,
    /// Why the broker is not there, while it is not.
    broker: Arc<OnceLock<watch::Receiver<Option<String>>>>,
    /// Where the broker is, without a password.
    broker_address: Option<String>,
    began_as_snapshot: Option<u64>,
}

#[derive(Serialize)]
struct StreamReport {
    folded: u64,
    decided: u64,
    last: u64,
    connected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm: Option<String>,
}

#[derive(Serialize)]
struct HeldReport<'a> {
    stream: &'a str,
    /// The row before which the reading stands.
    row: u64,
    reason: &'a str,
}

impl Status {
    pub(crate) fn new(service: Service, clock: Clock) -> Self {
        let (standing, broker) = (watch::Sender::default(), Arc::default());
        Self { service, clock, standing, broker, broker_address: None, began_as_snapshot: None }
    }

    /// The same, of a process whose database began as the snapshot of that row.
    pub(crate) fn begun_as_snapshot(self, row: Option<u64>) -> Self {
        Self { began_as_snapshot: row, ..self }
    }

    /// The same, of a process that uses the broker at this address.
    pub(crate) fn of_broker(self, address: &Address) -> Self {
        Self { broker_address: Some(address.to_string()), ..self }
    }

    /// Of a service whose database cannot be used: it has no process.
    pub(crate) fn fenced(service: Service, fence: &Fence) -> Self {
        tracing::error!(reason = %fence, "fenced: commands are refused");
        let status = Self::new(service, Clock::start());
        let (reason, choices) = (Some(fence.to_string()), fence.choices());
        status.publish(ProcessStatus {
            stage: Stage::Fenced,
            reason,
            choices,
            ..ProcessStatus::default()
        });
        status
    }

    /// Tells how the process stands now.
    pub(crate) fn publish(&self, now: ProcessStatus) {
        self.standing.send_if_modified(|standing| {
            let news = *standing != now;
            if news {
                *standing = now;
            }
            news
        });
    }

    /// From now on it is known, too, why the broker is not there.
    pub(crate) fn follow_broker(&self, waits: watch::Receiver<Option<String>>) {
        // A process has one connection.
        if self.broker.set(waits).is_err() {}
    }

    fn broker(&self) -> Option<String> {
        self.broker.get().and_then(|waits| waits.borrow().clone())
    }

    /// What of this service is in one place only, or may be.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing> {
        redundancy::missing(&observed(self.standing(), self.clock))
    }

    /// The present standing.
    #[must_use]
    pub fn standing(&self) -> ProcessStatus {
        self.standing.borrow().clone()
    }

    /// The standing, to wait for changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<ProcessStatus> {
        self.standing.subscribe()
    }

    /// Why it stands as it does, and what it waits for.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let (standing, broker) = (self.standing(), self.broker());
        let starting = match standing.stage {
            Stage::Fenced => return standing.reason,
            Stage::Starting => true,
            Stage::Ready | Stage::Alone | Stage::Stopping => false,
        };
        // Without the broker, nothing that a start has met before is what it waits for.
        let own = standing.reason.clone().filter(|_| !starting || broker.is_none());
        let streams = || (starting && broker.is_none()).then(|| unread(&standing));
        let own = own.or_else(|| streams().flatten());
        let unreadable = standing.unreadable.clone().filter(|_| standing.takes_commands());
        let all = [own, unreadable, broker, standing.limits];
        let all: Vec<_> = all.into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    fn of_stream(&self, standing: &ProcessStatus, stream: Service) -> StreamReport {
        let (folded, decided) = standing.positions.get(&stream).copied().unwrap_or_default();
        let progress = standing.streams.get(&stream).cloned().unwrap_or_default();
        let StreamProgress { last, connected, waits, alarm } = progress;
        let waits = if connected { waits } else { self.broker().or(waits) };
        StreamReport { folded, decided, last, connected, waits, alarm }
    }

    /// Everything, as `/status` says it; how many timers are set is counted by the caller.
    #[must_use]
    pub fn report(&self, timers: Option<u64>) -> serde_json::Value {
        let (standing, missing) = (self.standing(), self.missing());
        let streams = standing.streams.iter();
        let streams: BTreeMap<&str, StreamReport> = streams
            .map(|(stream, _)| (stream.stream(), self.of_stream(&standing, *stream)))
            .collect();
        let held = standing.held.iter();
        let held: Vec<_> = held
            .map(|(stream, reason)| HeldReport {
                stream: stream.stream(),
                row: standing.positions.get(stream).map_or(0, |(folded, _)| *folded) + 1,
                reason,
            })
            .collect();
        let local = matches!(standing.stage, Stage::Alone);
        serde_json::json!({
            "service": self.service,
            "state": standing.state(),
            "reason": self.reason(),
            "choices": standing.choices,
            "broker": self.broker_address,
            "foreign_message": standing.foreign_message,
            "history": standing.history.map(|history| history.to_string()),
            "head": standing.head,
            "acknowledged": standing.acknowledged,
            "redundant": missing.is_empty(),
            "redundant_reason": redundancy::reason(&missing),
            "missing": missing,
            "began_as_snapshot": self.began_as_snapshot,
            "stream_created": standing.compared.map(|compared| compared.created),
            "streams": streams,
            "held": held,
            "timers": timers,
            "durability": if local { "local" } else { "replicated" },
        })
    }
}

/// Which streams have to be read on before the start is through, and why they are not.
fn unread(standing: &ProcessStatus) -> Option<String> {
    let mut unread = Vec::new();
    for (stream, progress) in &standing.streams {
        let (folded, decided) = standing.positions.get(stream).copied().unwrap_or_default();
        if folded < decided {
            let waits = progress.alarm.as_deref().or(progress.waits.as_deref()).unwrap_or_default();
            unread.push(format!("{} {folded} of {decided} {waits}", stream.stream()));
        }
    }
    (!unread.is_empty()).then(|| format!("reads what it has decided by: {}", unread.join(", ")))
}

fn observed(standing: ProcessStatus, clock: Clock) -> Observed {
    let (hindered, acknowledged) = (hindered(&standing), standing.acknowledged);
    let stream = standing.compared.map(|Compared { at, doubt, complaint, .. }| KnownStream {
        acknowledged,
        compared_ago: clock.now().monotonic.saturating_sub(at),
        doubt: doubt.or(complaint),
    });
    let alarms = standing.streams.into_iter();
    let alarms = alarms.filter_map(|(stream, progress)| Some((stream, progress.alarm?)));
    let (head, positions) = (standing.head, standing.positions);
    Observed { hindered, head, stream, positions, alarms: alarms.collect() }
}

/// Why the service does not work as usual, if it does not.
fn hindered(standing: &ProcessStatus) -> Option<String> {
    let is = match standing.stage {
        Stage::Ready => return None,
        Stage::Starting => "it starts",
        Stage::Alone => "it goes on without its stream",
        Stage::Fenced => "it is fenced",
        Stage::Stopping => "it stops",
    };
    let reason = standing.reason.iter();
    Some(reason.fold(is.to_owned(), |is, reason| format!("{is}: {reason}")))
}
