//! `murmur simulate --exhaustive`: every interleaving of one order, and what it showed.

use serde_json::json;
use simulator::exhaustive::{self, Report};

use crate::output::line;

/// Walks, tells, and says whether all is as it must be.
pub(super) fn run(json: bool, wipes: u8) -> bool {
    let report = exhaustive::walk(wipes);
    if json {
        line!("{}", as_json(&report));
    } else {
        tell(&report);
    }
    report.holds()
}

fn as_json(report: &Report) -> serde_json::Value {
    let ends: Vec<_> = report
        .ends
        .iter()
        .map(|(states, times)| json!({ "states": states, "times": times }))
        .collect();
    json!({
        "states": report.states,
        "decisions": report.decisions,
        "ends": ends,
        "violations": report.violations,
        "told": report.told,
        "disagreements": report.disagreements,
    })
}

fn tell(report: &Report) {
    for (states, times) in &report.ends {
        line!("{times:>7} times: {}", states.join(", "));
    }
    for wrong in report.disagreements.iter().chain(&report.told) {
        line!("{wrong}");
    }
    line!(
        "{} states, {} questions to the services, {} kinds of end, {} violations",
        report.states,
        report.decisions,
        report.ends.len(),
        report.violations
    );
}
