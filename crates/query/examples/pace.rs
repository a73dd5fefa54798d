//! Measures the projector against a real redis-server: how fast it builds the read model from zero,
//! and how long after its writing an event is visible.
//!
//! `cargo run --release -p query --example pace -- 20000`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    dead_code,
    reason = "a measurement for people that stops at the first surprise; it shares the tests' support"
)]

#[path = "../tests/support/history.rs"]
mod history;
#[path = "../tests/support/memory.rs"]
mod memory;
#[path = "../tests/support/redis_server.rs"]
mod redis_server;

use std::time::{Duration, Instant};

use contracts::service;
use protocol::Timestamp;
use query::projector::Projector;
use query::projector_status::ProjectorStatus;
use tokio::sync::watch;

use history::{Fate, History};
use memory::Streams;
use redis_server::RedisServer;

/// Orders placed one by one for the second measurement.
const PROBES: usize = 500;

#[tokio::main]
async fn main() {
    let orders = std::env::args().nth(1).map_or(20_000, |text| text.parse().unwrap());
    let mut history = History::begin(1);
    history.open_shop();
    for nth in 0..orders {
        history.order(&format!("o-{nth}"), Fate::Completed);
    }
    let rows = history.len();
    let streams = Streams::new(history);
    let redis = RedisServer::start().await;
    let projector = Projector::new(redis.client(), streams.source(), Timestamp::default);
    let mut standing = projector.standing();
    let started = Instant::now();
    tokio::spawn(projector.run());
    until_folded(&mut standing, &streams).await;
    let took = started.elapsed();
    println!(
        "{rows} events from zero in {took:.2?}: {:.0} a second",
        rows as f64 / took.as_secs_f64()
    );
    visible().await;
}

async fn until_folded(standing: &mut watch::Receiver<ProjectorStatus>, streams: &Streams) {
    let history = streams.history();
    let all = |standing: &ProjectorStatus| {
        service::ALL.iter().all(|of| standing.positions.of(*of) == history.head(*of))
    };
    standing.wait_for(all).await.unwrap();
}

/// On streams of their own, since the memory source copies a whole stream with each change.
async fn visible() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(History::begin(2));
    let projector = Projector::new(redis.client(), streams.source(), Timestamp::default);
    let mut standing = projector.standing();
    tokio::spawn(projector.run());
    let mut waits: Vec<Duration> = Vec::with_capacity(PROBES);
    for nth in 0..PROBES {
        streams.change(|history| history.order(&format!("p-{nth}"), Fate::JustPlaced));
        let written = Instant::now();
        until_folded(&mut standing, &streams).await;
        waits.push(written.elapsed());
    }
    waits.sort_unstable();
    println!("visible after: p50 {:.2?}, p99 {:.2?}", waits[PROBES / 2], waits[PROBES * 99 / 100]);
}
