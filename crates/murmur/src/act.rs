//! `murmur kill`, `stop`, `pause` and `start`: what is done to one process.

use client::process::Process;
use serde_json::json;
use supervisor::protocol::{Act, State};
use supervisor::readiness;
use supervisor::supervisor_client::SupervisorClient;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// Which process to act on.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// nats, redis, customer, product, order, inventory, payment, shipping, query or composer.
    pub(crate) process: Process,
}

/// Which process to stop or start.
#[derive(Debug, clap::Args)]
pub(crate) struct Change {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Return at once, without waiting for the effect.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Does it, and waits for the effect.
pub(crate) async fn run(
    global: &Global,
    act: Act,
    process: Process,
    no_wait: bool,
) -> anyhow::Result<Verdict> {
    let supervisor = SupervisorClient::in_folder(&global.data);
    supervisor.act(act, process).await?;
    match act {
        Act::Stop | Act::Halt if !no_wait => {
            supervisor.wait_for(process, State::Stopped).await?;
        }
        Act::Start if !no_wait => readiness::ready(&global.data, process).await?,
        Act::Kill | Act::Pause | Act::Stop | Act::Halt | Act::Start => {}
    }
    say_done(global, act.name(), process).await
}

/// For a script: what was done, and where the process stands.
pub(crate) async fn say_done(
    global: &Global,
    done: &str,
    process: Process,
) -> anyhow::Result<Verdict> {
    if global.json {
        let report = SupervisorClient::in_folder(&global.data).report_on(process).await?;
        line!("{}", json!({ "done": done, "process": report }));
    }
    Ok(Verdict::Clean)
}
