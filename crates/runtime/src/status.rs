//! How a service stands: what `/status`, `/readyz` and the operator see.

use std::collections::BTreeMap;
use std::time::Instant;

use contracts::{HistoryId, Service, Timestamp};
use engine::redundancy::{self, KnownStream, Missing, Observed};
use engine::starting::{Fence, Found};
use engine::{Domain, Engine, timers};
use serde::Serialize;
use tokio::sync::watch;

use crate::reading::Progress;

/// The stage of a service's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It looks at what its stores hold; commands wait.
    Starting,
    /// It takes commands.
    Ready,
    /// It takes commands without the broker.
    Alone,
    /// It refuses commands until a person has chosen.
    Fenced,
    /// It finishes what it has begun.
    Stopping,
}

/// What changes while a service runs.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The stage.
    pub stage: Stage,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// Why the broker is not there, while it is not.
    pub broker: Option<String>,
    /// What of the broker's limits is in the way.
    pub limits: Option<String>,
    /// What a person can do.
    pub choices: &'static [&'static str],
    /// The history that is told.
    pub history: Option<HistoryId>,
    /// The outbox's end.
    pub head: u64,
    /// Up to where the stream has acknowledged it.
    pub acknowledged: u64,
    /// What this process has seen of its stream, once its start has compared it with the outbox.
    pub compared: Option<Compared>,
    /// For each foreign stream, how far it is folded and decided.
    pub positions: BTreeMap<Service, (u64, u64)>,
    /// Streams that are held, and why.
    pub held: BTreeMap<Service, String>,
    /// When the next timer is due, if one is set.
    pub next_timer: Option<Timestamp>,
}

/// When a process has compared its stream with the outbox, and whether it has to again.
#[derive(Clone, Debug)]
pub struct Compared {
    /// When the stream was created: tells it from another one of its name.
    pub created: Timestamp,
    /// When it was last seen to hold what it has acknowledged.
    pub at: Instant,
    /// Why what it holds has to be read back.
    pub doubt: Option<String>,
    /// What a consumer of it complains of, until the stream was looked at.
    pub complaint: Option<String>,
}

/// The standing, shared by the parts of a process.
#[derive(Clone, Debug)]
pub struct Status {
    service: Service,
    standing: watch::Sender<Standing>,
    readings: watch::Sender<BTreeMap<Service, watch::Receiver<Progress>>>,
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
    stream: &'static str,
    reason: &'a str,
}

