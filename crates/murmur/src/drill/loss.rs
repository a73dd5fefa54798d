//! One store, from its loss until everything is well again.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{anyhow, bail};
use client::http::Call;
use client::process::Process;
use client::run_file::RunFile;
use client::wait::{break_if, look_until, wait_until};
use contracts::OrderId;
use serde::Serialize;
use serde_json::Value;
use supervisor::readiness;
use supervisor::redundancy;
use supervisor::service_status::ask_services;
use supervisor::supervisor_client::SupervisorClient;
use tokio::time::{Instant, timeout};
use workload::mixed::Load;

use super::progress::Progress;
use super::store::Store;

/// How often is looked how processes stand. A look asks all of them.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How those stand who miss nothing.
const READY: &str = "ready";
/// How long one question to the read model may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What came of one loss. Times count from the loss.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Loss {
    pub(crate) store: Process,
    /// What it held.
    pub(crate) events: u64,
    /// When all of that was back.
    pub(crate) back_ms: u64,
    /// When an order that was placed after that was completed, and seen so in the read model.
    pub(crate) well_ms: u64,
    /// Orders that were taken until then.
    pub(crate) orders_meanwhile: usize,
}

/// The losses of one drill.
pub(crate) struct Losses<'a> {
    running: &'a RunFile,
    load: &'a Load,
    progress: &'a Progress,
    within: Duration,
    all: Vec<Loss>,
}

/// Says what happens, and how long after the loss.
struct Clock<'a> {
    progress: &'a Progress,
    begun: Instant,
}

impl<'a> Losses<'a> {
    pub(crate) const fn new(
        running: &'a RunFile,
        load: &'a Load,
        progress: &'a Progress,
        within: Duration,
    ) -> Self {
        Self { running, load, progress, within, all: Vec::new() }
    }

    /// Wipes a store, and waits until everything is well again.
    ///
    /// # Errors
    /// When that takes too long, or less has come back than was there.
    pub(crate) async fn suffer(&mut self, store: Store) -> anyhow::Result<()> {
        let (held, orders) = (store.events(self.running).await?, self.load.tracker.counts().orders);
        let begun = self.wipe(store).await?;
        let clock = Clock { progress: self.progress, begun };
        clock.say(&format!("gone: {held} events"));
        let well = timeout(self.within, self.heal(store, held, &clock)).await;
        let Ok(healed) = well else {
            bail!(
                "{} is not well {:?} after it was wiped: `murmur status` says what it waits for",
                store.process(),
                self.within
            );
        };
        let back = healed?;
        let orders_meanwhile = self.load.tracker.counts().orders.saturating_sub(orders);
        clock.say(&format!("meanwhile {orders_meanwhile} orders were taken"));
        self.all.push(Loss {
            store: store.process(),
            events: held,
            back_ms: millis(back),
            well_ms: millis(begun.elapsed()),
            orders_meanwhile,
        });
        Ok(())
    }

    pub(crate) fn end(self) -> Vec<Loss> {
        self.all
    }

    /// Wipes it as soon as all that it holds is in another store, too.
    async fn wipe(&self, store: Store) -> anyhow::Result<Instant> {
        let say = |text: &str| self.progress.say(&format!("     waits: {text}"));
        let permit = match store.loss() {
            Some(loss) => Some(redundancy::wait(self.running, loss, self.within, say).await?),
            None => None,
        };
        let begun = Instant::now();
        SupervisorClient::of(self.running).wipe(store.process()).await?;
        drop(permit);
        Ok(begun)
    }

    /// Waits until all is back and an order goes through; how long after the loss all was back.
    async fn heal(&self, store: Store, held: u64, clock: &Clock<'_>) -> anyhow::Result<Duration> {
        let redundant = tokio::select! {
            redundant = readiness::redundant(self.running, store.process()) => redundant,
            never = self.show_states(store, clock) => match never {},
        };
        redundant?;
        let (back, after) = (store.events(self.running).await?, clock.begun.elapsed());
        if back < held {
            bail!("{} held {held} events, and only {back} came back", store.process());
        }
        clock.say(&store.back(back));
        self.order_goes_through().await?;
        clock.say("an order placed since then is completed, and the read model shows it");
        Ok(after)
    }

    /// Tells each change in how those stand who notice the loss.
    async fn show_states(&self, store: Store, clock: &Clock<'_>) -> Infallible {
        let mut known = BTreeMap::<Process, String>::new();
        let look = async || -> Result<ControlFlow<Infallible>, Infallible> {
            let mut changed = BTreeMap::<String, Vec<String>>::new();
            for (process, state) in self.states(store).await {
                // Before anything is known of a process, it was ready.
                let before = known.insert(process, state.clone());
                if before.as_deref().unwrap_or(READY) != state {
                    changed.entry(state).or_default().push(process.to_string());
                }
            }
            for (state, processes) in changed {
                clock.say(&format!("{}: {state}", processes.join(", ")));
            }
            Ok(ControlFlow::Continue(()))
        };
        match look_until(LOOK_EVERY, look).await {
            Ok(never) | Err(never) => never,
        }
    }

    /// How those stand who notice the loss: by their own word, or, where they say nothing, by that of
    /// the supervisor.
    async fn states(&self, store: Store) -> BTreeMap<Process, String> {
        // A look that fails is one of many.
        let reports = SupervisorClient::of(self.running).report().await.unwrap_or_default();
        let concerned = reports.into_iter().filter(|report| store.is_noticed_by(report.process));
        let mut states: BTreeMap<_, _> =
            concerned.map(|report| (report.process, report.state.to_string())).collect();
        for (process, answer) in ask_services(self.running).await {
            if let (Some(state), Ok(report)) = (states.get_mut(&process), answer) {
                *state = report.state;
            }
        }
        states
    }

    /// Places an order, and waits until the read model shows its end.
    async fn order_goes_through(&self) -> anyhow::Result<()> {
        let (number, mut attempt) = (self.all.len() as u64, 0);
        let place = async || {
            attempt += 1;
            let placed = self.load.probe(number, attempt).await?;
            Ok(placed.map_or(ControlFlow::Continue(()), ControlFlow::Break))
        };
        let order: OrderId =
            wait_until(self.within, place, |()| anyhow!("no order is accepted")).await?;
        let client = self.running.client_answering_within(ANSWER_WITHIN);
        let url = format!("{}/orders/{order}", self.running.query()?);
        let see = async || {
            let seen = client.json::<Value>(Call::get(&url)).await.unwrap_or_default();
            Ok(break_if(!seen["end"].is_null()))
        };
        wait_until(self.within, see, |()| anyhow!("{order} is not completed in the read model"))
            .await
    }
}

impl Clock<'_> {
    fn say(&self, text: &str) {
        let after = self.begun.elapsed().as_secs_f64();
        self.progress.say(&format!("     +{after:.2} s  {text}"));
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
