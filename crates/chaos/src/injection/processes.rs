//! Processes that die, freeze, and come back.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use client::process::Process;
use runtime::failpoint;
use supervisor::protocol::{Act, Arming, State};

use super::streams;
use crate::fault::steps::{Before, Death, Trim};
use crate::system::System;

/// How a process that died at a failpoint has ended, as its supervisor says it.
const ABORTED: &str = "SIGABRT";

/// Messages that are left of a stream that is to be rebuilt.
const LEFT_IN_STREAM: i64 = 5;

/// Kills a process, and waits until another one runs in its place.
pub(crate) async fn kill(system: &System, process: Process) -> anyhow::Result<String> {
    let before = system.until(process, "runs", |report| report.pid.is_some()).await?.pid;
    system.act(Act::Kill, process).await?;
    let is_another = |pid: Option<u32>| pid.is_some() && pid != before;
    let after = system.until(process, "is back", |report| is_another(report.pid)).await?.pid;
    Ok(format!("{process}: pid {} → {}", before.unwrap_or_default(), after.unwrap_or_default()))
}

/// Halts or stops a process.
pub(crate) async fn take_down(
    system: &System,
    act: Act,
    process: Process,
) -> anyhow::Result<String> {
    let pid = system.report(process).await?.pid;
    system.act(act, process).await?;
    let pid = pid.with_context(|| format!("{process} did not run"))?;
    if std::path::Path::new(&format!("/proc/{pid}")).exists() {
        bail!("{process} still runs as {pid}");
    }
    Ok(format!("{process}: pid {pid} is gone"))
}

pub(crate) async fn pause(system: &System, process: Process) -> anyhow::Result<String> {
    let pid = system.report(process).await?.pid.with_context(|| format!("{process} is down"))?;
    system.act(Act::Pause, process).await?;
    system.until(process, "is frozen", |_| is_frozen(pid)).await?;
    Ok(format!("{process}: pid {pid} is frozen"))
}

/// `T` is the state of a stopped process in `/proc`.
fn is_frozen(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}

/// Starts or thaws a process.
pub(crate) async fn start(system: &System, process: Process) -> anyhow::Result<String> {
    system.act(Act::Start, process).await?;
    let runs = |state| !matches!(state, State::Stopped | State::Paused);
    system.until(process, "runs", |report| runs(report.state)).await?;
    Ok(format!("{process} is started"))
}

/// Deletes what a process keeps; another one runs in its place, or Redis is empty.
pub(crate) async fn wipe(system: &System, process: Process) -> anyhow::Result<String> {
    let before = system.report(process).await?.pid;
    system.supervisor.wipe(process).await?;
    if process != Process::Redis {
        let is_another = |pid: Option<u32>| pid.is_some() && pid != before;
        system.until(process, "is back", |report| is_another(report.pid)).await?;
    }
    Ok(format!("{process} has lost all that it kept"))
}

/// Has a process die at a failpoint, and waits until it did, as often as asked for.
pub(crate) async fn dies(system: &System, death: &Death) -> anyhow::Result<String> {
    let Death { process, at, pass, starts, after } = death;
    let value = format!("{at}=abort@{pass}");
    let environment = BTreeMap::from([(failpoint::VARIABLE.to_owned(), value)]);
    let arming = Arming { starts: *starts, environment, arguments: Vec::new() };
    // What it died of before has to be over.
    let ready = system.until(*process, "is ready", |report| report.state == State::Ready).await?;
    let before = ready.restarts;
    match after {
        Before::Restart => system.restart_armed(*process, arming).await?,
        Before::Wipe => {
            system.supervisor.arm(*process, arming).await?;
            system.supervisor.wipe(*process).await?;
        }
        Before::Hole => {
            let Process::Service(of) = *process else { bail!("{process} has no stream") };
            system.supervisor.arm(*process, arming).await?;
            streams::trim(system, Trim { of, to: LEFT_IN_STREAM }).await?;
        }
    }
    // Once to be armed, and once after each death.
    let due = before + 1 + starts;
    let died = |last: &Option<String>| last.as_ref().is_some_and(|last| last.contains(ABORTED));
    let what = format!("died at {at}");
    system
        .until(*process, &what, |report| report.restarts >= due && died(&report.last_death))
        .await?;
    Ok(format!("{process} died at {at}, {starts} times"))
}