impl Status {
    pub(crate) fn new(service: Service) -> Self {
        let standing = Standing {
            stage: Stage::Starting,
            reason: None,
            broker: None,
            limits: None,
            choices: &[],
            history: None,
            head: 0,
            acknowledged: 0,
            compared: None,
            positions: BTreeMap::new(),
            held: BTreeMap::new(),
            next_timer: None,
        };
        let (standing, readings) = (watch::Sender::new(standing), watch::Sender::default());
        Self { service, standing, readings }
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Standing)) {
        self.standing.send_modify(change);
    }

    /// Tells what the database holds now.
    pub(crate) fn tell<D: Domain>(&self, engine: &Engine<D>) {
        let positions = engine.positions();
        let next_timer = timers::next_due(&engine.read()).unwrap_or_default();
        let (head, history) = (engine.head().sequence, engine.history());
        self.update(|standing| {
            for (stream, place) in &positions.0 {
                let both = (place.folded.sequence, place.decided.sequence);
                standing.positions.insert(*stream, both);
            }
            standing.head = head;
            standing.history = history;
            standing.next_timer = next_timer;
        });
    }

    pub(crate) fn set_stage(&self, stage: Stage, reason: Option<String>) {
        self.standing.send_if_modified(|standing| {
            let fixed = matches!(standing.stage, Stage::Fenced | Stage::Stopping);
            if (fixed && stage != Stage::Stopping) || standing.stage == stage {
                return false;
            }
            tracing::info!(stage = ?stage, reason = reason.as_deref(), "the stage has changed");
            standing.stage = stage;
            standing.reason = reason;
            true
        });
    }

    /// Goes from one stage to another, if it is in that one.
    pub(crate) fn leave(&self, from: Stage, to: Stage, reason: Option<&str>) {
        if self.standing.borrow().stage == from {
            self.set_stage(to, reason.map(str::to_owned));
        }
    }

    /// Goes on without the broker, or says anew why.
    pub(crate) fn go_alone(&self, reason: &str) {
        self.leave(Stage::Ready, Stage::Alone, Some(reason));
        self.standing.send_if_modified(|standing| {
            let news = standing.stage == Stage::Alone && standing.reason.as_deref() != Some(reason);
            if news {
                standing.reason = Some(reason.to_owned());
            }
            news
        });
    }

    pub(crate) fn fence(&self, fence: &Fence) {
        tracing::error!(reason = %fence, "fenced: commands are refused");
        self.update(|standing| standing.choices = fence.choices());
        self.set_stage(Stage::Fenced, Some(fence.to_string()));
    }

    /// Holds a stream, loudly.
    pub(crate) fn hold(&self, stream: Service, reason: String) {
        self.standing.send_if_modified(|standing| {
            if standing.held.contains_key(&stream) {
                return false;
            }
            let name = stream.stream();
            tracing::error!(stream = name, reason, "the stream is held until this is mended");
            metrics::counter!("murmur_streams_held_total", "stream" => name).increment(1);
            standing.held.insert(stream, reason);
            true
        });
    }

    pub(crate) fn is_held(&self, stream: Service) -> bool {
        self.standing.borrow().held.contains_key(&stream)
    }

    pub(crate) fn add_reading(&self, stream: Service, progress: watch::Receiver<Progress>) {
        self.readings.send_modify(|readings| {
            readings.insert(stream, progress);
        });
    }

    pub(crate) fn readings(&self) -> BTreeMap<Service, Progress> {
        let readings = self.readings.borrow();
        readings.iter().map(|(stream, progress)| (*stream, progress.borrow().clone())).collect()
    }

    /// The start leaves this stream to the relay.
    pub(crate) fn begin_stream(&self, found: Found) {
        let Found { created, ends_at } = found;
        let compared = Compared { created, at: Instant::now(), doubt: None, complaint: None };
        self.update(|standing| {
            standing.acknowledged = ends_at;
            standing.compared = Some(compared);
        });
    }

    pub(crate) fn update_compared(&self, change: impl FnOnce(&mut Compared)) {
        self.update(|standing| {
            if let Some(compared) = &mut standing.compared {
                change(compared);
            }
        });
    }

    /// What of this service is in one place only, or may be.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing> {
        let alarms = self.readings().into_iter();
        let alarms = alarms.filter_map(|(stream, progress)| Some((stream, progress.alarm?)));
        redundancy::missing(&self.standing().observed(alarms.collect()))
    }

    /// The present standing.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// The standing, to wait for changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Why it stands as it does, and what it waits for.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let standing = self.standing();
        let starting = match standing.stage {
            Stage::Fenced => return standing.reason,
            Stage::Starting => true,
            Stage::Ready | Stage::Alone | Stage::Stopping => false,
        };
        // Without the broker, nothing that a start has met before is what it waits for.
        let own = standing.reason.clone().filter(|_| !starting || standing.broker.is_none());
        let streams = || (starting && standing.broker.is_none()).then(|| self.unread(&standing));
        let own = own.or_else(|| streams().flatten());
        let all: Vec<_> = [own, standing.broker, standing.limits].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Which streams have to be read on before the start is through, and why they are not.
    fn unread(&self, standing: &Standing) -> Option<String> {
        let mut unread = Vec::new();
        for (stream, progress) in self.readings() {
            let (folded, decided) = standing.positions.get(&stream).copied().unwrap_or_default();
            if folded < decided {
                let waits = progress.alarm.or(progress.waits).unwrap_or_default();
                unread.push(format!("{} {folded} of {decided} {waits}", stream.stream()));
            }
        }
        (!unread.is_empty()).then(|| format!("reads what it has decided by: {}", unread.join(", ")))
    }

    /// Everything, as `/status` says it; how many timers are set is counted by the caller.
    #[must_use]
    pub fn report(&self, timers: Option<u64>) -> serde_json::Value {
        let (standing, missing) = (self.standing(), self.missing());
        let readings = self.readings();
        let streams: BTreeMap<&str, StreamReport> = readings
            .into_iter()
            .map(|(stream, progress)| {
                let (folded, decided) =
                    standing.positions.get(&stream).copied().unwrap_or_default();
                let Progress { last_in_stream: last, connected, waits, alarm, .. } = progress;
                let report = StreamReport { folded, decided, last, connected, waits, alarm };
                (stream.stream(), report)
            })
            .collect();
        let held = standing.held.iter();
        let held: Vec<_> =
            held.map(|(stream, reason)| HeldReport { stream: stream.stream(), reason }).collect();
        let local = matches!(standing.stage, Stage::Alone);
        serde_json::json!({
            "service": self.service,
            "state": standing.stage,
            "reason": self.reason(),
            "choices": standing.choices,
            "history": standing.history.map(|history| history.to_string()),
            "head": standing.head,
            "acknowledged": standing.acknowledged,
            "redundant": missing.is_empty(),
            "redundant_reason": redundancy::reason(&missing),
            "missing": missing,
            "stream_created": standing.compared.map(|compared| compared.created),
            "streams": streams,
            "held": held,
            "timers": timers,
            "durability": if local { "local" } else { "replicated" },
        })
    }
}

impl Standing {
    fn observed(self, alarms: BTreeMap<Service, String>) -> Observed {
        let (hindered, acknowledged) = (self.hindered(), self.acknowledged);
        let stream = self.compared.map(|Compared { at, doubt, complaint, .. }| KnownStream {
            acknowledged,
            compared_ago: at.elapsed(),
            doubt: doubt.or(complaint),
        });
        Observed { hindered, head: self.head, stream, positions: self.positions, alarms }
    }

    /// Why the service does not work as usual, if it does not.
    fn hindered(&self) -> Option<String> {
        let is = match self.stage {
            Stage::Ready => return None,
            Stage::Starting => "it starts",
            Stage::Alone => "it goes on without its stream",
            Stage::Fenced => "it is fenced",
            Stage::Stopping => "it stops",
        };
        let reason = self.reason.iter();
        Some(reason.fold(is.to_owned(), |is, reason| format!("{is}: {reason}")))
    }
}
