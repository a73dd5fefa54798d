//! Walks the choreography as a graph and reports what would leave an order without its end.

use std::collections::BTreeSet;
use std::fmt;

use super::{Choreography, NONE, Rule, State, Trigger};
use crate::{Kind, Service};

/// Something wrong with a choreography.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An event that no service consumes, that is no end and no declared fact.
    NoConsumer(Kind),
    /// An event that is emitted by nothing.
    NoProducer(Kind),
    /// A reaction emits an event that belongs to another service.
    ForeignEvent(Service, Kind),
    /// A forward step that nothing undoes when the order is cancelled or rejected later.
    NoCompensation(Kind),
    /// From this event, reached from the start, no path leads to an end.
    NoEnd(Kind),
    /// A state that waits for others, without a timer and without an exemption.
    NoDeadline(Service, State),
    /// What a service reads in this state is neither in the table nor ignored.
    Unhandled(Service, State, Kind),
    /// What a service reads in this state is in the table and ignored, or in it twice.
    Ambiguous(Service, State, Kind),
    /// An exemption of something that needs none.
    NeedlessExemption(String),
}

/// Everything that is wrong; nothing if the choreography is sound.
#[must_use]
pub fn check(choreography: &Choreography<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(kinds(choreography));
    findings.extend(compensations(choreography));
    findings.extend(ends(choreography));
    findings.extend(deadlines(choreography));
    findings.extend(coverage(choreography));
    findings
}

fn kinds(choreography: &Choreography<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in Kind::ALL.iter().copied() {
        let consumed = consumed(choreography, kind);
        let fact = choreography.facts.iter().any(|fact| fact.what == kind);
        if !consumed && !fact && !choreography.ends.contains(&kind) {
            findings.push(Finding::NoConsumer(kind));
        }
        if consumed && fact {
            findings.push(Finding::NeedlessExemption(format!("{kind} is consumed")));
        }
        let emitted = choreography.reactions.iter().any(|r| r.emits.contains(&kind));
        if !emitted && kind != Kind::recovered(kind.service()) {
            findings.push(Finding::NoProducer(kind));
        }
    }
    for reaction in choreography.reactions {
        let foreign = reaction.emits.iter().filter(|kind| kind.service() != reaction.service);
        findings.extend(foreign.map(|kind| Finding::ForeignEvent(reaction.service, *kind)));
    }
    findings
}

/// Whether a service reacts to the kind, or keeps a replica that it is a part of.
fn consumed(choreography: &Choreography<'_>, kind: Kind) -> bool {
    let reacted = choreography.reactions.iter().any(|r| r.on == Trigger::Event(kind));
    let replicated = choreography.reads.iter().any(|r| r.replicas.contains(&kind.service()));
    reacted || (replicated && kind != Kind::recovered(kind.service()))
}

/// A forward step takes something for an order that may still be cancelled: it is the first event of
/// its service about the order, another service goes on from it, and the order has not ended.
fn forward_steps(choreography: &Choreography<'_>) -> BTreeSet<Kind> {
    let first = |kind: Kind| {
        choreography.reactions.iter().any(|reaction| {
            reaction.emits.contains(&kind)
                && reaction.states.contains(&NONE)
                && matches!(reaction.on, Trigger::Event(_))
        })
    };
    let goes_on = |kind: Kind| {
        choreography.reactions.iter().any(|reaction| {
            reaction.on == Trigger::Event(kind)
                && !reaction.emits.iter().all(|emitted| choreography.ends.contains(emitted))
        })
    };
    reachable(choreography, choreography.start)
        .into_iter()
        .filter(|kind| first(*kind) && goes_on(*kind))
        .collect()
}

fn compensations(choreography: &Choreography<'_>) -> Vec<Finding> {
    let undone = |step: Kind, failure: Kind| {
        let Some(state) = choreography.state_after(step) else { return false };
        let Rule::Emit(emits) = choreography.rule(step.service(), state, Trigger::Event(failure))
        else {
            return false;
        };
        let declared = choreography.compensations.iter().filter(|c| c.step == step);
        declared.into_iter().any(|c| emits.contains(&c.undone_by))
    };
    forward_steps(choreography)
        .into_iter()
        .filter(|step| {
            let mut failures = failures_after(choreography, *step).into_iter();
            !failures.all(|failure| undone(*step, failure))
        })
        .map(Finding::NoCompensation)
        .collect()
}

/// The ends at which what `step` took must be given back: every end that does not complete, if it
/// can come after the step. A rejection can only come from a step that has not gone through.
fn failures_after(choreography: &Choreography<'_>, step: Kind) -> Vec<Kind> {
    let after = reachable(choreography, step);
    let can_follow = |end: Kind| {
        choreography.reactions.iter().filter(|r| r.emits.contains(&end)).any(|r| match r.on {
            Trigger::Event(kind) => after.contains(&kind),
            Trigger::Command(_) | Trigger::Timer(_) => true,
        })
    };
    let failures = choreography.ends.iter().copied().filter(|end| *end != Kind::OrderCompleted);
    failures.filter(|end| can_follow(*end)).collect()
}

