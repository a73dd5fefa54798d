//! One input inside the transaction of its batch.

use std::collections::BTreeMap;

use contracts::choreography::{MURMURATION, Rule, Trigger};
use contracts::events::shipping::{CancelReason, Cancelled};
use contracts::{
    Cause, Event, Headers, Idempotency, Kind, Position, Row, SealKeys, Service, StoredEvent,
    Timestamp, Vector,
};

use super::{Answer, Batch, Known, Outcome, QueuedInput, Request};
use crate::domain::{Decision, Domain, Input};
use crate::precondition::Validators;
use crate::seeded::{self, Bug};
use crate::state::{StateError, Write};
use crate::timers::{self, Timer};
use crate::{idempotency, outbox, replicas};

/// A batch while it runs.
pub(super) struct Running<'a, 'tx, D: Domain> {
    domain: &'a D,
    write: &'a mut Write<'tx>,
    held: &'a BTreeMap<Service, String>,
    known: Known,
    inputs: &'a [QueuedInput<D::Command>],
    now: Timestamp,
    keys: &'a SealKeys,
    row_bytes_max: usize,
    batch: Batch<D::Refusal>,
}

/// The origin of a decision: what it was made on, and what its event carries of it.
struct Origin<'a> {
    trigger: Trigger,
    cause: Cause,
    request: Option<&'a Idempotency>,
    traceparent: Option<&'a str>,
}

impl<'a, 'tx, D: Domain> Running<'a, 'tx, D> {
    pub(super) fn new(
        domain: &'a D,
        write: &'a mut Write<'tx>,
        held: &'a BTreeMap<Service, String>,
        known: Known,
        inputs: &'a [QueuedInput<D::Command>],
        now: Timestamp,
        keys: &'a SealKeys,
    ) -> Self {
        let batch = Batch::empty(known.clone());
        let row_bytes_max = outbox::ROW_BYTES_MAX;
        Self { domain, write, held, known, inputs, now, keys, row_bytes_max, batch }
    }

    /// The same, whose commands write rows of at most so many bytes.
    pub(super) const fn with_rows_of(mut self, bytes_max: usize) -> Self {
        self.row_bytes_max = bytes_max;
        self
    }

    /// Runs the inputs in order. Says what they did, and what is known afterwards.
    pub(super) fn run(mut self) -> Result<(Batch<D::Refusal>, Known), StateError> {
        for input in self.inputs {
            self.handle(input)?;
        }
        self.batch.head = self.known.head;
        Ok((self.batch, self.known))
    }

    fn handle(&mut self, input: &QueuedInput<D::Command>) -> Result<(), StateError> {
        let outcome = match input {
            QueuedInput::Command { command, request } => {
                Outcome::Command(self.command(command, request)?)
            }
            QueuedInput::Event(event) => self.event(event)?,
            QueuedInput::Ignored { stream, after, up_to } => {
                self.ignored(*stream, *after, *up_to)?
            }
            QueuedInput::Timer(timer) => self.timer(timer)?,
        };
        self.batch.outcomes.push(outcome);
        Ok(())
    }

    fn command(
        &mut self,
        command: &D::Command,
        request: &Request,
    ) -> Result<Answer<D::Refusal>, StateError> {
        if let Some(asked) = &request.idempotency {
            match idempotency::look_up(&self.write.read(), asked)? {
                idempotency::Known::New => {}
                idempotency::Known::Accepted(row) => return repeated(&row),
                idempotency::Known::Reused => return Ok(Answer::KeyReused),
            }
        }
        let failed = self.failed_precondition(command, request)?;
        let name = D::command_name(command);
        let origin = Origin {
            trigger: Trigger::Command(name),
            cause: Cause::Command(name.to_owned()),
            request: request.idempotency.as_ref(),
            traceparent: request.traceparent.as_deref(),
        };
        let decision = self.decide(Input::Command(command), origin.trigger)?;
        match (decision, failed) {
            // What would be refused of something that does not exist is told as that.
            (Decision::Refuse(refusal), Some(None)) => Ok(Answer::Refused(refusal)),
            (_, Some(current)) => Ok(Answer::PreconditionFailed(current)),
            (Decision::Emit { event, .. }, None) => {
                let (event, row) = self.next_row(event, origin)?;
                let (bytes, bytes_max) = (outbox::bytes_of(&row), self.row_bytes_max);
                if bytes > bytes_max {
                    return Ok(Answer::TooLarge { bytes, bytes_max });
                }
                let event = Box::new(self.append_and_apply(event, row)?);
                Ok(Answer::Accepted { event, repeated: false })
            }
            (Decision::Nothing { .. }, None) => Ok(Answer::Unchanged),
            (Decision::Refuse(refusal), None) => Ok(Answer::Refused(refusal)),
        }
    }

    /// What there is, where the request's preconditions do not hold for it.
    fn failed_precondition(
        &self,
        command: &D::Command,
        Request { preconditions, .. }: &Request,
    ) -> Result<Option<Option<Validators>>, StateError> {
        if preconditions.is_empty() {
            return Ok(None);
        }
        let current = self.domain.validators(&self.write.read(), command)?;
        Ok(if preconditions.hold(current.as_ref()) { None } else { Some(current) })
    }

