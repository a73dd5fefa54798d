//! Every run that one order can take: all orders of saying and reading in which its services can come
//! to where they come to.
//!
//! A situation is what each service has said about the order, and how far each has read the others.
//! What is ignored in every state is read at once, since nothing depends on when. A command may come
//! at any time and need never come; everything else comes in the end.
//!
//! Deliberately absent: lost stores, which the simulator has, and time: a timer may fire whenever its
//! state lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use super::{Choreography, NONE, Rule, State, Trigger};
use crate::{Kind, Service};

/// Situations that one exploration looks at. This system's orders have fewer than two hundred: what has
/// this many is not understood by people either.
const SITUATIONS_MAX: usize = 100_000;

/// How far one order has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Situation {
    said: BTreeMap<Service, Vec<Kind>>,
    /// How much of each stream's events about the order each service has read: of reader, then stream.
    /// What is not named has not been read.
    read: BTreeMap<(Service, Service), usize>,
}

/// One step of a run: in a state and on a trigger, a service says something and is in the next state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who takes it.
    pub service: Service,
    /// In which state.
    pub state: State,
    /// On what.
    pub on: Trigger,
    /// What it says.
    pub emits: Kind,
    /// The state that it is in afterwards.
    pub after: State,
}

/// The steps of a run, from its start on. None where no run leads there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

/// All situations that can follow from a first one, nearest first.
#[derive(Debug)]
pub struct Exploration {
    /// The situations, in the order in which they were come to.
    pub visited: Vec<Visited>,
    /// Steps that say, by themselves, what their service has said before, with the place of the
    /// situation in which they are taken. No run is followed beyond one.
    pub repeats: Vec<(usize, Step)>,
    /// Whether that is all of it, and not only the most that is looked at.
    pub is_complete: bool,
}

/// One situation, and how it was come to.
#[derive(Debug)]
pub struct Visited {
    /// The situation.
    pub situation: Rc<Situation>,
    /// Whether nothing happens any more but what a command asks for.
    pub is_quiet: bool,
    came_from: Option<usize>,
    by: Option<Step>,
}

/// A situation that can follow, and the step that leads there; none where something is only read.
type Move = (Option<Step>, Situation);

impl Situation {
    /// What came so far, in the order of each service's stream; nothing of it is read.
    #[must_use]
    pub fn after(said: impl IntoIterator<Item = Kind>) -> Self {
        let mut situation = Self::default();
        said.into_iter().for_each(|kind| situation.say(kind));
        situation
    }

    /// The same, when `reader` has read the first `count` of what `stream` has said.
    #[must_use]
    pub fn with_read(mut self, reader: Service, stream: Service, count: usize) -> Self {
        if count > 0 {
            self.read.insert((reader, stream), count);
        }
        self
    }

    /// The state that the order is in, inside `service`.
    #[must_use]
    pub fn state(&self, choreography: &Choreography, service: Service) -> State {
        let mut said = self.said_by(service).iter().rev();
        said.find_map(|kind| choreography.state_after(*kind)).unwrap_or(NONE)
    }

    /// Whether an event of this kind has come.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.said_by(kind.service()).contains(&kind)
    }

    /// What `reader` reads next of what `stream` says about the order.
    #[must_use]
    pub fn unread(&self, reader: Service, stream: Service) -> Option<Kind> {
        let at = self.read.get(&(reader, stream)).copied().unwrap_or(0);
        self.said_by(stream).get(at).copied()
    }

    fn said_by(&self, service: Service) -> &[Kind] {
        self.said.get(&service).map_or(&[], Vec::as_slice)
    }

    fn say(&mut self, kind: Kind) {
        self.said.entry(kind.service()).or_default().push(kind);
    }

    fn read_next(&mut self, reader: Service, stream: Service) {
        *self.read.entry((reader, stream)).or_default() += 1;
    }
}

/// Follows every run that begins with an event of this kind, which a command asks for.
#[must_use]
pub fn runs_from(choreography: &Choreography, root: Kind) -> Exploration {
    let mut reactions = choreography.reactions.iter();
    let asked = reactions.find(|reaction| reaction.emits.contains(&root));
    let by = Step {
        service: root.service(),
        state: NONE,
        on: asked.map_or(Trigger::Command("unknown"), |reaction| reaction.on),
        emits: root,
        after: choreography.state_after(root).unwrap_or(NONE),
    };
    explore(choreography, Situation::after([root]), Some(by))
}

/// Follows every run that goes on from this situation.
#[must_use]
pub fn runs_on(choreography: &Choreography, first: Situation) -> Exploration {
    explore(choreography, first, None)
}

fn explore(choreography: &Choreography, mut first: Situation, by: Option<Step>) -> Exploration {
    let runs = Runs::of(choreography);
    runs.read_ignored(&mut first);
    let first = Rc::new(first);
    let mut known = BTreeMap::from([(Rc::clone(&first), 0)]);
    let first = Visited { situation: first, is_quiet: false, came_from: None, by };
    let mut explored = Exploration { visited: vec![first], repeats: Vec::new(), is_complete: true };
    let mut at = 0;
    while let Some(visited) = explored.visited.get_mut(at) {
        let situation = Rc::clone(&visited.situation);
        let moves = runs.moves(&situation);
        visited.is_quiet = moves.iter().all(|(by, _)| by.is_some_and(Step::is_asked_for));
        for (by, next) in moves {
            if let Some(step) = by.filter(|step| situation.has(step.emits)) {
                if !step.is_asked_for() {
                    explored.repeats.push((at, step));
                }
                continue;
            }
            let next = Rc::new(next);
            if known.contains_key(&next) {
                continue;
            }
            if explored.visited.len() == SITUATIONS_MAX {
                explored.is_complete = false;
                return explored;
            }
            known.insert(Rc::clone(&next), explored.visited.len());
            let visited = Visited { situation: next, is_quiet: false, came_from: Some(at), by };
            explored.visited.push(visited);
        }
        at += 1;
    }
    explored
}

