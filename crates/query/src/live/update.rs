//! What all listeners are sent, worked out once, however many they are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::Timestamp;
use runtime::http::Problem;
use runtime::shutdown::Stop;
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use crate::freshness::Freshness;
use crate::processes::observed::Observed;
use crate::projector_status::{Phase, ProjectorStatus};
use crate::queries::backlog::{Backlog, backlog};
use crate::queries::dashboard::dashboard;
use crate::queries::newest::{Newest, newest};
use crate::query::{NoAnswer, problems};
use crate::reader::{ReadError, Reader};

/// Shortest time between two updates: figures are read no faster, and each update costs a page the layout of all its tables.
pub const SHORTEST: Duration = Duration::from_millis(500);

/// Longest time between two updates. Time alone makes an order stuck, and a page that hears nothing
/// for longer knows that the connection is lost.
pub const LONGEST: Duration = Duration::from_secs(1);

/// A stream's reading begins anew now and then; that alone makes no figures old.
const FRESH_STILL_MS: i64 = 2_000;

/// From where the figures are read.
pub struct Source {
    /// Reads the read model.
    pub reader: Reader,
    /// What is heard of the processes.
    pub observed: watch::Receiver<Observed>,
    /// After which an order that is not settled counts as stuck.
    pub stuck_after: Duration,
    /// What time it is.
    pub clock: fn() -> Timestamp,
    /// When the figures were last seen to be fresh; at first, never.
    pub fresh_at: Option<Timestamp>,
}

/// How far the figures can be trusted, told apart from how the services are.
#[derive(Debug, Serialize)]
struct ReadModel {
    /// Whether they are of now, but for what is under way.
    fresh: bool,
    /// The time that they are of. All ages are counted up to it.
    as_of: Timestamp,
    /// What the projector is doing.
    state: &'static str,
    /// Since when.
    since: Timestamp,
    /// Why it does not fold.
    reason: Option<String>,
    /// Whether Redis answers.
    redis: &'static str,
}

/// The sections of what is shown, by their names, each as its JSON. As text, since a
/// [`serde_json::Value`] holds no sum that is wider than 64 bits.
pub type Sections = BTreeMap<String, Box<RawValue>>;

/// What is shown at one moment.
#[derive(Debug, Default)]
pub struct DashboardUpdate {
    /// Its number in this process.
    pub number: u64,
    pub sections: Sections,
}

#[derive(Serialize)]
struct BacklogSection {
    backlog: Backlog,
}

#[derive(Serialize)]
struct NewestSection {
    newest: Vec<Newest>,
}

/// Where updates are made.
#[derive(Debug)]
pub struct UpdatePublisher {
    sender: watch::Sender<Arc<DashboardUpdate>>,
    arrived: Arc<Notify>,
}

/// Where updates are subscribed to.
#[derive(Clone, Debug)]
pub struct UpdateSubscriber {
    sender: watch::Sender<Arc<DashboardUpdate>>,
    arrived: Arc<Notify>,
}

#[must_use]
pub fn channel() -> (UpdatePublisher, UpdateSubscriber) {
    let (sender, arrived) = (watch::Sender::default(), Arc::new(Notify::new()));
    (
        UpdatePublisher { sender: sender.clone(), arrived: Arc::clone(&arrived) },
        UpdateSubscriber { sender, arrived },
    )
}

impl UpdateSubscriber {
    /// From now on. The last update is old, if nobody has listened since.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<DashboardUpdate>> {
        let receiver = self.sender.subscribe();
        self.arrived.notify_one();
        receiver
    }
}

impl UpdatePublisher {
    /// Publishes while anybody listens, until it is time to stop.
    pub async fn run<T: Send + Sync>(
        self,
        source: Source,
        changed: watch::Receiver<T>,
        mut stop: Stop,
    ) {
        tokio::select! {
            () = stop.stopped() => {}
            () = self.publish(source, changed) => {}
        }
    }

    async fn publish<T: Send + Sync>(&self, mut source: Source, mut changed: watch::Receiver<T>) {
        let mut number = 0;
        loop {
            if self.sender.receiver_count() == 0 {
                self.arrived.notified().await;
                continue;
            }
            let begun = Instant::now();
            changed.mark_unchanged();
            number += 1;
            let sections = source.sections().await;
            self.sender.send_replace(Arc::new(DashboardUpdate { number, sections }));
            sleep_until(begun + SHORTEST).await;
            tokio::select! {
                () = wait_for_change(&mut changed) => {}
                () = self.arrived.notified() => {}
                () = sleep_until(begun + LONGEST) => {}
            }
        }
    }
}

