//! What `murmur up` shows while it runs: one line for each process.
//!
//! On a terminal the lines stay and change; elsewhere a line is written for each change of state.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use client::process::Process;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use terminal::{line, note};

use crate::protocol::{Report, State};

#[derive(Debug)]
pub(crate) enum ProgressView {
    /// Lines that change in place.
    Live(MultiProgress, BTreeMap<Process, ProgressBar>),
    /// A line for each change, and the state that was shown last.
    Lines(BTreeMap<Process, State>),
    /// The same on standard output, for a script: a report a line.
    Json(BTreeMap<Process, State>),
}

impl ProgressView {
    /// The view that suits a script, or standard error.
    pub(crate) fn new(json: bool) -> Self {
        if json {
            Self::Json(BTreeMap::new())
        } else if std::io::stderr().is_terminal() {
            Self::Live(MultiProgress::new(), BTreeMap::new())
        } else {
            Self::Lines(BTreeMap::new())
        }
    }

    /// Whether a person looks at it.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self, Self::Live(..))
    }

    /// Says something that stays.
    pub(crate) fn say(&self, text: &str) {
        match self {
            // Output that is gone is no reason to stop supervising.
            Self::Live(bars, _) => drop(bars.println(text)),
            Self::Lines(_) => note!("{text}"),
            Self::Json(_) => line!("{}", json!({ "note": text })),
        }
    }

    /// Shows where every process stands.
    pub(crate) fn show(&mut self, reports: &[Report]) {
        match self {
            Self::Live(bars, lines) => {
                for report in reports {
                    let line = lines.entry(report.process).or_insert_with(|| add_line(bars));
                    line.set_message(describe(report));
                }
            }
            Self::Lines(shown) => changed(shown, reports, |report| note!("{}", describe(report))),
            Self::Json(shown) => changed(shown, reports, |report| line!("{}", json!(report))),
        }
    }
}

/// Shows each whose state is another than was shown last.
fn changed(shown: &mut BTreeMap<Process, State>, reports: &[Report], show: impl Fn(&Report)) {
    for report in reports {
        if shown.insert(report.process, report.state) != Some(report.state) {
            show(report);
        }
    }
}

fn add_line(bars: &MultiProgress) -> ProgressBar {
    let bar = bars.add(ProgressBar::new_spinner());
    bar.set_style(
        ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar
}

/// One process in one line.
pub(crate) fn describe(report: &Report) -> String {
    let mut line = format!("{:<9} {:<9} port {:<5}", report.process, report.state, report.port);
    if let Some(pid) = report.pid {
        line += &format!("  pid {pid:<7}");
    }
    if let Some(age) = report.age() {
        line += &format!("  up {age:<5}");
    }
    if report.restarts > 0 {
        line += &format!("  restarts {}", report.restarts);
    }
    let why = if report.reason.is_empty() { report.last_death.as_deref() } else { None };
    match why {
        Some(death) => line += &format!("  last: {death}"),
        None if !report.reason.is_empty() => line += &format!("  {}", report.reason),
        None => {}
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_where_a_process_stands_and_why() {
        let report = Report {
            process: Process::Query,
            pid: Some(17),
            port: 20_008,
            state: State::Waiting,
            reason: "exit status: 1; last said: no Redis".into(),
            restarts: 2,
            uptime_ms: Some(61_000),
            last_death: None,
        };
        let line = describe(&report);
        assert_eq!(
            line,
            "query     waiting   port 20008  pid 17       up 1m01s  restarts 2  \
             exit status: 1; last said: no Redis"
        );
    }
}