    fn event(&mut self, event: &StoredEvent) -> Result<Outcome<D::Refusal>, StateError> {
        let stream = event.headers.kind.service();
        if let Some(reason) = self.held.get(&stream) {
            return Ok(Outcome::Held { stream: Some(stream), reason: reason.clone() });
        }
        let sequence = event.headers.sequence;
        self.check_next(stream, sequence)?;
        if MURMURATION.replicates(D::SERVICE, stream) && replicas::fold(self.write, event)? {
            self.batch.folded.push(event.clone());
        }
        let position = event.position();
        let place = self.known.positions.0.entry(stream).or_default();
        place.folded = position;
        // Up to `decided`, a replica that is read again is only folded.
        if sequence > place.decided.sequence {
            place.decided = position;
            if MURMURATION.decides(D::SERVICE, stream) {
                self.react(event)?;
            }
        }
        Ok(Outcome::Event)
    }

    /// Moves both positions over events that change nothing. Up to `decided`, a replica that is read
    /// again is only folded.
    fn ignored(
        &mut self,
        stream: Service,
        after: u64,
        up_to: Position,
    ) -> Result<Outcome<D::Refusal>, StateError> {
        if let Some(reason) = self.held.get(&stream) {
            return Ok(Outcome::Held { stream: Some(stream), reason: reason.clone() });
        }
        self.check_next(stream, after + 1)?;
        let place = self.known.positions.0.entry(stream).or_default();
        place.folded = up_to;
        if up_to.sequence > place.decided.sequence {
            place.decided = up_to;
        }
        Ok(Outcome::Ignored)
    }

    fn check_next(&self, stream: Service, sequence: u64) -> Result<(), StateError> {
        let expected = self.known.positions.of(stream).folded.sequence + 1;
        if sequence == expected || seeded::on(Bug::NoContiguityCheck) {
            return Ok(());
        }
        let stream = stream.stream();
        let text = format!("{stream} {sequence} arrived where {expected} was expected");
        Err(StateError::Contradiction(text))
    }

    fn react(&mut self, event: &StoredEvent) -> Result<(), StateError> {
        let trigger = Trigger::Event(event.headers.kind);
        let service = event.headers.kind.service();
        if let Decision::Emit { event: next, .. } = self.decide(Input::Event(event), trigger)? {
            let origin = Origin {
                trigger,
                cause: Cause::Event { service, sequence: event.headers.sequence },
                request: None,
                traceparent: event.headers.traceparent.as_deref(),
            };
            let cause = origin.cause.clone();
            let appended = self.append(next, origin)?;
            if let Some(event) = second_of(&appended) {
                self.append(event, Origin { trigger, cause, request: None, traceparent: None })?;
            }
        }
        Ok(())
    }

    fn timer(&mut self, timer: &Timer) -> Result<Outcome<D::Refusal>, StateError> {
        if !timers::is_set(&self.write.read(), timer)? {
            return Ok(Outcome::Timer);
        }
        let trigger = timer_trigger(D::SERVICE, timer)?;
        let decision = self.decide(Input::Timer { name: &timer.name, id: &timer.id }, trigger)?;
        if let Decision::Emit { event, .. } = decision {
            let cause = Cause::Timer(timer.name.clone());
            self.append(event, Origin { trigger, cause, request: None, traceparent: None })?;
        }
        if timers::is_set(&self.write.read(), timer)? {
            let text = format!("the timer {} of {} would fire for ever", timer.name, timer.id);
            return Err(StateError::Contradiction(text));
        }
        Ok(Outcome::Timer)
    }

    fn decide(
        &self,
        input: Input<'_, D::Command>,
        trigger: Trigger,
    ) -> Result<Decision<D::Refusal>, StateError> {
        let decision = self.domain.decide(&self.write.read(), input, self.now)?;
        check(D::SERVICE, trigger, &decision)?;
        Ok(decision)
    }

    /// Appends the event to the outbox, with the vector of exactly this input, and applies it.
    fn append(&mut self, event: Event, origin: Origin<'_>) -> Result<StoredEvent, StateError> {
        let (event, row) = self.next_row(event, origin)?;
        self.append_and_apply(event, row)
    }

    fn append_and_apply(
        &mut self,
        event: StoredEvent,
        row: Row,
    ) -> Result<StoredEvent, StateError> {
        if seeded::on(Bug::TombstoneWithoutEvent) && event.headers.kind == Kind::PaymentVoided {
            return self.domain.apply(self.write, &event).map(|()| event);
        }
        outbox::append(self.write, self.known.head, &row, &event.headers.id)?;
        apply(self.domain, self.write, &event)?;
        self.known.head = row.position();
        self.batch.rows.push(row);
        Ok(event)
    }