impl Exploration {
    /// The shortest way to the first situation that `is_it` holds for.
    pub fn path_to(&self, is_it: impl Fn(&Situation) -> bool) -> Option<Path> {
        let at = self.visited.iter().position(|visited| is_it(&visited.situation))?;
        Some(self.path(at))
    }

    /// The way to the situation at this place.
    #[must_use]
    pub fn path(&self, at: usize) -> Path {
        let mut steps = Vec::new();
        let mut at = Some(at);
        while let Some(visited) = at.and_then(|at| self.visited.get(at)) {
            steps.extend(visited.by);
            at = visited.came_from;
        }
        steps.reverse();
        Path(steps)
    }
}

/// The choreography, and what each service ignores in every state.
struct Runs<'a> {
    choreography: &'a Choreography,
    ignored: BTreeSet<(Service, Kind)>,
}

impl<'a> Runs<'a> {
    fn of(choreography: &'a Choreography) -> Self {
        let pairs = choreography.services().flat_map(|reader| {
            let kinds = choreography.kinds();
            kinds
                .filter(move |kind| choreography.ignores_always(reader, *kind))
                .map(move |kind| (reader, kind))
        });
        Self { choreography, ignored: pairs.collect() }
    }

    fn moves(&self, situation: &Situation) -> Vec<Move> {
        let mut moves = Vec::new();
        for service in self.choreography.services() {
            for stream in self.streams(service) {
                self.reading(situation, service, stream, &mut moves);
            }
            self.without_reading(situation, service, &mut moves);
        }
        moves.iter_mut().for_each(|(_, next)| self.read_ignored(next));
        moves
    }

    /// What can follow when `service` reads on in `stream`: nothing if its table does not know what is
    /// next there, since the stream is held then.
    fn reading(&self, now: &Situation, service: Service, stream: Service, moves: &mut Vec<Move>) {
        let Some(kind) = now.unread(service, stream) else { return };
        let mut read = now.clone();
        read.read_next(service, stream);
        let state = now.state(self.choreography, service);
        let on = Trigger::Event(kind);
        match self.choreography.rule(service, state, on) {
            Rule::Emit(kinds) => {
                moves.extend(kinds.iter().filter_map(|kind| self.say(&read, service, on, *kind)));
            }
            Rule::Ignore => moves.push((None, read)),
            Rule::Unknown => {}
        }
    }

    /// What can follow by a timer or a command. What a command begins is about something else.
    fn without_reading(&self, now: &Situation, service: Service, moves: &mut Vec<Move>) {
        let state = now.state(self.choreography, service);
        for reaction in &self.choreography.reactions {
            let is_read = matches!(reaction.on, Trigger::Event(_));
            let fits = reaction.service == service && reaction.states.contains(&state);
            if fits && !is_read && state != NONE {
                let said = reaction.emits.iter();
                moves.extend(said.filter_map(|kind| self.say(now, service, reaction.on, *kind)));
            }
        }
    }

    /// Whoever says what belongs to another is refused.
    fn say(&self, now: &Situation, service: Service, on: Trigger, emits: Kind) -> Option<Move> {
        if emits.service() != service {
            return None;
        }
        let state = now.state(self.choreography, service);
        let mut next = now.clone();
        next.say(emits);
        let after = next.state(self.choreography, service);
        Some((Some(Step { service, state, on, emits, after }), next))
    }

    fn read_ignored(&self, situation: &mut Situation) {
        for reader in self.choreography.services() {
            for stream in self.streams(reader) {
                while let Some(kind) = situation.unread(reader, stream)
                    && self.ignored.contains(&(reader, kind))
                {
                    situation.read_next(reader, stream);
                }
            }
        }
    }

    fn streams(&self, reader: Service) -> impl Iterator<Item = Service> {
        let services = self.choreography.services();
        services.filter(move |stream| self.choreography.decides(reader, *stream))
    }
}

impl Step {
    /// Whether a command asks for it.
    #[must_use]
    pub const fn is_asked_for(self) -> bool {
        matches!(self.on, Trigger::Command(_))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, state, on, emits, after } = self;
        write!(f, "{service} in {state} on {on}: {emits}, then in {after}")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.0.iter().enumerate() {
            let Step { service, state, on, emits, after } = step;
            let between = if nth == 0 { "" } else { ", " };
            write!(f, "{between}{emits} ({service} {state} → {after}")?;
            // Events stand in the path themselves.
            match on {
                Trigger::Event(_) => f.write_str(")")?,
                Trigger::Command(_) | Trigger::Timer(_) => write!(f, " on {on})")?,
            }
        }
        Ok(())
    }
}
