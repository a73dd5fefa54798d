//! `murmur status`: every process, and what each service says of itself.

pub(crate) mod watch;

use anyhow::bail;
use client::process::Process;
use serde_json::json;
use supervisor::data_folder;
use supervisor::protocol::{Report, State};
use supervisor::service_status::{ServiceReport, Services, ask_services};
use supervisor::supervisor_client::SupervisorClient;
use terminal::table::{self, Table, judged};
use terminal::verdict::Verdict;
use terminal::{hint, line};

use crate::global::Global;

/// What `murmur status` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show it again every second, in place on a terminal.
    #[arg(long, short)]
    pub(crate) watch: bool,
}

/// Most that is shown of how a process that is ready died before, in characters, where it is shown again
/// and again: a line of 100 columns has that much room.
const LAST_DEATH_BRIEF: usize = 50;

/// How it is shown to a person.
#[derive(Clone, Copy, Default)]
struct Layout {
    /// Without it, as many columns as there are.
    columns: Option<u16>,
    /// A line for each process that is ready.
    is_brief: bool,
}

/// Where everything stands at one time.
struct Overview {
    /// Of a system that others have started, nobody says.
    processes: Option<Vec<Report>>,
    services: Services,
}

/// Shows it. Something that is not ready is a finding.
pub(crate) async fn run(global: &Global) -> anyhow::Result<Verdict> {
    let overview = Overview::of(global).await?;
    line!("{}", overview.shown(global, Layout::default()));
    Ok(if overview.is_ready() { Verdict::Clean } else { Verdict::Found })
}

impl Overview {
    async fn of(global: &Global) -> anyhow::Result<Self> {
        let running = global.running()?;
        if running.started_here().is_err() {
            return Ok(Self { processes: None, services: ask_services(&running).await });
        }
        if !data_folder::is_owned(&global.data) {
            bail!(
                "the supervisor (process {}) has died: `murmur down` ends what it left running, \
                 `murmur up` starts everything again",
                running.supervisor
            );
        }
        let processes = Some(SupervisorClient::of(&running).report().await?);
        Ok(Self { processes, services: ask_services(&running).await })
    }

    fn is_ready(&self) -> bool {
        let is_ready = |answer: &Result<ServiceReport, String>| {
            answer.as_ref().is_ok_and(|report| report.state == "ready")
        };
        match &self.processes {
            Some(processes) => processes.iter().all(|process| process.state == State::Ready),
            None => self.services.values().all(is_ready),
        }
    }

    /// For whoever reads it.
    fn shown(&self, global: &Global, layout: Layout) -> String {
        if global.json {
            let services = as_json(&self.services);
            return json!({ "processes": self.processes, "services": services }).to_string();
        }
        let processes = self.processes.iter().map(|reports| processes(reports, layout));
        let tables = processes.chain([services(&self.services)]).map(|mut table| {
            if let Some(columns) = layout.columns {
                table.set_width(columns);
            }
            table.to_string()
        });
        let tables: Vec<_> = tables.collect();
        let mut parts = vec![tables.join("\n\n")];
        parts.extend(troubles(&self.services));
        parts.join("\n")
    }
}

fn as_json(services: &Services) -> serde_json::Value {
    let one = |(service, answer): (&Process, &Result<ServiceReport, String>)| {
        let value = match answer {
            Ok(report) => json!(report),
            Err(reason) => json!({ "unreachable": reason }),
        };
        (service.name().to_owned(), value)
    };
    serde_json::Value::Object(services.iter().map(one).collect())
}

fn processes(reports: &[Report], layout: Layout) -> Table {
    let header = ["process", "state", "port", "pid", "up", "restarts", "reason or last death"];
    let mut table = table::with_header(header);
    for report in reports {
        let good = match report.state {
            State::Ready => Some(true),
            State::Starting | State::Stopping => None,
            State::Unready | State::Paused | State::Waiting | State::Stopped => Some(false),
        };
        let why = Some(&report.reason).filter(|reason| !reason.is_empty());
        let why = why.or(report.last_death.as_ref()).cloned().unwrap_or_default();
        let is_clipped = layout.is_brief && report.state == State::Ready;
        table.add_row(vec![
            report.process.to_string().into(),
            judged(report.state, good),
            report.port.to_string().into(),
            report.pid.map(|pid| pid.to_string()).unwrap_or_default().into(),
            report.age().unwrap_or_default().into(),
            report.restarts.to_string().into(),
            if is_clipped { clipped(&why) } else { why }.into(),
        ]);
    }
    table
}

/// The end of a long text: there stands the cause.
fn clipped(text: &str) -> String {
    match text.char_indices().rev().nth(LAST_DEATH_BRIEF) {
        Some((before, _)) => format!("…{}", text[before..].chars().skip(1).collect::<String>()),
        None => text.to_owned(),
    }
}

fn services(services: &Services) -> Table {
    let header =
        ["service", "state", "redundant", "head", "acked", "behind", "held", "timers", "answers"];
    let mut table = table::with_header(header);
    for (service, answer) in services {
        let Ok(report) = answer else {
            table.add_row(vec![service.to_string().into(), judged("silent", Some(false))]);
            continue;
        };
        let held = report.held.len();
        table.add_row(vec![
            service.to_string().into(),
            judged(&report.state, Some(report.state == "ready")),
            redundant(report),
            number(report.head).into(),
            number(report.acknowledged).into(),
            report.lag().into(),
            judged(held, Some(held == 0)),
            number(report.timers).into(),
            report.durability.clone().into(),
        ]);
    }
    table
}

fn redundant(report: &ServiceReport) -> comfy_table::Cell {
    match report.redundant {
        Some(true) => judged("yes", Some(true)),
        Some(false) => judged("no", Some(false)),
        None => judged("?", None),
    }
}

fn number(number: Option<u64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// What a person has to know or do, in sentences.
fn troubles(services: &Services) -> Vec<String> {
    let mut all = Vec::new();
    for (service, answer) in services {
        match answer {
            Ok(report) => {
                let troubles = report.troubles().into_iter();
                all.extend(troubles.map(|text| format!("{service}: {}", hint::complete(&text))));
                let reason = report.redundant_reason.iter();
                all.extend(reason.map(|text| format!("{service} is not redundant: {text}")));
            }
            Err(reason) => all.push(format!("{service}: {}", hint::complete(reason))),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_death_the_cause_is_shown() {
        let death = format!("exit status: 1; {}: the stream is gone", "é".repeat(100));
        let brief = clipped(&death);
        assert_eq!(brief.chars().count(), LAST_DEATH_BRIEF + 1);
        assert!(brief.starts_with('…') && brief.ends_with("é: the stream is gone"), "{brief}");
        assert_eq!(clipped("signal: 9 (SIGKILL)"), "signal: 9 (SIGKILL)");
    }
}