    fn next_row(&self, event: Event, origin: Origin<'_>) -> Result<(StoredEvent, Row), StateError> {
        let no_history = || StateError::Contradiction("there is no history yet".to_owned());
        let headers = Headers {
            sequence: self.known.head.sequence + 1,
            kind: event.kind(),
            id: event.id().clone(),
            time: self.now,
            cause: origin.cause,
            vector: self.vector(),
            history: self.known.history.ok_or_else(no_history)?,
            traceparent: origin.traceparent.map(str::to_owned),
            idempotency: origin.request.cloned(),
            seal: None,
        };
        sealed(headers, event, self.known.head, self.keys)
    }

    /// The positions after exactly this input.
    fn vector(&self) -> Vector {
        let mut vector = self.known.positions.vector();
        if seeded::on(Bug::BatchEndVector) {
            vector.0.extend(self.inputs.iter().filter_map(|input| match input {
                QueuedInput::Event(event) => Some((event.headers.kind.service(), event.position())),
                QueuedInput::Ignored { stream, up_to, .. } => Some((*stream, *up_to)),
                QueuedInput::Command { .. } | QueuedInput::Timer(_) => None,
            }));
        }
        vector
    }
}

/// What a bug makes of the same input as well.
fn second_of(appended: &StoredEvent) -> Option<Event> {
    if !seeded::on(Bug::TwoEventsFromOneInput) {
        return None;
    }
    let Event::ShippingCreated(created) = &appended.event else { return None };
    let (order_id, reason) = (created.order_id.clone(), CancelReason::NotServed);
    Some(Event::ShippingCancelled(Cancelled { order_id, reason }))
}

/// The event and the row that holds it, sealed, with the chain after `head`.
pub(super) fn sealed(
    headers: Headers,
    event: Event,
    head: Position,
    keys: &SealKeys,
) -> Result<(StoredEvent, Row), StateError> {
    let failed = |error: serde_json::Error| StateError::Contradiction(error.to_string());
    let mut event = StoredEvent { headers, event, chain: head.chain };
    let mut row = event.to_row().map_err(failed)?;
    let seal = keys.seal(head.chain, &row.subject, &row.headers, &row.payload);
    event.headers.seal = Some(seal);
    row.headers = event.headers.to_canonical();
    row.chain = head.chain.next(&row.subject, &row.headers, &row.payload);
    event.chain = row.chain;
    Ok((event, row))
}

/// Applies an own event: the service's state, and the engine's memory of the request.
pub(crate) fn apply<D: Domain>(
    domain: &D,
    write: &mut Write<'_>,
    event: &StoredEvent,
) -> Result<(), StateError> {
    idempotency::remember(write, event)?;
    if event.headers.kind == Kind::recovered(D::SERVICE) {
        return Ok(());
    }
    domain.apply(write, event)
}

/// Refuses what the choreography does not allow.
fn check<R>(service: Service, trigger: Trigger, decision: &Decision<R>) -> Result<(), StateError> {
    let not_allowed = |what: String| Err(StateError::Contradiction(what));
    if seeded::breaks_the_table() {
        return Ok(());
    }
    match (decision, trigger) {
        (Decision::Emit { from, event }, _) => match MURMURATION.rule(service, from, trigger) {
            Rule::Emit(kinds) if kinds.contains(&event.kind()) => Ok(()),
            Rule::Emit(_) | Rule::Ignore | Rule::Unknown => not_allowed(format!(
                "the choreography does not allow {} on {trigger} in state {from}",
                event.kind()
            )),
        },
        (Decision::Nothing { from }, Trigger::Event(_)) => {
            match MURMURATION.rule(service, from, trigger) {
                Rule::Ignore => Ok(()),
                Rule::Emit(_) | Rule::Unknown => not_allowed(format!(
                    "the choreography does not allow {service} to ignore {trigger} in state {from}"
                )),
            }
        }
        (Decision::Nothing { .. } | Decision::Refuse(_), Trigger::Command(_)) => Ok(()),
        (Decision::Nothing { from }, Trigger::Timer(_)) => {
            not_allowed(format!("{trigger} is still set in state {from} and changes nothing"))
        }
        (Decision::Refuse(_), Trigger::Event(_) | Trigger::Timer(_)) => {
            not_allowed(format!("only commands can be refused, {trigger} is none"))
        }
    }
}

fn timer_trigger(service: Service, timer: &Timer) -> Result<Trigger, StateError> {
    let mut triggers = MURMURATION.reactions.iter().filter(|r| r.service == service);
    let found = triggers.find(|r| matches!(r.on, Trigger::Timer(name) if name == timer.name));
    let unknown = || {
        let text = format!("the choreography knows no timer {} of {service}", timer.name);
        StateError::Contradiction(text)
    };
    found.map(|reaction| reaction.on).ok_or_else(unknown)
}

fn repeated<R>(row: &Row) -> Result<Answer<R>, StateError> {
    let event = row.parse().map_err(|error| {
        StateError::Contradiction(format!("outbox row {} is damaged: {error}", row.sequence))
    })?;
    Ok(Answer::Accepted { event: Box::new(event), repeated: true })
}
