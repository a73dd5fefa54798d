//! Whoever waits for others has a deadline, or a written reason to have none.

use super::{Checked, Finding, Problem};
use crate::choreography::{NONE, Reaction, Trigger};

pub(super) fn findings(checked: &Checked<'_>) -> Vec<Finding> {
    let choreography = checked.choreography;
    let mut findings = Vec::new();
    for (service, states) in &choreography.states {
        for state in states.iter().copied().filter(|state| *state != NONE) {
            let of_state = |r: &&Reaction| r.service == *service && r.states.contains(&state);
            let reactions = || choreography.reactions.iter().filter(of_state);
            let waits = reactions().any(|r| matches!(r.on, Trigger::Event(_)));
            let is_timed = reactions().any(|r| matches!(r.on, Trigger::Timer(_)));
            let is_exempt = choreography.waits.iter().any(|wait| wait.what == (*service, state));
            if waits && !is_timed && !is_exempt {
                let path = checked.path_to_state(*service, state);
                findings.push(Finding::on(Problem::NoDeadline(*service, state), path));
            }
            if is_exempt && (is_timed || !waits) {
                let text = format!("{service} does not wait without a deadline in {state}");
                findings.push(Finding::on(Problem::NeedlessExemption(text), None));
            }
        }
    }
    findings
}