/// Every kind that can follow from `start` by reactions to events and by timers and commands in the
/// states that these lead to.
fn reachable(choreography: &Choreography<'_>, start: Kind) -> BTreeSet<Kind> {
    let mut seen = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(kind) = open.pop() {
        for next in followers(choreography, kind) {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

fn followers(choreography: &Choreography<'_>, kind: Kind) -> Vec<Kind> {
    let state = choreography.state_after(kind);
    let own = |service: Service, states: &[State]| {
        service == kind.service() && state.is_some_and(|state| states.contains(&state))
    };
    let follows = choreography.reactions.iter().filter(|reaction| match reaction.on {
        Trigger::Event(on) => on == kind,
        Trigger::Timer(_) | Trigger::Command(_) => own(reaction.service, reaction.states),
    });
    follows.flat_map(|reaction| reaction.emits.iter().copied()).collect()
}

/// From every event that the start can lead to, unless it undoes something or is a mere fact, an end
/// must be reachable.
fn ends(choreography: &Choreography<'_>) -> Vec<Finding> {
    let compensates = |kind: Kind| choreography.compensations.iter().any(|c| c.undone_by == kind);
    let is_fact = |kind: Kind| choreography.facts.iter().any(|fact| fact.what == kind);
    let reaches_end = |kind: Kind| {
        reachable(choreography, kind).iter().any(|next| choreography.ends.contains(next))
    };
    reachable(choreography, choreography.start)
        .into_iter()
        .filter(|kind| !reaches_end(*kind) && !compensates(*kind) && !is_fact(*kind))
        .map(Finding::NoEnd)
        .collect()
}

fn deadlines(choreography: &Choreography<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (service, states) in choreography.states {
        for state in states.iter().copied().filter(|state| *state != NONE) {
            let waits = choreography.reactions.iter().any(|r| {
                r.service == *service
                    && r.states.contains(&state)
                    && matches!(r.on, Trigger::Event(_))
            });
            let timed = choreography.reactions.iter().any(|r| {
                r.service == *service
                    && r.states.contains(&state)
                    && matches!(r.on, Trigger::Timer(_))
            });
            let exempt = choreography.waits.iter().any(|wait| wait.what == (*service, state));
            if waits && !timed && !exempt {
                findings.push(Finding::NoDeadline(*service, state));
            }
            if exempt && (timed || !waits) {
                let text = format!("{service} does not wait without a deadline in {state}");
                findings.push(Finding::NeedlessExemption(text));
            }
        }
    }
    findings
}

fn coverage(choreography: &Choreography<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for reads in choreography.reads {
        let states = choreography.states.iter().filter(|(service, _)| *service == reads.service);
        for state in states.flat_map(|(_, states)| states.iter().copied()) {
            let read = Kind::ALL.iter().filter(|kind| reads.decides.contains(&kind.service()));
            findings
                .extend(read.filter_map(|kind| covered(choreography, reads.service, state, *kind)));
        }
    }
    findings
}

fn covered(
    choreography: &Choreography<'_>,
    service: Service,
    state: State,
    kind: Kind,
) -> Option<Finding> {
    let reactions = choreography.reactions.iter().filter(|r| {
        r.service == service && r.on == Trigger::Event(kind) && r.states.contains(&state)
    });
    let ignored = choreography
        .ignored
        .iter()
        .filter(|i| i.service == service && i.on == kind && i.states.contains(&state));
    match reactions.count() + ignored.count() {
        0 => Some(Finding::Unhandled(service, state, kind)),
        1 => None,
        _ => Some(Finding::Ambiguous(service, state, kind)),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConsumer(kind) => {
                write!(f, "{kind} has no consumer and is neither an end nor a declared fact")
            }
            Self::NoProducer(kind) => write!(f, "{kind} is emitted by no reaction"),
            Self::ForeignEvent(service, kind) => {
                write!(f, "{service} emits {kind}, which belongs to {}", kind.service())
            }
            Self::NoCompensation(kind) => {
                write!(f, "{kind} is a forward step, and nothing undoes it when the order fails")
            }
            Self::NoEnd(kind) => write!(f, "no path from {kind} leads to an end"),
            Self::NoDeadline(service, state) => {
                write!(f, "{service} waits in {state} without a deadline or a declared exemption")
            }
            Self::Unhandled(service, state, kind) => {
                write!(f, "{service} in {state} neither reacts to {kind} nor ignores it")
            }
            Self::Ambiguous(service, state, kind) => {
                write!(f, "{service} in {state} handles {kind} in two ways")
            }
            Self::NeedlessExemption(what) => write!(f, "an exemption is not needed: {what}"),
        }
    }
}

#[cfg(test)]
mod tests;
