//! `murmur kill`, `stop`, `pause` and `start`: what is done to one process.

use std::time::Instant;

use client::process::Process;
use supervisor::protocol::{Act, Report, State};
use supervisor::supervisor_client::SupervisorClient;
use terminal::quantity;
use terminal::verdict::Verdict;

use crate::effect::{Effect, memory_of, wait_ready};
use crate::global::Global;

/// Which process to act on.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// nats, redis, customer, product, order, inventory, payment, shipping, query or composer.
    pub(crate) process: Process,
}

/// Which process to act on, and whether to wait for it.
#[derive(Debug, clap::Args)]
pub(crate) struct Change {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Return at once, without waiting for the effect.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Does it, waits for the effect, and says what came of it.
pub(crate) async fn run(
    global: &Global,
    act: Act,
    process: Process,
    no_wait: bool,
) -> anyhow::Result<Verdict> {
    let supervisor = SupervisorClient::in_folder(&global.data);
    let before = supervisor.report_on(process).await?;
    let begun = Instant::now();
    supervisor.act(act, process).await?;
    let mut effect = Effect::new(act.name(), process, done(act, &before));
    effect.next = next(act, process, no_wait);
    if matches!(act, Act::Stop | Act::Halt) && !no_wait {
        supervisor.wait_for(process, State::Stopped).await?;
        effect.done += &format!(" in {}", quantity::took(begun.elapsed()));
    }
    let back = match act {
        Act::Start if before.state == State::Ready => {
            return effect.conclude(global, Ok(None)).await;
        }
        Act::Start if !no_wait && is_frozen(&before) => "goes on where it was".to_owned(),
        Act::Start if !no_wait => "ready".to_owned(),
        Act::Kill if !no_wait => format!("ready again {}", memory_of(process)),
        Act::Kill | Act::Start | Act::Pause | Act::Stop | Act::Halt => {
            return effect.conclude(global, Ok(None)).await;
        }
    };
    let waited = wait_ready(global, process, back).await;
    effect.conclude(global, waited.map(Some)).await
}

fn done(act: Act, before: &Report) -> String {
    let process_id = before.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    match act {
        Act::Kill => format!("killed{process_id}"),
        Act::Stop | Act::Halt if before.pid.is_none() => "was down".to_owned(),
        Act::Stop | Act::Halt => format!("stopped{process_id}"),
        Act::Pause => format!("frozen{process_id}"),
        Act::Start if is_frozen(before) => format!("thawed{process_id}"),
        Act::Start if before.state == State::Ready => format!("runs and is ready{process_id}"),
        Act::Start if before.pid.is_some() => format!("runs{process_id}"),
        Act::Start => "started".to_owned(),
    }
}

/// What the operator does next, where the process does not come back by itself.
fn next(act: Act, process: Process, no_wait: bool) -> Option<String> {
    match act {
        Act::Stop | Act::Halt => Some(format!("it stays down until `murmur start {process}`")),
        Act::Pause => Some(format!("it stays so until `murmur start {process}`")),
        Act::Kill | Act::Start if no_wait => {
            Some("`murmur status` shows when it is ready".to_owned())
        }
        Act::Kill | Act::Start => None,
    }
}

fn is_frozen(report: &Report) -> bool {
    report.state == State::Paused
}
