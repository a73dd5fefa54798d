//! What cannot be healed has to be told: by the process, to whoever asks whether it is ready, and to
//! the operator.

use std::ops::ControlFlow;

use anyhow::{Context as _, anyhow, bail};
use client::http::Call;
use client::process::Process;
use client::wait::wait_until;
use hyper::StatusCode;
use protocol::Service;
use supervisor::protocol::State;

use crate::fault::steps::ReasonExpected;
use crate::system::{SHOWS_WITHIN, System};

/// Waits until a service is fenced for that reason, and sees it told everywhere.
pub(crate) async fn is_fenced(
    system: &System,
    expected: &ReasonExpected,
) -> anyhow::Result<String> {
    let reason = fenced_because(system, expected).await?;
    let Process::Service(service) = expected.process else {
        bail!("{} has no fence", expected.process)
    };
    let url = format!("{}/readyz", system.running.url(service)?);
    let answer = system.running.client().send(Call::get(url)).await?;
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

async fn fenced_because(system: &System, expected: &ReasonExpected) -> anyhow::Result<String> {
    let look = async || {
        let says = system.says(expected.process).await;
        if let Ok(says) = &says {
            let reason = says.reason.clone().unwrap_or_default();
            if says.state == "fenced" && reason.contains(&expected.because) {
                return Ok(ControlFlow::Break(reason));
            }
        }
        Ok(ControlFlow::Continue(says))
    };
    wait_until(SHOWS_WITHIN, look, |says| {
        anyhow!("{} is not fenced because of {:?}: {says:?}", expected.process, expected.because)
    })
    .await
}

/// Waits until a process is not ready, for that reason.
pub(crate) async fn is_not_ready(
    system: &System,
    expected: &ReasonExpected,
) -> anyhow::Result<String> {
    let says = |reason: &str, death: Option<&str>| {
        reason.contains(&expected.because)
            || death.is_some_and(|death| death.contains(&expected.because))
    };
    let what = format!("is not ready because of {:?}", expected.because);
    let report = system.until(expected.process, &what, |report| {
        report.state != State::Ready && says(&report.reason, report.last_death.as_deref())
    });
    let report = report.await?;
    let why = Some(report.reason).filter(|reason| !reason.is_empty()).or(report.last_death);
    Ok(format!("{} is {}: {}", expected.process, report.state, why.unwrap_or_default()))
}

/// Has a fenced service set aside what it never promised to anybody, as an operator would.
pub(crate) async fn discard_local(system: &System, service: Service) -> anyhow::Result<String> {
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
