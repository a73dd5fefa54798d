//! What cannot be healed has to be told: by the process, to whoever asks whether it is ready, and to
//! the operator.

use std::time::Duration;

use anyhow::{Context as _, bail};
use contracts::Service;
use hyper::StatusCode;
use tokio::time::Instant;

use crate::chaos::file::steps::Told;
use crate::chaos::system::{SHOWS_WITHIN, System};
use client::http::{Call, Client};
use client::process::Process;
use supervisor::protocol::State;

/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until a service is fenced for that reason, and sees it told everywhere.
pub(super) async fn is_fenced(system: &System, told: &Told) -> anyhow::Result<String> {
    let reason = fenced_because(system, told).await?;
    let Process::Service(service) = told.process else { bail!("{} has no fence", told.process) };
    let url = format!("{}/readyz", system.running.url(service)?);
    let answer = Client::default().send(Call::get(url)).await?;
    let body = answer.value();
    let choices = body["choices"].as_array().map_or(0, Vec::len);
    let says = body["detail"].as_str() == Some(&reason);
    if answer.status != StatusCode::SERVICE_UNAVAILABLE || choices == 0 || !says {
        bail!("/readyz of {service} answers {}: {body}", answer.status);
    }
    let shown = system.murmur()?.arg("status").output().await?;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    if !shown.contains(&reason) || !shown.contains("choice:") {
        bail!("murmur status does not say why {service} is fenced: {shown}");
    }
    Ok(format!("{service} is fenced: {reason}; {choices} choices"))
}

async fn fenced_because(system: &System, told: &Told) -> anyhow::Result<String> {
    let deadline = Instant::now() + SHOWS_WITHIN;
    loop {
        let says = system.says(told.process).await;
        if let Ok(says) = &says {
            let reason = says.reason.clone().unwrap_or_default();
            if says.state == "fenced" && reason.contains(&told.because) {
                return Ok(reason);
            }
        }
        if Instant::now() > deadline {
            bail!("{} is not fenced because of {:?}: {says:?}", told.process, told.because);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until a process is not ready, for that reason.
pub(super) async fn is_not_ready(system: &System, told: &Told) -> anyhow::Result<String> {
    let says = |reason: &str, death: Option<&str>| {
        reason.contains(&told.because) || death.is_some_and(|death| death.contains(&told.because))
    };
    let what = format!("is not ready because of {:?}", told.because);
    let report = system.until(told.process, &what, |report| {
        report.state != State::Ready && says(&report.reason, report.last_death.as_deref())
    });
    let report = report.await?;
    let why = Some(report.reason).filter(|reason| !reason.is_empty()).or(report.last_death);
    Ok(format!("{} is {}: {}", told.process, report.state, why.unwrap_or_default()))
}

/// Has a fenced service set aside what it never promised to anybody, as an operator would.
pub(super) async fn discard_local(system: &System, service: Service) -> anyhow::Result<String> {
    let state = system.says(Process::Service(service)).await?.state;
    if state != "fenced" {
        return Ok(format!("{service} is {state}: nothing is discarded"));
    }
    let mut murmur = system.murmur()?;
    murmur.args(["heal", service.name(), "--discard-local", "--yes"]);
    let output = murmur.output().await.context("cannot run murmur heal")?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("murmur heal {service}: {said}{errors}");
    }
    Ok(format!("{service}: {}", said.lines().last().unwrap_or_default()))
}
