//! What a service may do with an input, having said what it has said: asked of its real logic, in
//! every circumstance that makes a difference, and held against the table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contracts::choreography::MURMURATION;
use contracts::{Event, service};
use engine::{Answer, Database, Domain, Engine, Outcome, QueuedInput, Request};
use protocol::choreography::{Reaction, Rule, Trigger};
use protocol::{Kind, Service};

use super::Mutant;
use super::place::{Own, SERVICES, state_of};
use super::stage::{self, Circumstances, Props};
use crate::services;

/// One input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// The next event of a stream.
    Event(Kind),
    /// Somebody places the order.
    Place,
    /// Somebody cancels it.
    Cancel,
    /// Its deadline passes.
    Deadline,
    /// Its window closes.
    Window,
}

/// What may happen: one event, or nothing. Nothing at all if the input is refused.
pub(super) type Outcomes = Vec<Option<Kind>>;

/// The real services, and what they were asked before.
pub(super) struct Deciding<'a> {
    props: Props,
    answers: HashMap<(usize, Own, Asked), Result<Outcomes, String>>,
    /// One event of each kind, as a service made it.
    events: BTreeMap<Kind, Event>,
    disagreements: BTreeSet<String>,
    reached: BTreeSet<(Service, Trigger, Kind)>,
    mutant: Option<&'a Mutant<'a>>,
}

impl<'a> Deciding<'a> {
    /// The real services.
    pub(super) fn new(props: Props) -> Self {
        Self {
            props,
            answers: HashMap::new(),
            events: BTreeMap::new(),
            disagreements: BTreeSet::new(),
            reached: BTreeSet::new(),
            mutant: None,
        }
    }

    /// The same services with something broken: they keep the events that they know.
    #[cfg(test)]
    pub(super) fn broken_by<'b>(&self, mutant: &'b Mutant<'b>) -> Deciding<'b> {
        let new = Deciding::new(self.props.clone());
        Deciding { events: self.events.clone(), mutant: Some(mutant), ..new }
    }

    /// How many questions were put.
    pub(super) fn put(&self) -> usize {
        self.answers.len()
    }

    /// What `service`, having said `own`, may do when asked.
    pub(super) fn outcomes(
        &mut self,
        service: usize,
        own: &Own,
        asked: Asked,
    ) -> Result<Outcomes, String> {
        let question = (service, *own, asked);
        if let Some(answer) = self.answers.get(&question) {
            return answer.clone();
        }
        let answer = self.ask(service, own, asked);
        self.answers.insert(question, answer.clone());
        answer
    }

    fn ask(&mut self, service: usize, own: &Own, asked: Asked) -> Result<Outcomes, String> {
        let state = state_of(own);
        if let Some(outcomes) = self.mutant.and_then(|mutant| mutant(service, state, asked)) {
            return Ok(outcomes);
        }
        let mut outcomes = Outcomes::new();
        for circumstances in Circumstances::ALL {
            let wrong = |reason| format!("{} in state {state}: {reason}", SERVICES[service]);
            let answer = self.ask_in(circumstances, service, own, asked).map_err(wrong)?;
            let Some(happened) = answer else { continue };
            let kind = happened.as_ref().map(Event::kind);
            self.compare(SERVICES[service], own, asked, kind);
            if let Some(event) = happened {
                self.events.entry(event.kind()).or_insert(event);
            }
            if !outcomes.contains(&kind) {
                outcomes.push(kind);
            }
        }
        Ok(outcomes)
    }

    /// What happens; nothing at all if the input is refused.
    fn ask_in(
        &self,
        circumstances: Circumstances,
        service: usize,
        own: &Own,
        asked: Asked,
    ) -> Result<Option<Option<Event>>, String> {
        let known = |kind: &Kind| self.events.get(kind).cloned();
        let own: Option<Vec<Event>> = own.iter().flatten().map(known).collect();
        let own = own.ok_or("it has said what no service says")?;
        let own = self.props.own_events(SERVICES[service], circumstances, own);
        let foreign = self.props.foreign_events(SERVICES[service], circumstances);
        let input = match asked {
            Asked::Event(kind) => Some(known(&kind).ok_or("it reads what no service says")?),
            Asked::Place | Asked::Cancel | Asked::Deadline | Asked::Window => None,
        };
        match SERVICES[service] {
            service::ORDER => {
                let command = self.props.command(asked);
                decide(stage::ORDER, &own, &foreign, (input, command, asked))
            }
            service::INVENTORY => {
                decide(inventory::domain::InventoryDomain, &own, &foreign, (input, None, asked))
            }
            service::PAYMENT => {
                decide(payment::PaymentDomain, &own, &foreign, (input, None, asked))
            }
            service::SHIPPING => {
                let shipping = shipping::domain::ShippingDomain::default();
                decide(shipping, &own, &foreign, (input, None, asked))
            }
            _ => Err("it is in no saga".to_owned()),
        }
    }

