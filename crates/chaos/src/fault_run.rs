//! One fault, from a fresh system to its verdict.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use client::streams::Streams;
use client::wait::wait_until;
use serde::Serialize;
use supervisor::redundancy::Loss;
use terminal::note;
use tokio::time::Instant;
use workload::dice::Dice;
use workload::mixed::Load;
use workload::mixed::ends::Ends;

use crate::audit;
use crate::fault::Fault;
use crate::injection::Injector;
use crate::network::Network;
use crate::recovery;
use crate::stream_count::{self, Counted};
use crate::system::System;

/// Orders that are under way before a fault, at least.
const IN_FLIGHT_MIN: usize = 3;
/// How long it may take until so many are.
const IN_FLIGHT_WITHIN: Duration = Duration::from_secs(20);

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rate: u32,
    /// Of all that is chosen.
    pub seed: u64,
    /// Where the systems' folders are made.
    pub folder: PathBuf,
    /// Keep the folder of a system even if all went well.
    pub keep: bool,
    pub verbose: bool,
}

/// What came of one fault.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    pub fault: String,
    /// How often it really did.
    pub fired: u32,
    /// Orders in flight just before, over all times.
    pub in_flight: usize,
    /// The longest time to heal.
    pub healed_ms: u64,
    /// Promised effects that are missing.
    pub lost: usize,
    /// Effects that happened more than once.
    pub doubled: usize,
    /// Commands that were accepted.
    pub accepted: u64,
    /// Commands of which nobody knows what became of them.
    pub unknown: u64,
    /// What is wrong; nothing, if all went as it must.
    pub wrong: Vec<String>,
    /// Of all faults that happened to one system together: what was lost, doubled and accepted was
    /// counted once, at the end, and belongs to none of them.
    pub is_total: bool,
}

/// A system under load, to which faults can happen.
pub struct Fixture {
    pub system: System,
    pub load: Load,
    streams: Streams,
    pub journal: PathBuf,
    ends: Ends,
    probes: u64,
}

impl Fixture {
    /// Starts a system and its load.
    ///
    /// # Errors
    /// When they do not start.
    pub async fn prepare(
        settings: &Settings,
        name: &str,
        with_network: bool,
    ) -> anyhow::Result<Self> {
        let network = if with_network { Some(Network::open(settings.seed).await?) } else { None };
        let system = System::start(settings.folder.join(name), network).await?;
        let journal = system.data().join("journal.jsonl");
        let load = Load::begin(&system.running, &journal, settings.rate, settings.seed).await?;
        let streams = Streams::open(&system.running).await?;
        let ends = Ends::follow(&streams, &load.tracker);
        Ok(Self { system, load, streams, journal, ends, probes: 0 })
    }

    /// Has a fault happen once, and waits until all is well again.
    ///
    /// # Errors
    /// When it does not happen, or does not heal.
    pub async fn inject(
        &mut self,
        fault: &Fault,
        dice: Dice,
        outcome: &mut Outcome,
        say: &dyn Fn(&str),
    ) -> anyhow::Result<Duration> {
        outcome.in_flight += self.orders_in_flight().await?;
        // Whatever is lost next must not be the second loss.
        drop(self.system.may_lose(Loss::Broker).await?);
        let mut injector = Injector::new(&self.system, dice);
        for step in &fault.fault {
            let seen = injector.carry_out(step).await;
            let seen = seen.map_err(|error| error.context(format!("did not happen: {step}")))?;
            say(&format!("{step}: {seen}"));
        }
        outcome.fired += 1;
        let begun = Instant::now();
        for step in &fault.heal {
            let seen = injector.carry_out(step).await;
            let seen = seen.map_err(|error| error.context(format!("healing: {step}")))?;
            say(&format!("{step}: {seen}"));
        }
        self.probes += 1;
        let left = fault.within.0.saturating_sub(begun.elapsed());
        recovery::wait(&self.system, &self.load, self.probes, left).await?;
        Ok(begun.elapsed())
    }

    /// Waits until orders are in flight, and says how many.
    async fn orders_in_flight(&self) -> anyhow::Result<usize> {
        let look = async || {
            let in_flight = self.load.tracker.in_flight();
            let enough = in_flight >= IN_FLIGHT_MIN;
            Ok(if enough {
                ControlFlow::Break(in_flight)
            } else {
                ControlFlow::Continue(in_flight)
            })
        };
        wait_until(IN_FLIGHT_WITHIN, look, |in_flight| {
            anyhow::anyhow!("the load is too low: {in_flight} orders are in flight")
        })
        .await
    }

    /// Ends the load, counts and audits; what is wrong goes into the outcome.
    ///
    /// # Errors
    /// When the streams cannot be read, or the system does not end.
    pub async fn conclude(self, settings: &Settings, outcome: &mut Outcome) -> anyhow::Result<()> {
        let tracker = self.load.end().await?;
        let audited = audit::audit(&self.system, &self.journal).await?;
        outcome.wrong.extend(audited);
        outcome.wrong.extend(tracker.broken());
        let Counted { lost, doubled } = stream_count::count(&self.streams, &tracker).await?;
        outcome.lost = lost.len();
        outcome.doubled = doubled.len();
        let some = |what: &str, all: &std::collections::BTreeSet<String>| {
            let first = all.iter().next()?;
            Some(format!("{} {what}, such as {first}", all.len()))
        };
        outcome.wrong.extend(some("lost", &lost));
        outcome.wrong.extend(some("doubled", &doubled));
        let counts = tracker.counts();
        (outcome.accepted, outcome.unknown) = (counts.ok, counts.unknown);
        drop(self.ends);
        let keep = settings.keep || !outcome.wrong.is_empty();
        end(self.system, keep).await
    }

    /// Ends everything without a verdict; the folder stays.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn abandon(self) -> anyhow::Result<()> {
        drop(self.ends);
        drop(self.load.end().await);
        end(self.system, true).await
    }
}

async fn end(system: System, keep: bool) -> anyhow::Result<()> {
    if keep {
        note!("  what it left behind is in {}", system.data().display());
    }
    system.end(keep).await
}

/// Runs one fault as often as it says, and audits.
pub async fn run(settings: &Settings, fault: &Fault, name: &str) -> Outcome {
    let mut outcome = Outcome { fault: fault.chaos.clone(), ..Outcome::default() };
    if let Err(error) = try_run(settings, fault, name, &mut outcome).await {
        outcome.wrong.push(format!("{error:#}"));
    }
    outcome
}

async fn try_run(
    settings: &Settings,
    fault: &Fault,
    name: &str,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let mut fixture = Fixture::prepare(settings, name, fault.needs_network()).await?;
    let mut dice = Dice::new(settings.seed);
    let say = |text: &str| {
        if settings.verbose {
            note!("  {text}");
        }
    };
    for _ in 0..fault.times {
        match fixture.inject(fault, Dice::new(dice.next()), outcome, &say).await {
            Ok(healed) => {
                outcome.note_healed(healed);
                say(&format!("well again after {healed:.1?}"));
            }
            Err(error) => {
                fixture.abandon().await?;
                return Err(error);
            }
        }
    }
    fixture.conclude(settings, outcome).await
}

impl Outcome {
    /// It healed after that long.
    pub fn note_healed(&mut self, after: Duration) {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.healed_ms = self.healed_ms.max(millis);
    }
}

/// A folder for the systems of this process, on a short path: sockets have short names.
pub fn folder() -> PathBuf {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    Path::new(&std::env::temp_dir()).join(format!("murmur-chaos-{}", &unique[..8]))
}
