//! `murmur contract check`: everything that the choreography lets happen, walked.

use contracts::choreography::MURMURATION;
use protocol::choreography::runs::Step;
use protocol::choreography::{Finding, check};
use serde_json::{Value, json};
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// Checks it.
pub(super) fn run(global: &Global) -> Verdict {
    let findings = check(&MURMURATION);
    if global.json {
        let findings: Vec<_> = findings.iter().map(as_json).collect();
        line!("{}", json!({ "findings": findings }));
    } else if findings.is_empty() {
        let (reactions, ignored) = (MURMURATION.reactions.len(), MURMURATION.ignored.len());
        line!("the choreography is sound: {reactions} reactions, {ignored} declared as ignored");
    } else {
        findings.iter().for_each(show);
    }
    if findings.is_empty() { Verdict::Clean } else { Verdict::Found }
}

fn show(finding: &Finding) {
    line!("{}", finding.problem);
    finding.path.0.iter().for_each(|step| line!("    {step}"));
}

fn as_json(finding: &Finding) -> Value {
    let path: Vec<_> = finding.path.0.iter().map(step).collect();
    json!({ "problem": finding.problem.to_string(), "path": path })
}

fn step(step: &Step) -> Value {
    let Step { service, state, on, emits, after } = step;
    json!({ "service": service, "state": state, "on": on.to_string(), "emits": emits, "after": after })
}
