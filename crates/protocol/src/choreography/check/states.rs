//! Each state is declared, and some run comes to it.

use std::collections::BTreeSet;

use super::{Checked, Finding, Problem};
use crate::choreography::runs::Path;
use crate::choreography::{Choreography, NONE, State};
use crate::{Kind, Service};

pub(super) fn findings(checked: &Checked<'_>) -> Vec<Finding> {
    let choreography = checked.choreography;
    let mut findings = Vec::new();
    for (service, states) in &choreography.states {
        for state in states.iter().copied().filter(|state| *state != NONE) {
            if checked.path_to_state(*service, state).is_none() {
                findings.push(unreachable(checked, *service, state));
            }
        }
    }
    let is_declared = |service: Service, state: State| {
        choreography.states.iter().any(|(of, states)| *of == service && states.contains(&state))
    };
    for (service, state) in named(choreography) {
        if !is_declared(service, state) {
            let path = checked.path_to_state(service, state);
            findings.push(Finding::on(Problem::Undeclared(service, state), path));
        }
    }
    findings
}

/// Every state that the table speaks of.
fn named(choreography: &Choreography) -> BTreeSet<(Service, State)> {
    let after = choreography.after.iter().map(|(kind, state)| (kind.service(), *state));
    let reactions = choreography.reactions.iter();
    let reactions = reactions.flat_map(|r| r.states.iter().map(|state| (r.service, *state)));
    let ignored = choreography.ignored.iter();
    let ignored = ignored.flat_map(|i| i.states.iter().map(|state| (i.service, *state)));
    after.chain(reactions).chain(ignored).collect()
}

/// Says why no run comes there: the run that comes closest is the one to where it would be said.
fn unreachable(checked: &Checked<'_>, service: Service, state: State) -> Finding {
    let choreography = checked.choreography;
    let leading = choreography
        .after
        .iter()
        .filter(|(kind, after)| kind.service() == service && *after == state);
    let leading: Vec<Kind> = leading.map(|(kind, _)| *kind).collect();
    let (why, path) = missing(checked, service, &leading);
    Finding::on(Problem::Unreachable(service, state, why), path)
}

fn missing(checked: &Checked<'_>, service: Service, leading: &[Kind]) -> (String, Option<Path>) {
    let Some(first) = leading.first() else { return ("no event leads to it".to_owned(), None) };
    let reactions = checked.choreography.reactions.iter();
    let saying = reactions.filter(|reaction| {
        reaction.service == service && reaction.emits.iter().any(|kind| leading.contains(kind))
    });
    let mut why = format!("nothing emits {first}, which leads to it");
    for reaction in saying {
        for state in reaction.states.iter().copied() {
            why = format!("{} does not come while {service} is in {state}", reaction.on);
            let path = checked.path_to_state(service, state);
            if path.is_some() {
                return (why, path);
            }
        }
    }
    (why, None)
}
