//! Puts the question: without pause, for how much a way answers; and at a steady rate, for how long
//! it takes.
//!
//! At the steady rate, questions are due at fixed times and latencies count from when a question was
//! due: who waits for an answer before asking again does not see the queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{interval_at, timeout_at};

use super::ground::Ground;
use super::tally::{Counted, Tally};
use super::ways::{Kind, Way, Worth};
use client::http::Client;

/// Questions of a way under way at the steady rate at most; who comes later counts as unanswered.
const UNDER_WAY_MAX: usize = 512;

/// Longer than any way here may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A moment of load before anything is measured: connections are opened, caches filled.
const WARM_UP: Duration = Duration::from_millis(500);

/// The most that one way answers.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Most {
    /// The way.
    pub(super) way: Kind,
    /// Answers a second.
    pub(super) per_second: f64,
    /// How long they took then.
    pub(super) counted: Counted,
}

/// One way at the steady rate.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Steady {
    /// The way.
    pub(super) way: Kind,
    /// What was counted.
    pub(super) counted: Counted,
}

/// One question that was put.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// When it was due.
    pub(super) due: Instant,
    /// How long until the answer, or until none came.
    pub(super) took: Duration,
    /// What the answer was worth.
    pub(super) worth: Worth,
}

/// Asks each way in turn, without pause, over so many connections, and adds what came of it.
pub(super) async fn most(
    ways: &[Way],
    ground: &Ground,
    (connections, seconds): (u32, u32),
    all: &mut Vec<Most>,
) -> anyhow::Result<()> {
    for way in ways {
        ask_without_pause(way, ground, connections, WARM_UP).await?;
        let (began, time) = (Instant::now(), Duration::from_secs(seconds.into()));
        let counted = ask_without_pause(way, ground, connections, time).await?.counted();
        let answers = u32::try_from(counted.answered).unwrap_or(u32::MAX);
        let per_second = f64::from(answers) / began.elapsed().as_secs_f64();
        all.push(Most { way: way.kind, per_second: per_second.round(), counted });
    }
    Ok(())
}

/// Asks each way in turn at a steady rate, and adds what came of it.
pub(super) async fn steady(
    ways: &[Way],
    ground: &Ground,
    (rate, seconds): (u32, u32),
    all: &mut Vec<Steady>,
) -> anyhow::Result<()> {
    for way in ways {
        ask_without_pause(way, ground, 4, WARM_UP).await?;
        let time = Duration::from_secs(seconds.into());
        let mut tally = Tally::new()?;
        for asked in ask_steadily(way, ground, rate, time).await {
            tally.count(asked.worth, asked.took);
        }
        all.push(Steady { way: way.kind, counted: tally.counted() });
    }
    Ok(())
}

/// Asks at a steady rate for that time, and returns every question once all are answered.
pub(super) async fn ask_steadily(
    way: &Way,
    ground: &Ground,
    rate: u32,
    time: Duration,
) -> Vec<Asked> {
    let (way, ground) = (Arc::new(way.clone()), Arc::new(ground.clone()));
    let client = Client::answering_within(ANSWER_WITHIN);
    let places = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let (mut asking, mut not_asked) = (JoinSet::new(), Vec::new());
    let start = tokio::time::Instant::now();
    let mut ticks = interval_at(start, Duration::from_secs(1) / rate.max(1));
    for nth in 0.. {
        let due = ticks.tick().await;
        if due >= start + time {
            break;
        }
        let due = due.into_std();
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            not_asked.push(Asked { due, took: due.elapsed(), worth: Worth::None });
            continue;
        };
        let (way, ground, client) = (Arc::clone(&way), Arc::clone(&ground), client.clone());
        asking.spawn(async move {
            let worth = ask(&client, &way, &ground, nth).await;
            drop(place);
            Asked { due, took: due.elapsed(), worth }
        });
    }
    not_asked.extend(asking.join_all().await);
    not_asked
}

async fn ask_without_pause(
    way: &Way,
    ground: &Ground,
    connections: u32,
    time: Duration,
) -> anyhow::Result<Tally> {
    let client = Client::answering_within(ANSWER_WITHIN);
    let (until, mut asking) = (tokio::time::Instant::now() + time, JoinSet::new());
    for connection in 0..connections {
        let (way, ground, client) = (way.clone(), ground.clone(), client.clone());
        let mut tally = Tally::new()?;
        asking.spawn(async move {
            // Connections start at different orders, so that they do not walk in step.
            let first = usize::try_from(connection).unwrap_or_default() * 17;
            for nth in first.. {
                let begun = Instant::now();
                let Ok(worth) = timeout_at(until, ask(&client, &way, &ground, nth)).await else {
                    break;
                };
                tally.count(worth, begun.elapsed());
            }
            tally
        });
    }
    let mut sum = Tally::new()?;
    for tally in asking.join_all().await {
        sum.add(&tally)?;
    }
    Ok(sum)
}

async fn ask(client: &Client, way: &Way, ground: &Ground, nth: usize) -> Worth {
    match client.send(way.ask(ground.order(nth))).await {
        Ok(answer) => way.worth(&answer),
        Err(error) => {
            tracing::debug!(%error, "no answer");
            Worth::None
        }
    }
}
