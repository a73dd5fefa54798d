//! Puts the question: without pause, for how much a way answers; and at a steady rate, for how long
//! it takes.
//!
//! At the steady rate, questions are due at fixed times and latencies count from when a question was
//! due: who waits for an answer before asking again does not see the queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use client::http::Client;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{interval_at, timeout_at};

use super::fixture::Fixture;
use super::tally::{Counted, Tally};
use super::ways::{Completeness, Kind, Way};

/// Questions of a way under way at the steady rate at most; who comes later counts as unanswered.
const UNDER_WAY_MAX: usize = 512;

/// Longer than any way here may take.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A moment of load before anything is measured: connections are opened, caches filled.
const WARM_UP: Duration = Duration::from_millis(500);

/// The most that one way answers.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Most {
    pub way: Kind,
    pub per_second: f64,
    /// How long they took then.
    pub counted: Counted,
}

/// One way at the steady rate.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Steady {
    pub way: Kind,
    pub counted: Counted,
}

/// One question that was put.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// When it was due.
    pub due: Instant,
    /// How long until the answer, or until none came.
    pub took: Duration,
    /// How complete the answer was.
    pub completeness: Completeness,
}

/// Asks each way in turn, without pause, over so many connections, and adds what came of it.
pub async fn most(
    ways: &[Way],
    fixture: &Fixture,
    (connections, seconds): (u32, u32),
    all: &mut Vec<Most>,
) -> anyhow::Result<()> {
    for way in ways {
        ask_without_pause(way, fixture, connections, WARM_UP).await?;
        let (began, time) = (Instant::now(), Duration::from_secs(seconds.into()));
        let counted = ask_without_pause(way, fixture, connections, time).await?.counted();
        let answers = u32::try_from(counted.answered).unwrap_or(u32::MAX);
        let per_second = f64::from(answers) / began.elapsed().as_secs_f64();
        all.push(Most { way: way.kind, per_second: per_second.round(), counted });
    }
    Ok(())
}

/// Asks each way in turn at a steady rate, and adds what came of it.
pub async fn steady(
    ways: &[Way],
    fixture: &Fixture,
    (rate, seconds): (u32, u32),
    all: &mut Vec<Steady>,
) -> anyhow::Result<()> {
    for way in ways {
        ask_without_pause(way, fixture, 4, WARM_UP).await?;
        let time = Duration::from_secs(seconds.into());
        let mut tally = Tally::new()?;
        for asked in ask_steadily(way, fixture, rate, time).await {
            tally.count(asked.completeness, asked.took);
        }
        all.push(Steady { way: way.kind, counted: tally.counted() });
    }
    Ok(())
}

/// Asks at a steady rate for that time, and returns every question once all are answered.
pub async fn ask_steadily(way: &Way, fixture: &Fixture, rate: u32, time: Duration) -> Vec<Request> {
    let (way, fixture) = (Arc::new(way.clone()), Arc::new(fixture.clone()));
    let client = way.client(ANSWER_WITHIN);
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
            not_asked.push(Request { due, took: due.elapsed(), completeness: Completeness::None });
            continue;
        };
        let (way, fixture, client) = (Arc::clone(&way), Arc::clone(&fixture), client.clone());
        asking.spawn(async move {
            let completeness = ask(&client, &way, &fixture, nth).await;
            drop(place);
            Request { due, took: due.elapsed(), completeness }
        });
    }
    not_asked.extend(asking.join_all().await);
    not_asked
}

async fn ask_without_pause(
    way: &Way,
    fixture: &Fixture,
    connections: u32,
    time: Duration,
) -> anyhow::Result<Tally> {
    let client = way.client(ANSWER_WITHIN);
    let (until, mut asking) = (tokio::time::Instant::now() + time, JoinSet::new());
    for connection in 0..connections {
        let (way, fixture, client) = (way.clone(), fixture.clone(), client.clone());
        let mut tally = Tally::new()?;
        asking.spawn(async move {
            // Connections start at different orders, so that they do not walk in step.
            let first = usize::try_from(connection).unwrap_or_default() * 17;
            for nth in first.. {
                let begun = Instant::now();
                let Ok(completeness) = timeout_at(until, ask(&client, &way, &fixture, nth)).await
                else {
                    break;
                };
                tally.count(completeness, begun.elapsed());
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

async fn ask(client: &Client, way: &Way, fixture: &Fixture, nth: usize) -> Completeness {
    match client.send(way.ask(fixture.order(nth))).await {
        Ok(answer) => way.completeness(&answer),
        Err(error) => {
            tracing::debug!(%error, "no answer");
            Completeness::None
        }
    }
}
