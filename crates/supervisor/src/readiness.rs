//! Waits until what was stopped, started or wiped does its work again, and says at once if it cannot.

use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{anyhow, bail};
use client::http::Call;
use client::process::Process;
use client::run_file::RunFile;
use client::wait::{Deadline, wait_until};
use contracts::service;
use protocol::Service;
use serde_json::Value;
use terminal::note;

use crate::protocol::State;
use crate::redundancy::{self, ASK_EVERY, Progress, Watch};
use crate::service_status::ServiceReport;
use crate::service_status::ask_services;
use crate::supervisor_client::SupervisorClient;

/// How long is waited: a restore or a publishing of a large stream.
const WITHIN: Duration = Duration::from_secs(60);

/// Waits until the process is ready; of the broker, until each service that runs has its whole outbox
/// in its stream again; of Redis, until it holds a read model that was built to its end. Of a service
/// that says only that it takes commands: see [`redundant`].
///
/// # Errors
/// When a service is fenced, with its reason and its choices; and when it takes too long.
pub async fn ready(running: &RunFile, process: Process) -> anyhow::Result<()> {
    let supervisor = SupervisorClient::of(running);
    let deadline = Deadline::from(WITHIN).every(ASK_EVERY);
    until(deadline, async || unready(&supervisor, running, process).await).await?;
    if process == Process::Nats {
        published(&supervisor, running, &service::ALL, deadline).await?;
    }
    if process == Process::Redis && supervises(&supervisor, Process::Query).await? {
        until(deadline, async || unbuilt(running).await).await?;
    }
    Ok(())
}

/// Waits until the process is ready, and all that it holds is in two places again: then another store
/// may be lost.
///
/// # Errors
/// As for [`ready`].
pub async fn redundant(running: &RunFile, process: Process) -> anyhow::Result<()> {
    ready(running, process).await?;
    let Process::Service(service) = process else { return Ok(()) };
    let deadline = Deadline::from(WITHIN).every(ASK_EVERY);
    published(&SupervisorClient::of(running), running, &[service], deadline).await
}

/// Waits until all that these services hold is in two places, as far as they run.
async fn published(
    supervisor: &SupervisorClient,
    running: &RunFile,
    services: &[Service],
    deadline: Deadline,
) -> anyhow::Result<()> {
    let reports = supervisor.report().await?;
    let runs = |service: &&Service| {
        let process = Process::Service(**service);
        reports.iter().any(|report| report.process == process && !is_down(report.state))
    };
    let services: Vec<_> = services.iter().filter(runs).copied().collect();
    let mut watch = Watch::new(running, services.clone());
    until(deadline, async || unpublished(running, &services, &mut watch).await).await
}

/// Looks until there is nothing left to wait for.
async fn until(
    deadline: Deadline,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<String>>,
) -> anyhow::Result<()> {
    let mut progress = Progress::new(|text: &str| note!("waits: {text}"));
    let look = async || {
        let Some(missing) = look().await? else { return Ok(ControlFlow::Break(())) };
        progress.note(missing.clone());
        Ok(ControlFlow::Continue(missing))
    };
    wait_until(deadline, look, |missing| anyhow!("not after {WITHIN:?}: {missing}")).await
}

/// Why a process is not ready yet; an error, if it will not be without a person.
async fn unready(
    supervisor: &SupervisorClient,
    running: &RunFile,
    process: Process,
) -> anyhow::Result<Option<String>> {
    let report = supervisor.report_on(process).await?;
    report.refuse_if_given_up()?;
    match report.state {
        State::Ready => return Ok(None),
        // Whoever answers now is the process that was started, and not the one before it.
        State::Starting | State::Unready => {
            if let Some(Ok(report)) = ask_services(running).await.get(&process) {
                refuse_fenced(process, report)?;
            }
        }
        State::Paused | State::Stopping | State::Waiting | State::Stopped => {}
    }
    Ok(Some(format!("{process} is {} ({})", report.state, report.reason)))
}

async fn supervises(supervisor: &SupervisorClient, process: Process) -> anyhow::Result<bool> {
    let reports = supervisor.report().await?;
    let found = reports.into_iter().find(|report| report.process == process);
    Ok(found.is_some_and(|report| !is_down(report.state)))
}

const fn is_down(state: State) -> bool {
    matches!(state, State::Stopped | State::Paused)
}

/// Why there is no read model yet. Asked of what Redis holds: the query service may not yet have
/// noticed what it has lost.
async fn unbuilt(running: &RunFile) -> anyhow::Result<Option<String>> {
    let url = format!("{}/generations", running.query()?);
    let Ok(overview) = running.client().json::<Value>(Call::get(url)).await else {
        return Ok(Some("the query service does not answer".to_owned()));
    };
    let is_built = overview["live"]["built"] == true;
    Ok((!is_built).then(|| "the read model is being built".to_owned()))
}

/// What these services still hold in one place only; an error, if one is fenced.
async fn unpublished(
    running: &RunFile,
    services: &[Service],
    watch: &mut Watch<'_>,
) -> anyhow::Result<Option<String>> {
    let answers = ask_services(running).await;
    for process in services.iter().map(|service| Process::Service(*service)) {
        if let Some(Ok(report)) = answers.get(&process) {
            refuse_fenced(process, report)?;
        }
    }
    let lacks = watch.look().await?;
    Ok((!lacks.is_empty()).then(|| redundancy::texts(&lacks)))
}

fn refuse_fenced(process: Process, report: &ServiceReport) -> anyhow::Result<()> {
    if report.state == "fenced" {
        let reason = report.reason.as_deref().unwrap_or("it does not say why");
        let choices: String =
            report.choices.iter().map(|choice| format!("\n  choice: {choice}")).collect();
        bail!("{process} is fenced: {reason}{choices}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_told_with_its_reason_and_its_choices() {
        let report = ServiceReport {
            state: "fenced".to_owned(),
            reason: Some("two stores were lost".to_owned()),
            choices: vec!["bring back a copy".to_owned()],
            ..ServiceReport::default()
        };
        let order = Process::Service(service::ORDER);
        let error = refuse_fenced(order, &report).unwrap_err().to_string();
        assert_eq!(error, "order is fenced: two stores were lost\n  choice: bring back a copy");
        let ready = ServiceReport { state: "ready".to_owned(), ..report };
        assert!(refuse_fenced(order, &ready).is_ok());
    }

    #[tokio::test]
    async fn looking_ends_with_the_last_that_was_missing() {
        let past = Deadline::from(Duration::ZERO);
        let missing = until(past, async || Ok(Some("order waits".to_owned()))).await;
        assert!(missing.unwrap_err().to_string().contains("order waits"));
        assert!(until(past, async || Ok(None)).await.is_ok());
    }
}
