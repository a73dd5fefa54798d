//! Whether all is well: every process ready and redundant, nothing held, and an order that is placed now
//! is completed, and seen so in the read model.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::anyhow;
use client::http::Call;
use client::process::Process;
use client::wait::wait_until;
use contracts::OrderId;
use serde_json::Value;
use supervisor::protocol::State;
use supervisor::redundancy::Goal;
use supervisor::service_status::ServiceReport;
use supervisor::service_status::ask_services;
use tokio::time::Instant;
use workload::mixed::Load;

use crate::system::System;

/// How long one question to the read model may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Waits until all is well, and says how long it took.
///
/// # Errors
/// What is not well when the time is over.
pub(crate) async fn wait(
    system: &System,
    load: &Load,
    probe: u64,
    within: Duration,
) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut check =
        HealthCheck { system, load, probe, attempt: 0, placed: None, goals: BTreeMap::new() };
    let mut unwell = String::from("nobody could be asked");
    let look = async || {
        // A question may hang as long as the answer may take: not longer than there is time.
        match tokio::time::timeout(within.saturating_sub(begun.elapsed()), check.once()).await {
            Ok(Ok(None)) => return Ok(ControlFlow::Break(begun.elapsed())),
            Ok(Ok(Some(reason))) => unwell = reason,
            Ok(Err(error)) => unwell = format!("{error:#}"),
            Err(_) => {}
        }
        Ok(ControlFlow::Continue(unwell.clone()))
    };
    wait_until(within, look, |unwell| anyhow!("not well after {within:?}: {unwell}")).await
}

struct HealthCheck<'a> {
    system: &'a System,
    load: &'a Load,
    probe: u64,
    attempt: u32,
    placed: Option<OrderId>,
    /// What has to be in two places.
    goals: BTreeMap<Process, Goal>,
}

impl HealthCheck<'_> {
    /// What is not well; none if all is.
    async fn once(&mut self) -> anyhow::Result<Option<String>> {
        for report in self.system.supervisor.report().await? {
            if report.state != State::Ready {
                let (process, state, reason) = (report.process, report.state, report.reason);
                return Ok(Some(format!("{process} is {state} ({reason})")));
            }
        }
        for (process, answer) in ask_services(&self.system.running).await {
            let unwell = match answer {
                Ok(report) => self.unwell(process, &report),
                Err(reason) => Some(reason),
            };
            if let Some(reason) = unwell {
                return Ok(Some(format!("{process}: {reason}")));
            }
        }
        self.probe().await
    }

    fn unwell(&mut self, process: Process, report: &ServiceReport) -> Option<String> {
        if report.state != "ready" {
            let reason = report.reason.as_deref().unwrap_or_default();
            return Some(format!("{} ({reason})", report.state));
        }
        let is_service = matches!(process, Process::Service(_));
        let trouble = report.troubles().into_iter().next().filter(|_| is_service);
        trouble.or_else(|| self.goals.entry(process).or_default().unmet(report))
    }

    async fn probe(&mut self) -> anyhow::Result<Option<String>> {
        let Some(order) = &self.placed else {
            self.attempt += 1;
            self.placed = self.load.probe(self.probe, self.attempt).await?;
            return Ok(Some("an order that is placed now is not accepted".to_owned()));
        };
        let url = format!("{}/orders/{order}", self.system.running.query()?);
        let seen: Value =
            self.system.running.client_answering_within(ANSWER_WITHIN).json(Call::get(url)).await?;
        let has_ended = !seen["end"].is_null();
        Ok((!has_ended).then(|| format!("{order} is not completed in the read model")))
    }
}
