//! The network between processes and stores.

use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use client::wait::wait_until;

use crate::fault::steps::{Behaviour, Misbehaviour};
use crate::network::Network;
use crate::proxy::{Flow, HalfOpenSide, NetworkCondition, Proxy};
use crate::system::{SHOWS_WITHIN, System};

/// By how much every piece is late on a slow network.
const LATE_BY: Duration = Duration::from_millis(120);
/// One piece in so many is lost on a lossy network.
const LOST_ONE_IN: u64 = 50;
/// Makes the network misbehave, and waits until somebody has felt it on each way.
pub(crate) async fn misbehave(system: &System, how: &Misbehaviour) -> anyhow::Result<String> {
    let ways = network(system)?.between(&how.of, how.to)?;
    let before: Vec<_> = ways.iter().map(|way| way.disturbed()).collect();
    for way in &ways {
        apply(way, how.is);
    }
    let look = async || {
        let felt = ways.iter().zip(&before).filter(|(way, before)| way.disturbed() > **before);
        let felt = felt.count();
        if felt == ways.len() {
            let (is, to) = (how.is, how.to);
            return Ok(ControlFlow::Break(format!("{is:?}: felt on all {felt} ways to {to}")));
        }
        Ok(ControlFlow::Continue(felt))
    };
    wait_until(SHOWS_WITHIN, look, |felt| {
        anyhow!("only {felt} of {} ways have felt it", ways.len())
    })
    .await
}

/// The network behaves again.
pub(crate) fn clear(system: &System) -> anyhow::Result<String> {
    network(system)?.clear();
    Ok("the network is fine".to_owned())
}

fn network(system: &System) -> anyhow::Result<&Network> {
    system.network.as_ref().context("this system runs without proxies")
}

fn apply(way: &Proxy, behaviour: Behaviour) {
    let (held, free) = (Flow::Held, Flow::Free);
    match behaviour {
        Behaviour::Partitioned => way.set(NetworkCondition::both(held)),
        Behaviour::OneWayFromStore => {
            way.set(NetworkCondition { to_store: held, from_store: free })
        }
        Behaviour::OneWayToStore => way.set(NetworkCondition { to_store: free, from_store: held }),
        Behaviour::Slow => way.set(NetworkCondition::both(Flow::Late(LATE_BY))),
        Behaviour::Resetting => way.set(NetworkCondition::both(Flow::Lossy(1))),
        Behaviour::Lossy => way.set(NetworkCondition::both(Flow::Lossy(LOST_ONE_IN))),
        Behaviour::HalfOpen => way.halve(HalfOpenSide::Process),
        Behaviour::HalfOpenAtStore => way.halve(HalfOpenSide::Store),
    }
}
