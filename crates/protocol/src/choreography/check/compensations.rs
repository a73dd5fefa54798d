//! What was taken for an order is given back when the order fails, in every run.

use super::{Checked, Finding, Problem};
use crate::Kind;
use crate::choreography::runs::Situation;
use crate::choreography::{NONE, Trigger};

pub(super) fn findings(checked: &Checked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in checked.choreography.kinds() {
        let declared = checked.choreography.compensations.iter().any(|c| c.step == step);
        if declared {
            findings.extend(not_undone(checked, step));
        } else if is_forward_step(checked, step) {
            let path = checked.saga().path_to(|situation| situation.has(step));
            findings.push(Finding::on(Problem::NoCompensationDeclared(step), path));
        }
    }
    findings
}

/// A forward step takes something for an order that may still fail: it is the first that its service
/// says of the order, another goes on from it, and the order has not ended.
fn is_forward_step(checked: &Checked<'_>, kind: Kind) -> bool {
    let choreography = checked.choreography;
    let is_first = choreography.reactions.iter().any(|reaction| {
        reaction.emits.contains(&kind)
            && reaction.states.contains(&NONE)
            && matches!(reaction.on, Trigger::Event(_))
    });
    let goes_on = choreography.reactions.iter().any(|reaction| {
        reaction.on == Trigger::Event(kind)
            && !reaction.emits.iter().all(|emitted| choreography.ends.contains(emitted))
    });
    is_first && goes_on && checked.saga().path_to(|situation| situation.has(kind)).is_some()
}

/// For each end that fails the order: the shortest run in which it comes, and what the step took is kept
/// for ever.
fn not_undone(checked: &Checked<'_>, step: Kind) -> Vec<Finding> {
    let choreography = checked.choreography;
    let undone = |situation: &Situation| {
        let mut declared = choreography.compensations.iter().filter(|c| c.step == step);
        declared.any(|compensation| situation.has(compensation.undone_by))
    };
    let failures = choreography.ends.iter().copied().filter(|end| *end != choreography.success);
    let kept = failures.filter_map(|end| {
        let is_kept =
            |situation: &Situation| situation.has(end) && situation.has(step) && !undone(situation);
        let mut visited = checked.saga().visited.iter();
        let at = visited.position(|visited| visited.is_quiet && is_kept(&visited.situation))?;
        let path = checked.saga().path(at);
        Some(Finding::on(Problem::NoCompensation(step, end), Some(path)))
    });
    kept.collect()
}
