//! Every interleaving of one order: no order of reading is left out, no outcome, no moment at which
//! somebody cancels or a timer fires, and up to so many databases lost at any moment, with any
//! unread end of their rows unpublished.
//!
//! What a service does is decided by its real `decide`, in the state that its real `apply` made of
//! its own events, inside the real engine. There are few different questions of that kind, so each
//! is put once and its answer remembered; what is walked is who reads what when.
//!
//! # Layout
//!
//! * [`place`]: where a walk is: the rows of four streams, and how far each service has read.
//! * [`deciding`]: what a service may do there, by its real logic, and whether the table says so.
//! * [`stage`]: the events that such a question needs.
//! * [`ends`]: what must be true when nothing is left to read.
//!
//! Deliberately absent: the broker, and everything else that carries events. Rows arrive; in which
//! order across streams is what is explored.

mod place;

mod deciding;
mod stage;

mod ends;

use std::collections::{BTreeMap, HashSet};

use protocol::Kind;
use protocol::choreography::State;

use deciding::{Asked, Deciding};
use place::{Place, SERVICES};
use stage::Props;

/// Violations that are told; all are counted.
const TOLD_MAX: usize = 5;

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Whether everything that can be reached was.
    pub is_whole: bool,
    /// Different states that were reached.
    pub states: usize,
    /// Different questions that were put to the real services.
    pub decisions: usize,
    /// How often each end was reached: the states of order, inventory, payment and shipping.
    pub ends: BTreeMap<[State; 4], u64>,
    /// How many states violate what must be true.
    pub violations: u64,
    /// The first of them, as stories.
    pub shown: Vec<String>,
    /// Where the services and the choreography's table differ, and what the table allows and no
    /// service ever did.
    pub disagreements: Vec<String>,
}

impl Report {
    /// Whether everything is as it must be.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.states > 1 && self.violations == 0 && self.disagreements.is_empty()
    }
}

/// Walks everywhere that one order can get to, with so many lost databases, as long as it may go on.
#[must_use]
pub fn walk(wipes: u8, go_on: impl FnMut() -> bool) -> Report {
    let props = match Props::new() {
        Ok(props) => props,
        Err(wrong) => return Report { disagreements: vec![wrong], ..Report::default() },
    };
    let mut deciding = Deciding::new(props);
    let mut report = walk_with(&mut deciding, wipes, u64::MAX, go_on);
    if report.is_whole {
        report.disagreements = deciding.disagreements();
    }
    report
}

/// Goes on until everything is seen, or so many violations are, or it may not.
fn walk_with(
    deciding: &mut Deciding<'_>,
    wipes: u8,
    violations_max: u64,
    mut go_on: impl FnMut() -> bool,
) -> Report {
    let start = Place::start(wipes);
    let (mut seen, mut todo) = (HashSet::from([start]), vec![start]);
    let mut report = Report::default();
    while report.violations < violations_max && go_on() {
        let Some(place) = todo.pop() else { break };
        let mut next = Vec::new();
        let asked = place.wipes().into_iter().map(Ok);
        let went = asked.chain(spontaneous(deciding, &place)).chain(readings(deciding, &place));
        for step in went {
            match step {
                Ok(place) => next.push(place),
                Err(wrong) => report.violated(&place, &wrong),
            }
        }
        if !place.has_unread() {
            report.ended(&place);
        }
        for place in next {
            if seen.insert(place) {
                todo.push(place);
            }
        }
    }
    report.is_whole = todo.is_empty();
    report.states = seen.len();
    report.decisions = deciding.put();
    report
}

/// Somebody places or cancels, or a timer fires: at any moment at which the service allows it, each
/// at most once; but that a window closes is never used up.
fn spontaneous(deciding: &mut Deciding<'_>, place: &Place) -> Vec<Result<Place, String>> {
    let mut steps = Vec::new();
    for asked in [Asked::Place, Asked::Cancel, Asked::Deadline, Asked::Window] {
        if place.is_used(asked) {
            continue;
        }
        match deciding.outcomes(0, &place.kinds(0), asked) {
            Ok(outcomes) => {
                let happened = outcomes.iter().flatten();
                steps.extend(happened.map(|kind| place.using(asked).then(0, *kind)));
            }
            Err(wrong) => steps.push(Err(wrong)),
        }
    }
    steps
}

/// A service reads the next row of one of its streams.
fn readings(deciding: &mut Deciding<'_>, place: &Place) -> Vec<Result<Place, String>> {
    let mut steps = Vec::new();
    for reader in 0..SERVICES.len() {
        for (nth, kind) in place.unread_by(reader) {
            let moved = place.having_read(reader, nth);
            match deciding.outcomes(reader, &place.kinds(reader), Asked::Event(kind)) {
                Ok(outcomes) => steps.extend(outcomes.iter().map(|happened| match happened {
                    Some(kind) => moved.then(reader, *kind),
                    None => Ok(moved),
                })),
                Err(wrong) => steps.push(Err(wrong)),
            }
        }
    }
    steps
}

impl Report {
    fn ended(&mut self, place: &Place) {
        match ends::judge(place) {
            ends::Judged::Waits => {}
            ends::Judged::Well => *self.ends.entry(place.states()).or_default() += 1,
            ends::Judged::Wrong(wrong) => self.violated(place, &wrong),
        }
    }

    fn violated(&mut self, place: &Place, wrong: &str) {
        self.violations += 1;
        if self.shown.len() < TOLD_MAX {
            self.shown.push(format!("{wrong}\n{place}"));
        }
    }
}

/// What a mutant makes of an input: other outcomes than the real ones, or none of its business.
type Mutant<'a> = dyn Fn(usize, State, Asked) -> Option<Vec<Option<Kind>>> + 'a;

#[cfg(test)]
mod tests;