async fn wait_for_change<T: Send + Sync>(changed: &mut watch::Receiver<T>) {
    if changed.changed().await.is_err() {
        // Nobody is left who would say that anything changes.
        std::future::pending::<()>().await;
    }
}

impl Source {
    /// What cannot be told does not keep the rest from being told.
    async fn sections(&mut self) -> Sections {
        let (now, standing) = ((self.clock)(), self.reader.standing());
        let mut model = self.read_model(now, &standing);
        let (dashboard, backlog, newest) = tokio::join!(
            dashboard(self.reader.once(), self.stuck_after, model.as_of),
            backlog(self.reader.once()),
            newest(self.reader.once()),
        );
        if let Err(NoAnswer::Unreadable(ReadError::Away(_))) = &dashboard {
            (model.fresh, model.redis) = (false, "away");
        }
        let positions = dashboard.as_ref().ok().map(|dashboard| dashboard.positions.clone());
        let read = [
            self.sections_of(dashboard.map(|dashboard| dashboard.content)),
            self.sections_of(backlog.map(|backlog| BacklogSection { backlog })),
            self.sections_of(newest.map(|newest| NewestSection { newest })),
        ];
        let (mut sections, mut problem) = (Sections::new(), None);
        for section in read {
            match section {
                Ok(section) => sections.extend(section),
                Err(found) => problem = problem.or(Some(found)),
            }
        }
        if let Some(positions) = positions {
            let freshness = Freshness::of(&positions, &self.reader.standing());
            add(&mut sections, "freshness", &freshness);
        }
        add(&mut sections, "at", &now);
        add(&mut sections, "read_model", &model);
        add(&mut sections, "processes", &self.observed.borrow().view(Instant::now()));
        add_problem(&mut sections, problem);
        if !sections.contains_key("freshness") {
            add(&mut sections, "freshness", &Freshness::of(&standing.positions, &standing));
        }
        sections
    }

    /// Figures that stand still are of when they were last fresh: nobody knows of what came since.
    fn read_model(&mut self, now: Timestamp, standing: &ProjectorStatus) -> ReadModel {
        if standing.is_fresh() {
            self.fresh_at = Some(now);
        }
        let recent = |at: Timestamp| now.millis_since(at) <= FRESH_STILL_MS;
        let fresh = standing.phase == Phase::Following && self.fresh_at.is_some_and(recent);
        let folded = standing.positions.iter();
        let newest = folded.filter_map(|(service, _)| standing.positions.time_of(service)).max();
        let as_of = self.fresh_at.max(newest).unwrap_or(now).min(now);
        let reason = match &standing.phase {
            Phase::Away(reason) => Some(reason.clone()),
            Phase::StaleVersion | Phase::Rebuilding | Phase::CatchingUp | Phase::Following => None,
        };
        let as_of = if fresh { now } else { as_of };
        let (state, since) = (standing.phase.name(), standing.since);
        ReadModel { fresh, as_of, state, since, reason, redis: "connected" }
    }

    fn sections_of(&self, read: Result<impl Serialize, NoAnswer>) -> Result<Sections, Problem> {
        let read = read.map_err(|none| problems::of(none, &self.reader.standing()))?;
        let defect = |error: serde_json::Error| Problem::defect(&error.to_string());
        let json = serde_json::to_string(&read).map_err(defect)?;
        serde_json::from_str(&json).map_err(defect)
    }
}

/// Listeners keep the figures of the sections that are missing.
fn add_problem(sections: &mut Sections, problem: Option<Problem>) {
    let Some(Problem { kind, detail, extensions, .. }) = problem else {
        return add(sections, "problem", &());
    };
    for (name, extension) in &extensions {
        if !sections.contains_key(name) {
            add(sections, name, extension);
        }
    }
    add(sections, "problem", &json!({ "type": kind.url(), "title": kind.title, "detail": detail }));
}

fn add(sections: &mut Sections, name: &str, section: &impl Serialize) {
    if let Ok(json) = to_raw_value(section) {
        sections.insert(name.to_owned(), json);
    }
}
