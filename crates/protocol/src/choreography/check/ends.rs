//! Every run of an order comes to an end, and none goes in circles.

use std::collections::BTreeSet;

use super::{Checked, Finding, Problem};

pub(super) fn findings(checked: &Checked<'_>) -> Vec<Finding> {
    let mut findings = without_end(checked);
    findings.extend(cycles(checked));
    if checked.runs.iter().any(|runs| !runs.is_complete) {
        findings.push(Finding::on(Problem::TooManySituations, None));
    }
    findings
}

/// Where nothing happens by itself any more and no end has come: one finding for each state that the
/// order stays in.
fn without_end(checked: &Checked<'_>) -> Vec<Finding> {
    let choreography = checked.choreography;
    let owner = choreography.start.service();
    let mut states = BTreeSet::new();
    let mut findings = Vec::new();
    for (at, visited) in checked.saga().visited.iter().enumerate() {
        let has_ended = choreography.ends.iter().any(|end| visited.situation.has(*end));
        let state = visited.situation.state(choreography, owner);
        if visited.is_quiet && !has_ended && states.insert(state) {
            let path = checked.saga().path(at);
            findings.push(Finding::on(Problem::NoEnd(owner, state), Some(path)));
        }
    }
    findings
}

/// What a service says again of the same order: one finding for each event.
fn cycles(checked: &Checked<'_>) -> Vec<Finding> {
    let mut kinds = BTreeSet::new();
    let mut findings = Vec::new();
    for runs in &checked.runs {
        for (at, step) in runs.repeats.iter().copied() {
            if kinds.insert(step.emits) {
                let mut path = runs.path(at);
                path.0.push(step);
                findings.push(Finding::on(Problem::Cycle(step.service, step.emits), Some(path)));
            }
        }
    }
    findings
}
