//! `murmur simulate --exhaustive`: every interleaving of one order, and what it showed.

use serde_json::json;
use simulator::exhaustive::{self, Report};
use terminal::interruption;
use terminal::line;

/// Walks, tells, and says whether all is as it must be.
pub(super) fn run(json: bool, wipes: u8) -> bool {
    let report = exhaustive::walk(wipes, || interruption::cause().is_none());
    if json {
        line!("{}", as_json(&report));
    } else {
        show(&report);
    }
    // Of a part of all states nothing can be said but what is wrong already.
    report.holds() && report.is_whole
}

fn as_json(report: &Report) -> serde_json::Value {
    let ends: Vec<_> = report
        .ends
        .iter()
        .map(|(states, times)| json!({ "states": states, "times": times }))
        .collect();
    json!({
        "interrupted": !report.is_whole,
        "states": report.states,
        "decisions": report.decisions,
        "ends": ends,
        "violations": report.violations,
        "told": report.shown,
        "disagreements": report.disagreements,
    })
}

fn show(report: &Report) {
    for (states, times) in &report.ends {
        line!("{times:>7} times: {}", states.join(", "));
    }
    for wrong in report.disagreements.iter().chain(&report.shown) {
        line!("{wrong}");
    }
    line!(
        "{} states, {} questions to the services, {} kinds of end, {} violations",
        report.states,
        report.decisions,
        report.ends.len(),
        report.violations
    );
    if !report.is_whole {
        line!("interrupted: this is what was reached until then, and not every state");
    }
}