    /// Holds what was decided against the table.
    fn compare(&mut self, service: Service, own: &Own, asked: Asked, happened: Option<Kind>) {
        let (state, trigger) = (state_of(own), trigger(asked));
        let agree = match (MURMURATION.rule(service, state, trigger), happened) {
            (Rule::Emit(kinds), Some(kind)) => kinds.contains(&kind),
            (Rule::Ignore, None) => true,
            (Rule::Emit(_), None) | (Rule::Ignore, Some(_)) | (Rule::Unknown, _) => false,
        };
        if !agree {
            let did = happened.map_or_else(|| "nothing".to_owned(), |kind| kind.to_string());
            let text = format!("{service} in state {state} did {did} on {trigger}");
            self.disagreements.insert(text);
        }
        if let Some(kind) = happened {
            self.reached.insert((service, trigger, kind));
        }
    }

    /// Where services and table differ: also what the table allows and nobody ever did.
    pub(super) fn disagreements(&self) -> Vec<String> {
        let of_the_saga = |reaction: &&Reaction| {
            SERVICES.contains(&reaction.service)
                && (reaction.service == service::ORDER || matches!(reaction.on, Trigger::Event(_)))
        };
        let mut all: Vec<String> = self.disagreements.iter().cloned().collect();
        for reaction in MURMURATION.reactions.iter().filter(of_the_saga) {
            let Reaction { service, on, emits, .. } = reaction;
            let never =
                emits.iter().filter(|kind| !self.reached.contains(&(*service, *on, **kind)));
            all.extend(never.map(|kind| format!("{service} never did {kind} on {on}")));
        }
        all
    }
}

/// The name of an input in the choreography.
pub(super) const fn trigger(asked: Asked) -> Trigger {
    match asked {
        Asked::Event(kind) => Trigger::Event(kind),
        Asked::Place => Trigger::Command("place"),
        Asked::Cancel => Trigger::Command("cancel"),
        Asked::Deadline => Trigger::Timer(order::domain::DEADLINE),
        Asked::Window => Trigger::Timer(order::domain::WINDOW),
    }
}

/// Restores a service from its own events and gives it the input, in the real engine.
fn decide<D: Domain<Event = Event>>(
    domain: D,
    own: &[Event],
    foreign: &[Event],
    (event, command, asked): (Option<Event>, Option<D::Command>, Asked),
) -> Result<Option<Option<Event>>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let database = Database::in_memory(D::SERVICE, D::MIGRATIONS).map_err(|e| text(&e))?;
    let mut engine = Engine::new(domain, database, services::keys()).map_err(|e| text(&e))?;
    if own.is_empty() {
        engine.begin_history(stage::HISTORY).map_err(|e| text(&e))?;
    } else {
        engine.restore(&stage::rows(own)?).map_err(|e| text(&e))?;
    }
    let mut inputs: Vec<_> =
        stage::stored(foreign).map(|event| QueuedInput::Event(Box::new(event))).collect();
    inputs
        .extend(event.map(|event| QueuedInput::Event(Box::new(stage::first_of_its_stream(event)))));
    inputs.extend(
        command.map(|command| QueuedInput::Command { command, request: Request::default() }),
    );
    if let Trigger::Timer(name) = trigger(asked) {
        let due = engine.timers_due(stage::LATE, u32::MAX).map_err(|e| text(&e))?;
        let Some(timer) = due.into_iter().find(|timer| timer.name == name) else { return Ok(None) };
        inputs.push(QueuedInput::Timer(timer));
    }
    let batch = engine.run(&inputs, stage::NOW).map_err(|e| text(&e))?;
    match batch.outcomes.into_iter().last() {
        Some(Outcome::Held { reason, .. } | Outcome::Command(Answer::Failed(reason))) => {
            Err(reason)
        }
        Some(Outcome::Command(Answer::Accepted { event, .. })) => Ok(Some(Some(event.event))),
        Some(Outcome::Event | Outcome::Ignored | Outcome::Timer) => {
            let row = batch.rows.last().map(protocol::Row::parse::<Event>).transpose();
            Ok(Some(row.map_err(|e| text(&e))?.map(|stored| stored.event)))
        }
        Some(Outcome::Command(
            Answer::Unchanged
            | Answer::Refused(_)
            | Answer::KeyReused
            | Answer::PreconditionFailed(_)
            | Answer::TooLarge { .. },
        ))
        | None => Ok(None),
    }
}
