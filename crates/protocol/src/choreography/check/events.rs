//! Each event is somebody's, comes, and is consumed.

use super::{Checked, Finding, Problem};
use crate::choreography::{NONE, Reaction, Reads, Trigger};
use crate::{Kind, Service};

pub(super) fn findings(checked: &Checked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in checked.choreography.kinds() {
        findings.extend(consumer(checked, kind));
        if !checked.comes(kind) {
            findings.push(Finding::on(Problem::NoProducer(kind), None));
            findings.extend(awaited(checked, kind));
        }
    }
    findings.extend(foreign(checked));
    findings
}

fn consumer(checked: &Checked<'_>, kind: Kind) -> Option<Finding> {
    let choreography = checked.choreography;
    let is_fact = choreography.facts.iter().any(|fact| fact.what == kind);
    let is_consumed = is_consumed(checked, kind);
    if is_fact && others_go_on(checked, kind) {
        let text = format!("{kind} is consumed");
        return Some(Finding::on(Problem::NeedlessExemption(text), None));
    }
    let is_lost = !is_consumed && !is_fact && !choreography.ends.contains(&kind);
    is_lost.then(|| Finding::on(Problem::NoConsumer(kind), checked.path_to_event(kind)))
}

/// Whether a service reacts to the kind, or keeps a replica that it is a part of.
fn is_consumed(checked: &Checked<'_>, kind: Kind) -> bool {
    let choreography = checked.choreography;
    let is_reacted_to = choreography.reactions.iter().any(|r| r.on == Trigger::Event(kind));
    let is_replicated = choreography.reads.iter().any(|r| r.replicas.contains(&kind.service()));
    is_reacted_to || (is_replicated && !kind.is_recovered())
}

/// Whether a service consumes the kind that others go on from. One that nobody reads is added without a
/// change to what others declare: what it consumes is a fact to them all the same.
fn others_go_on(checked: &Checked<'_>, kind: Kind) -> bool {
    let choreography = checked.choreography;
    let is_read = |service: Service| choreography.readers_of(service).next().is_some();
    let reacts = |r: &Reaction| r.on == Trigger::Event(kind) && is_read(r.service);
    let replicates = |r: &Reads| r.replicas.contains(&kind.service()) && is_read(r.service);
    choreography.reactions.iter().any(reacts)
        || (!kind.is_recovered() && choreography.reads.iter().any(replicates))
}

/// Who reacts to what never comes, in each of its states.
fn awaited(checked: &Checked<'_>, kind: Kind) -> Vec<Finding> {
    let reactions = checked.choreography.reactions.iter();
    let reactions = reactions.filter(|reaction| reaction.on == Trigger::Event(kind));
    let states = reactions
        .flat_map(|reaction| reaction.states.iter().map(|state| (reaction.service, *state)));
    let finding = |(service, state)| {
        let problem = Problem::NeverPublished(service, state, kind);
        Finding::on(problem, checked.path_to_state(service, state))
    };
    states.map(finding).collect()
}

fn foreign(checked: &Checked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for reaction in &checked.choreography.reactions {
        let service = reaction.service;
        let state = reaction.states.first().copied().unwrap_or(NONE);
        for kind in reaction.emits.iter().filter(|kind| kind.service() != service) {
            let path = checked.path_to_state(service, state);
            findings.push(Finding::on(Problem::ForeignEvent(service, *kind), path));
        }
    }
    findings
}
