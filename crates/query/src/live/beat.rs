//! What all listeners are sent, worked out once, however many they are.

use std::sync::Arc;
use std::time::Duration;

use contracts::Timestamp;
use runtime::http::Problem;
use runtime::shutdown::Stop;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use crate::answers::backlog::{Backlog, backlog};
use crate::answers::dashboard::{Dashboard, dashboard};
use crate::answers::newest::{Newest, newest};
use crate::http::problems;
use crate::reader::Reader;

/// Shortest time between two beats: faster than an eye follows, and slow enough for a phone.
pub const SHORTEST: Duration = Duration::from_millis(250);

/// Longest time between two beats. Time alone makes an order stuck, and a page that hears nothing
/// for longer knows that the connection is lost.
pub const LONGEST: Duration = Duration::from_secs(1);

/// From where the figures are read.
#[derive(Clone)]
pub struct Source {
    /// Reads the read model.
    pub reader: Reader,
    /// After which an order that is not settled counts as stuck.
    pub stuck_after: Duration,
    /// What time it is.
    pub clock: fn() -> Timestamp,
}

/// The sections of what is shown, by their names.
#[derive(Debug, Default)]
pub struct Beat {
    /// Its number in this process.
    pub number: u64,
    /// The sections.
    pub sections: Map<String, Value>,
}

/// What a beat tells when the read model can be read.
#[derive(Serialize)]
struct Sections {
    at: Timestamp,
    backlog: Backlog,
    newest: Vec<Newest>,
    problem: Option<Value>,
    #[serde(flatten)]
    dashboard: Dashboard,
}

/// Where beats are made.
#[derive(Debug)]
pub struct Beats {
    sender: watch::Sender<Arc<Beat>>,
    arrived: Arc<Notify>,
}

/// Where beats are heard.
#[derive(Clone, Debug)]
pub struct Heard {
    sender: watch::Sender<Arc<Beat>>,
    arrived: Arc<Notify>,
}

/// Both ends.
#[must_use]
pub fn channel() -> (Beats, Heard) {
    let (sender, arrived) = (watch::Sender::default(), Arc::new(Notify::new()));
    (Beats { sender: sender.clone(), arrived: Arc::clone(&arrived) }, Heard { sender, arrived })
}

impl Heard {
    /// From now on. What was last beaten is old, if nobody has listened since.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Beat>> {
        let receiver = self.sender.subscribe();
        self.arrived.notify_one();
        receiver
    }
}

impl Beats {
    /// Beats while anybody listens, until it is time to stop.
    pub async fn run<T: Send + Sync>(
        self,
        source: Source,
        changed: watch::Receiver<T>,
        mut stop: Stop,
    ) {
        tokio::select! {
            () = stop.stopped() => {}
            () = self.beat(source, changed) => {}
        }
    }

    async fn beat<T: Send + Sync>(&self, source: Source, mut changed: watch::Receiver<T>) {
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
            self.sender.send_replace(Arc::new(Beat { number, sections }));
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
    async fn sections(&self) -> Map<String, Value> {
        let now = (self.clock)();
        let read = async {
            let dashboard = dashboard(&self.reader, self.stuck_after, now).await?;
            let backlog = backlog(&self.reader).await?;
            let newest = newest(&self.reader).await?;
            Ok(Sections { at: now, backlog, newest, problem: None, dashboard })
        };
        match read.await.map(serde_json::to_value) {
            Ok(Ok(Value::Object(sections))) => sections,
            Ok(Ok(_)) => without_figures(now, Problem::defect("the figures are no object")),
            Ok(Err(error)) => without_figures(now, Problem::defect(&error.to_string())),
            Err(none) => without_figures(now, problems::of(none, &self.reader.standing())),
        }
    }
}

/// What is told when the figures cannot be: listeners keep those that they have.
fn without_figures(at: Timestamp, problem: Problem) -> Map<String, Value> {
    let (title, detail) = (problem.title, problem.detail);
    let mut sections = problem.extensions;
    let told = json!({ "type": problem.slug, "title": title, "detail": detail });
    sections.extend([("at".to_owned(), json!(at)), ("problem".to_owned(), told)]);
    sections
}
