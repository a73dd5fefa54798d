//! The load: commands of every kind at a given rate, whatever the services do, with repeats and
//! cancels, and a journal of what came of each.
//!
//! A client that hears nothing asks again, with the same key, as a good client does; some ask again
//! although they were answered.

pub mod ends;
pub mod order_tracker;

mod commands;
mod journal;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use auditor::journal::Outcome;
use client::http::{Answer, Client};
use client::run_file::RunFile;
use contracts::OrderId;
use hyper::StatusCode;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use crate::dice::Dice;
use commands::{Command, Fixture};
use journal::Journal;
use order_tracker::OrderTracker;

/// Commands under way at most; who comes while all places are taken is not served.
const UNDER_WAY_MAX: u32 = 256;
/// How long a client waits for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often a command is sent that is not answered.
const ATTEMPTS_MAX: u32 = 4;
/// Pause before it is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(400);
/// How long the fixture may take to be made.
const FIXTURE_WITHIN: Duration = Duration::from_secs(30);

/// A load that runs until it is ended.
#[derive(Debug)]
pub struct Load {
    /// What has come of it so far.
    pub tracker: Arc<OrderTracker>,
    sender: Arc<Sender>,
    fixture: Fixture,
    over: watch::Sender<bool>,
    sending: tokio::task::JoinHandle<()>,
}

/// What every sender needs.
#[derive(Debug)]
struct Sender {
    client: Client,
    running: RunFile,
    tracker: Arc<OrderTracker>,
    journal: Journal,
    places: Semaphore,
    over: watch::Receiver<bool>,
}

impl Load {
    /// Makes customers, products and stock, and begins to send `rate` commands a second.
    ///
    /// # Errors
    /// When the fixture cannot be made.
    pub async fn begin(
        running: &RunFile,
        journal: &Path,
        rate: u32,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let (over, is_over) = watch::channel(false);
        let tracker = Arc::new(OrderTracker::default());
        let sender = Arc::new(Sender {
            client: running.client_answering_within(ANSWER_WITHIN),
            running: running.clone(),
            tracker: Arc::clone(&tracker),
            journal: Journal::create(journal)?,
            places: Semaphore::new(UNDER_WAY_MAX as usize),
            over: is_over,
        });
        let fixture = Fixture::new(seed);
        for command in fixture.masters()? {
            make(&sender, &command).await?;
        }
        let sending = tokio::spawn(send_when_due(Arc::clone(&sender), fixture.clone(), rate, seed));
        Ok(Self { tracker, sender, fixture, over, sending })
    }

    /// Sends one more order, which is certain to be completed. Returns its id once it is accepted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn probe(&self, number: u64, attempt: u32) -> anyhow::Result<Option<OrderId>> {
        let command = self.fixture.probe(number)?;
        let outcome = self.sender.attempt(&command, attempt).await;
        Ok((outcome == Outcome::Ok).then_some(command.id.into()))
    }

    /// Waits until no command is under way; none is sent as long as the permit is kept.
    ///
    /// # Errors
    /// When there is no load any more.
    pub async fn calm(&self) -> anyhow::Result<SemaphorePermit<'_>> {
        Ok(self.sender.places.acquire_many(UNDER_WAY_MAX).await?)
    }

    /// Ends it: what is under way is waited for, and nothing more is sent.
    ///
    /// # Errors
    /// When a sender failed.
    pub async fn end(self) -> anyhow::Result<Arc<OrderTracker>> {
        self.over.send_replace(true);
        self.sending.await?;
        Ok(self.tracker)
    }
}

/// Sends a command until it is accepted.
async fn make(sender: &Sender, command: &Command) -> anyhow::Result<()> {
    let deadline = Instant::now() + FIXTURE_WITHIN;
    for attempt in 1.. {
        if sender.attempt(command, attempt).await == Outcome::Ok {
            break;
        }
        if Instant::now() > deadline {
            anyhow::bail!("{} is not accepted within {FIXTURE_WITHIN:?}", command.key);
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    Ok(())
}

async fn send_when_due(sender: Arc<Sender>, fixture: Fixture, rate: u32, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut senders = JoinSet::new();
    let mut over = sender.over.clone();
    for number in 0.. {
        tokio::select! {
            _ = ticks.tick() => {}
            // The other end lives in the load.
            _ = over.wait_for(|over| *over) => break,
        }
        while senders.try_join_next().is_some() {}
        let commands = match fixture.next(number, &mut dice) {
            Ok(commands) => commands,
            Err(error) => {
                sender.tracker.note_broken(&format!("the load has ended: {error:#}"));
                break;
            }
        };
        let again = dice.below(12) == 0;
        senders.spawn(play(Arc::clone(&sender), commands, again));
    }
    senders.join_all().await;
}

/// Sends commands that belong together, one after the other.
async fn play(sender: Arc<Sender>, commands: Vec<Command>, again: bool) {
    let Ok(_place) = sender.places.try_acquire() else {
        sender.tracker.note_left_out();
        return;
    };
    for command in &commands {
        let (outcome, attempts) = sender.until_answered(command).await;
        if outcome != Outcome::Ok {
            break;
        }
        if again {
            sender.attempt(command, attempts + 1).await;
        }
    }
}

impl Sender {
    /// Sends a command until it is answered or nobody wants to know any more.
    async fn until_answered(&self, command: &Command) -> (Outcome, u32) {
        for attempt in 1..=ATTEMPTS_MAX {
            let outcome = self.attempt(command, attempt).await;
            if outcome != Outcome::Unknown || attempt == ATTEMPTS_MAX || *self.over.borrow() {
                return (outcome, attempt);
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        (Outcome::Unknown, ATTEMPTS_MAX)
    }

    async fn attempt(&self, command: &Command, attempt: u32) -> Outcome {
        let answer = match command.call(&self.running) {
            Ok(call) => self.client.send(call).await.ok(),
            Err(_) => None,
        };
        let outcome = outcome_of(answer.as_ref());
        self.tracker.note(command, outcome, answer.as_ref());
        if let Err(error) = self.journal.write(command, attempt, outcome, answer.as_ref()) {
            self.tracker.note_broken(&format!("the journal cannot be written: {error}"));
        }
        outcome
    }
}

fn outcome_of(answer: Option<&Answer>) -> Outcome {
    Outcome::of_status(answer.map(|answer| answer.status).as_ref().map(StatusCode::as_u16))
}
