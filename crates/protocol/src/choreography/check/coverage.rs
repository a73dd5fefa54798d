//! For every state and everything that a service may read in it, the table says exactly one thing.

use super::{Checked, Finding, Problem};
use crate::choreography::runs::Path;
use crate::choreography::{NONE, State, Trigger};
use crate::{Kind, Service};

pub(super) fn findings(checked: &Checked<'_>) -> Vec<Finding> {
    let choreography = checked.choreography;
    let mut findings = Vec::new();
    for reads in &choreography.reads {
        let states = choreography.states.iter().filter(|(service, _)| *service == reads.service);
        for state in states.flat_map(|(_, states)| states.iter().copied()) {
            let read = choreography.kinds().filter(|kind| reads.decides.contains(&kind.service()));
            findings.extend(read.filter_map(|kind| covered(checked, reads.service, state, kind)));
        }
    }
    findings
}

fn covered(checked: &Checked<'_>, service: Service, state: State, kind: Kind) -> Option<Finding> {
    let choreography = checked.choreography;
    let reactions = choreography.reactions.iter().filter(|r| {
        r.service == service && r.on == Trigger::Event(kind) && r.states.contains(&state)
    });
    let ignored = choreography
        .ignored
        .iter()
        .filter(|i| i.service == service && i.on == kind && i.states.contains(&state));
    let problem = match reactions.count() + ignored.count() {
        0 => Problem::Unhandled(service, state, kind),
        1 => return None,
        _ => Problem::Ambiguous(service, state, kind),
    };
    Some(Finding::on(problem, path(checked, service, state, kind)))
}

/// The shortest run in which the service reads that in that state; where no run does, to the state. Where
/// nobody has told it anything, there is no way to show.
fn path(checked: &Checked<'_>, service: Service, state: State, kind: Kind) -> Option<Path> {
    let reads = checked.path_to(|situation| {
        situation.state(checked.choreography, service) == state
            && situation.unread(service, kind.service()) == Some(kind)
    });
    reads.or_else(|| if state == NONE { None } else { checked.path_to_state(service, state) })
}
