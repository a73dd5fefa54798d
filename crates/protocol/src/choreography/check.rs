//! Walks everything that a choreography lets happen, and reports what would leave an order without its
//! end. Each rule is a file; each finding names the run that leads to it.
//!
//! Deliberately absent: what a table cannot show, such as whether the code keeps to it. The engine and
//! the simulator see to that.

mod compensations;
mod coverage;
mod ends;
mod events;
mod states;
mod waits;

use std::fmt;

use super::runs::{Exploration, Path, Situation, runs_from};
use super::{Choreography, NONE, State, Trigger};
use crate::{Kind, Service};

/// Something wrong with a choreography, and how an order comes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// The shortest run that shows it. No steps, where no run leads there.
    pub path: Path,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// An event that no service consumes, that is no end and no declared fact.
    NoConsumer(Kind),
    /// An event that no run says: nothing emits it, or whatever would cannot come to it.
    NoProducer(Kind),
    /// A service, in this state, reacts to an event that nobody ever publishes.
    NeverPublished(Service, State, Kind),
    /// A reaction emits an event that belongs to another service.
    ForeignEvent(Service, Kind),
    /// After this forward step, with this end that is none of success, nothing undoes the step.
    NoCompensation(Kind, Kind),
    /// A step that others go on from, while no event is declared that would undo it.
    NoCompensationDeclared(Kind),
    /// The order stays in this state of its owner for ever, unless a command comes.
    NoEnd(Service, State),
    /// The service says this again of the same order, by itself: nothing says how often.
    Cycle(Service, Kind),
    /// A state that waits for others, without a timer and without an exemption.
    NoDeadline(Service, State),
    /// A state that no run comes to, and why.
    Unreachable(Service, State, String),
    /// A state that is named and not declared.
    Undeclared(Service, State),
    /// What a service reads in this state is neither in the table nor ignored.
    Unhandled(Service, State, Kind),
    /// What a service reads in this state is in the table and ignored, or in it twice.
    Ambiguous(Service, State, Kind),
    /// An exemption of something that needs none.
    NeedlessExemption(String),
    /// There is more that can happen than is looked at.
    TooManySituations,
}

/// A choreography, and every run of everything that it is about: orders first.
struct Checked<'a> {
    choreography: &'a Choreography,
    runs: Vec<Exploration>,
}

/// Everything that is wrong; nothing if the choreography is sound.
#[must_use]
pub fn check(choreography: &Choreography) -> Vec<Finding> {
    let checked = Checked::of(choreography);
    let mut findings = events::findings(&checked);
    findings.extend(compensations::findings(&checked));
    findings.extend(ends::findings(&checked));
    findings.extend(waits::findings(&checked));
    findings.extend(states::findings(&checked));
    findings.extend(coverage::findings(&checked));
    findings
}

impl<'a> Checked<'a> {
    fn of(choreography: &'a Choreography) -> Self {
        let runs = roots(choreography).into_iter().map(|root| runs_from(choreography, root));
        Self { choreography, runs: runs.collect() }
    }

    /// The runs of an order.
    fn saga(&self) -> &Exploration {
        &self.runs[0]
    }

    /// The shortest run to a situation like that; an order's, if it is one of an order's.
    fn path_to(&self, is_it: impl Fn(&Situation) -> bool) -> Option<Path> {
        self.runs.iter().find_map(|runs| runs.path_to(&is_it))
    }

    /// The shortest run to where an event of this kind has come.
    fn path_to_event(&self, kind: Kind) -> Option<Path> {
        self.path_to(|situation| situation.has(kind))
    }

    /// The shortest run to where `service` is in this state.
    fn path_to_state(&self, service: Service, state: State) -> Option<Path> {
        self.path_to(|situation| situation.state(self.choreography, service) == state)
    }

    /// Whether an event of this kind ever comes. One that tells no state is about something else than
    /// what a run is about: it comes if a command, or recovery, brings it.
    fn comes(&self, kind: Kind) -> bool {
        let is_consumed = self.choreography.reactions.iter().any(|reaction| {
            reaction.emits.contains(&kind)
                && reaction.states.contains(&NONE)
                && matches!(reaction.on, Trigger::Command(_))
        });
        let follows = || kind != self.choreography.start && self.path_to_event(kind).is_some();
        is_consumed || kind.is_recovered() || follows()
    }
}

/// The start of an order, and of everything else that a command begins and that has states.
fn roots(choreography: &Choreography) -> Vec<Kind> {
    let mut roots = vec![choreography.start];
    for reaction in &choreography.reactions {
        let begins = matches!(reaction.on, Trigger::Command(_)) && reaction.states.contains(&NONE);
        let kinds = reaction.emits.iter().filter(|kind| choreography.state_after(**kind).is_some());
        for kind in kinds.filter(|kind| begins && kind.service() == reaction.service) {
            if !roots.contains(kind) {
                roots.push(*kind);
            }
        }
    }
    roots
}

impl Finding {
    /// With the run that leads there, if one does.
    fn on(problem: Problem, path: Option<Path>) -> Self {
        Self { problem, path: path.unwrap_or_default() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, path } = self;
        if path.0.is_empty() { write!(f, "{problem}") } else { write!(f, "{problem}: {path}") }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConsumer(kind) => {
                write!(f, "{kind} has no consumer and is neither an end nor a declared fact")
            }
            Self::NoProducer(kind) => write!(f, "{kind} is published by nobody"),
            Self::NeverPublished(service, state, kind) => {
                write!(f, "{service} in {state} reacts to {kind}, which nobody publishes")
            }
            Self::ForeignEvent(service, kind) => {
                write!(f, "{service} emits {kind}, which belongs to {}", kind.service())
            }
            Self::NoCompensation(step, end) => write!(f, "{step} is not undone after {end}"),
            Self::NoCompensationDeclared(step) => {
                write!(f, "{step} is a forward step, and no event is declared that undoes it")
            }
            Self::NoEnd(service, state) => {
                write!(f, "{service} stays in {state}: no end comes unless a command does")
            }
            Self::Cycle(service, kind) => {
                write!(f, "{service} says {kind} again and again: a cycle without progress")
            }
            Self::NoDeadline(service, state) => {
                write!(f, "{service} waits in {state} without a deadline or a declared exemption")
            }
            Self::Unreachable(service, state, why) => {
                write!(f, "{service} is never in {state}: {why}")
            }
            Self::Undeclared(service, state) => {
                write!(f, "{service} has no state {state}, and the table names it")
            }
            Self::Unhandled(service, state, kind) => {
                write!(f, "{service} in {state} neither reacts to {kind} nor ignores it")
            }
            Self::Ambiguous(service, state, kind) => {
                write!(f, "{service} in {state} handles {kind} in two ways")
            }
            Self::NeedlessExemption(what) => write!(f, "an exemption is not needed: {what}"),
            Self::TooManySituations => {
                f.write_str("an order can come to more situations than are looked at")
            }
        }
    }
}
