//! `murmur status`: every process, and what each service says of itself.

pub(crate) mod report;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::bail;
use serde_json::json;

use crate::cli::{Global, Verdict};
use crate::control::Supervisor;
use crate::control::protocol::{Report, State};
use crate::http::{Call, Client};
use crate::output::line;
use crate::process::Process;
use crate::running::Running;
use crate::table::{self, judged};
use crate::up;
use report::ServiceReport;

/// A service that does not say in that time how it is, is shown without.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What each process says of itself, or why it says nothing.
pub(crate) type Services = BTreeMap<Process, Result<ServiceReport, String>>;

/// Shows it. Something that is not ready is a finding.
pub(crate) async fn run(global: &Global) -> anyhow::Result<Verdict> {
    let running = Running::load(&global.data)?;
    if !up::is_supervised(global) {
        bail!(
            "the supervisor (process {}) has died: `murmur down` ends what it left running, \
             `murmur up` starts everything again",
            running.supervisor
        );
    }
    let processes = Supervisor::of(&running).report().await?;
    let services = ask_services(&running).await;
    if global.json {
        line!("{}", json!({ "processes": processes, "services": as_json(&services) }));
    } else {
        show_processes(&processes);
        line!();
        show_services(&services);
        show_troubles(&services);
    }
    let ready = processes.iter().all(|process| process.state == State::Ready);
    Ok(if ready { Verdict::Clean } else { Verdict::Found })
}

/// Asks all services, query and composer at once how they are.
pub(crate) async fn ask_services(running: &Running) -> Services {
    let client = Client::answering_within(ANSWER_WITHIN);
    let mut asked = tokio::task::JoinSet::new();
    let services = running.services.iter();
    let mut urls: Vec<_> =
        services.map(|(service, url)| (Process::Service(*service), url.clone())).collect();
    urls.extend(running.query().ok().map(|url| (Process::Query, url.to_owned())));
    urls.extend(running.composer().ok().map(|url| (Process::Composer, url.to_owned())));
    for (service, url) in urls {
        let client = client.clone();
        asked.spawn(async move {
            let answer = client.json(Call::get(format!("{url}/status"))).await;
            (service, answer.map_err(|error| error.to_string()))
        });
    }
    asked.join_all().await.into_iter().collect()
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

fn show_processes(processes: &[Report]) {
    let header = ["process", "state", "port", "pid", "up", "restarts", "reason or last death"];
    let mut table = table::with_header(header);
    for report in processes {
        let good = match report.state {
            State::Ready => Some(true),
            State::Starting | State::Stopping => None,
            State::Unready | State::Paused | State::Waiting | State::Stopped => Some(false),
        };
        let why = Some(&report.reason).filter(|reason| !reason.is_empty());
        let up = report.uptime_ms.map(|millis| up::age(Duration::from_millis(millis)));
        table.add_row(vec![
            report.process.to_string().into(),
            judged(report.state, good),
            report.port.to_string().into(),
            report.pid.map(|pid| pid.to_string()).unwrap_or_default().into(),
            up.unwrap_or_default().into(),
            report.restarts.to_string().into(),
            why.or(report.last_death.as_ref()).cloned().unwrap_or_default().into(),
        ]);
    }
    line!("{table}");
}

fn show_services(services: &Services) {
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
    line!("{table}");
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
fn show_troubles(services: &Services) {
    for (service, answer) in services {
        match answer {
            Ok(report) => {
                report.troubles().iter().for_each(|text| line!("{service}: {text}"));
                let reason = report.redundant_reason.iter();
                reason.for_each(|text| line!("{service} is not redundant: {text}"));
            }
            Err(reason) => line!("{service}: {reason}"),
        }
    }
}
