//! `murmur down`: stops everything, in order.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use client::process::Process;
use client::wait::{break_if, wait_until};
use serde_json::json;
use supervisor::protocol::Request;
use supervisor::supervisor_client::SupervisorClient;
use supervisor::{data_folder, leftovers, redundancy};
use terminal::verdict::Verdict;
use terminal::{line, note, quantity};

use crate::global::Global;

/// How long is waited for rows that are being published.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(10);

/// Stops it, or ends what a dead supervisor left running.
pub(crate) async fn run(global: &Global) -> anyhow::Result<Verdict> {
    let begun = Instant::now();
    let ended = if data_folder::is_owned(&global.data) {
        end_supervised(global).await?
    } else {
        leftovers::clean_up(&global.data)?
    };
    if global.json {
        line!("{}", json!({ "done": "down", "ended": ended }));
    } else if ended.is_empty() {
        note!("nothing runs in {}", global.data.display());
    } else {
        let (count, took) = (ended.len(), quantity::took(begun.elapsed()));
        let data = global.data.display();
        line!("{count} processes ended in {took}; what they hold stays in {data}");
    }
    Ok(Verdict::Clean)
}

/// Has the supervisor end everything, and says which processes ran.
async fn end_supervised(global: &Global) -> anyhow::Result<Vec<Process>> {
    let supervisor = SupervisorClient::in_folder(&global.data);
    let reports = supervisor.report().await?;
    let left = left_in_one_place(global).await;
    let within = supervisor.down_within();
    supervisor.ask(Request::Down).await?;
    // Until the data folder is free again: then the next `up` finds nothing in its way.
    let look = async || {
        let runs = data_folder::is_owned(&global.data);
        Ok(break_if(!runs))
    };
    let late = |()| anyhow!("the supervisor still runs after {within:?}: see its log");
    wait_until(within, look, late).await?;
    if !left.is_empty() {
        let (left, data) = (left.join("; "), global.data.display());
        note!("stopped while not all was in two places: {left}. Keep {data}: `murmur up` goes on");
    }
    let ran = reports.into_iter().filter(|report| report.pid.is_some());
    Ok(ran.map(|report| report.process).collect())
}

/// Ending loses nothing, and deleting the folder, or moving to another broker, would.
async fn left_in_one_place(global: &Global) -> Vec<String> {
    let Ok(running) = global.running() else { return Vec::new() };
    let say = |text: &str| note!("waits until all is in two places: {text}");
    redundancy::left_in_one_place(&running, PUBLISHED_WITHIN, say).await
}
