//! The network between processes and stores.

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::Instant;

use crate::chaos::file::steps::{Behaviour, Misbehaviour};
use crate::chaos::network::Network;
use crate::chaos::proxy::{Believer, Flow, Proxy, Weather};
use crate::chaos::system::{SHOWS_WITHIN, System};

/// By how much every piece is late on a slow network.
const LATE_BY: Duration = Duration::from_millis(120);
/// One piece in so many is lost on a lossy network.
const LOST_ONE_IN: u64 = 50;
/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Makes the network misbehave, and waits until somebody has felt it on each way.
pub(super) async fn misbehave(system: &System, how: &Misbehaviour) -> anyhow::Result<String> {
    let ways = network(system)?.between(&how.of, how.to)?;
    let before: Vec<_> = ways.iter().map(|way| way.disturbed()).collect();
    for way in &ways {
        apply(way, how.is);
    }
    let deadline = Instant::now() + SHOWS_WITHIN;
    loop {
        let felt = ways.iter().zip(&before).filter(|(way, before)| way.disturbed() > **before);
        let felt = felt.count();
        if felt == ways.len() {
            let (is, to) = (how.is, how.to);
            return Ok(format!("{is:?}: felt on all {felt} ways to {to}"));
        }
        if Instant::now() > deadline {
            bail!("only {felt} of {} ways have felt it", ways.len());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The network behaves again.
pub(super) fn clear(system: &System) -> anyhow::Result<String> {
    network(system)?.clear();
    Ok("the network is fine".to_owned())
}

fn network(system: &System) -> anyhow::Result<&Network> {
    system.network.as_ref().context("this system runs without proxies")
}

fn apply(way: &Proxy, behaviour: Behaviour) {
    let (held, free) = (Flow::Held, Flow::Free);
    match behaviour {
        Behaviour::Partitioned => way.set(Weather::both(held)),
        Behaviour::OneWayFromStore => way.set(Weather { to_store: held, from_store: free }),
        Behaviour::OneWayToStore => way.set(Weather { to_store: free, from_store: held }),
        Behaviour::Slow => way.set(Weather::both(Flow::Late(LATE_BY))),
        Behaviour::Resetting => way.set(Weather::both(Flow::Lossy(1))),
        Behaviour::Lossy => way.set(Weather::both(Flow::Lossy(LOST_ONE_IN))),
        Behaviour::HalfOpen => way.halve(Believer::Process),
        Behaviour::HalfOpenAtStore => way.halve(Believer::Store),
    }
}
