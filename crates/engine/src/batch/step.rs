//! One input inside the transaction of its batch.

use std::collections::BTreeMap;

use protocol::choreography::{Rule, Trigger};
use protocol::{
    Cause, Event, EventError, Headers, Idempotency, Position, Row, SealKeys, Service, StoredEvent,
    Timestamp, Vector,
};

use super::{Answer, Batch, Known, Outcome, QueuedInput, Request};
use crate::domain::{Decision, Domain, Input};
use crate::precondition::Validators;
use crate::seeded::{self, Bug};
use crate::state::{StateError, Write};
use crate::timers::{self, Timer};
use crate::versions::Versions;
use crate::{idempotency, outbox, replicas};

/// What a batch did, and what is known afterwards.
type Ran<D> = (Batch<<D as Domain>::Refusal, <D as Domain>::Event>, Known);

/// A batch while it runs.
pub(super) struct Running<'a, 'tx, D: Domain> {
    domain: &'a D,
    write: &'a mut Write<'tx>,
    held: &'a BTreeMap<Service, String>,
    known: Known,
    inputs: &'a [QueuedInput<D::Command, D::Event>],
    now: Timestamp,
    keys: &'a SealKeys,
    row_bytes_max: usize,
    versions: Option<&'a Versions>,
    batch: Batch<D::Refusal, D::Event>,
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
        inputs: &'a [QueuedInput<D::Command, D::Event>],
        now: Timestamp,
        keys: &'a SealKeys,
    ) -> Self {
        let batch = Batch::empty(known.clone());
        let row_bytes_max = outbox::ROW_BYTES_MAX;
        let versions = None;
        Self { domain, write, held, known, inputs, now, keys, row_bytes_max, versions, batch }
    }

    /// The same, whose commands write rows of at most so many bytes.
    pub(super) const fn with_rows_of(mut self, bytes_max: usize) -> Self {
        self.row_bytes_max = bytes_max;
        self
    }

    /// The same, whose events are written in these versions where they are named.
    pub(super) const fn written_in(mut self, versions: &'a Versions) -> Self {
        self.versions = Some(versions);
        self
    }

    /// Runs the inputs in order. Says what they did, and what is known afterwards.
    pub(super) fn run(mut self) -> Result<Ran<D>, StateError> {
        for input in self.inputs {
            self.handle(input)?;
        }
        self.batch.head = self.known.head;
        Ok((self.batch, self.known))
    }

    fn handle(&mut self, input: &QueuedInput<D::Command, D::Event>) -> Result<(), StateError> {
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
    ) -> Result<Answer<D::Refusal, D::Event>, StateError> {
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

    fn event(
        &mut self,
        event: &StoredEvent<D::Event>,
    ) -> Result<Outcome<D::Refusal, D::Event>, StateError> {
        let stream = event.headers.kind.service();
        if let Some(reason) = self.held.get(&stream) {
            return Ok(Outcome::Held { stream: Some(stream), reason: reason.clone() });
        }
        let sequence = event.headers.sequence;
        self.check_next(stream, sequence)?;
        if D::choreography().replicates(D::SERVICE, stream) && replicas::fold(self.write, event)? {
            self.batch.folded.push(event.clone());
        }
        let position = event.position();
        let place = self.known.positions.0.entry(stream).or_default();
        place.folded = position;
        // Up to `decided`, a replica that is read again is only folded.
        if sequence > place.decided.sequence {
            place.decided = position;
            if D::choreography().decides(D::SERVICE, stream) {
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
    ) -> Result<Outcome<D::Refusal, D::Event>, StateError> {
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

    fn react(&mut self, event: &StoredEvent<D::Event>) -> Result<(), StateError> {
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
            if let Some(event) = seeded::second_of(&appended.event) {
                self.append(event, Origin { trigger, cause, request: None, traceparent: None })?;
            }
        }
        Ok(())
    }

    fn timer(&mut self, timer: &Timer) -> Result<Outcome<D::Refusal, D::Event>, StateError> {
        if !timers::is_set(&self.write.read(), timer)? {
            return Ok(Outcome::Timer);
        }
        let trigger = timer_trigger::<D>(timer)?;
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
        input: Input<'_, D::Command, D::Event>,
        trigger: Trigger,
    ) -> Result<Decision<D::Refusal, D::Event>, StateError> {
        let decision = self.domain.decide(&self.write.read(), input, self.now)?;
        check::<D>(trigger, &decision)?;
        Ok(decision)
    }

    /// Appends the event to the outbox, with the vector of exactly this input, and applies it.
    fn append(
        &mut self,
        event: D::Event,
        origin: Origin<'_>,
    ) -> Result<StoredEvent<D::Event>, StateError> {
        let (event, row) = self.next_row(event, origin)?;
        self.append_and_apply(event, row)
    }

    fn append_and_apply(
        &mut self,
        event: StoredEvent<D::Event>,
        row: Row,
    ) -> Result<StoredEvent<D::Event>, StateError> {
        if seeded::on(Bug::TombstoneWithoutEvent) && seeded::is_tombstone(event.headers.kind) {
            return self.domain.apply(self.write, &event).map(|()| event);
        }
        outbox::append(self.write, self.known.head, &row, &event.headers.id)?;
        apply(self.domain, self.write, &event)?;
        self.known.head = row.position();
        self.batch.rows.push(row);
        Ok(event)
    }

    fn next_row(
        &self,
        event: D::Event,
        origin: Origin<'_>,
    ) -> Result<(StoredEvent<D::Event>, Row), StateError> {
        let no_history = || StateError::Contradiction("there is no history yet".to_owned());
        let version = self.versions.map_or_else(|| event.written(), |all| all.written(&event));
        let headers = Headers {
            sequence: self.known.head.sequence + 1,
            kind: event.kind(),
            version,
            id: event.id().clone(),
            time: self.now,
            cause: origin.cause,
            vector: self.vector(),
            history: self.known.history.ok_or_else(no_history)?,
            traceparent: origin.traceparent.map(str::to_owned),
            idempotency: origin.request.cloned(),
            seal: None,
        };
        let failed = |error: EventError| StateError::Contradiction(error.to_string());
        let payload = event.payload_in(version).map_err(failed)?;
        let (headers, row) = sealed(headers, payload, self.known.head, self.keys);
        Ok((StoredEvent { headers, event, chain: row.chain }, row))
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

/// The row of this content, sealed, that follows `head`; and its headers.
pub(crate) fn sealed(
    mut headers: Headers,
    payload: Vec<u8>,
    head: Position,
    keys: &SealKeys,
) -> (Headers, Row) {
    let subject = headers.kind.subject(&headers.id);
    let seal = keys.seal(head.chain, &subject, &headers.to_canonical(), &payload);
    headers.seal = Some(seal);
    let (sequence, text) = (headers.sequence, headers.to_canonical());
    let chain = keys.mark(sequence, head.chain.next(&subject, &text, &payload));
    let row = Row { sequence, subject, headers: text, payload: payload.into(), chain };
    (headers, row)
}

/// Applies an own event: the service's state, and the engine's memory of the request.
pub(crate) fn apply<D: Domain>(
    domain: &D,
    write: &mut Write<'_>,
    event: &StoredEvent<D::Event>,
) -> Result<(), StateError> {
    idempotency::remember(write, &event.headers)?;
    if event.headers.kind.is_recovered() {
        return Ok(());
    }
    domain.apply(write, event)
}

/// Refuses what the choreography does not allow.
fn check<D: Domain>(
    trigger: Trigger,
    decision: &Decision<D::Refusal, D::Event>,
) -> Result<(), StateError> {
    let service = D::SERVICE;
    let not_allowed = |what: String| Err(StateError::Contradiction(what));
    if seeded::breaks_the_table() {
        return Ok(());
    }
    match (decision, trigger) {
        (Decision::Emit { from, event }, _) => match D::choreography().rule(service, from, trigger)
        {
            Rule::Emit(kinds) if kinds.contains(&event.kind()) => Ok(()),
            Rule::Emit(_) | Rule::Ignore | Rule::Unknown => not_allowed(format!(
                "the choreography does not allow {} on {trigger} in state {from}",
                event.kind()
            )),
        },
        (Decision::Nothing { from }, Trigger::Event(_)) => {
            match D::choreography().rule(service, from, trigger) {
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

fn timer_trigger<D: Domain>(timer: &Timer) -> Result<Trigger, StateError> {
    let service = D::SERVICE;
    let mut triggers = D::choreography().reactions.iter().filter(|r| r.service == service);
    let found = triggers.find(|r| matches!(r.on, Trigger::Timer(name) if name == timer.name));
    let unknown = || {
        let text = format!("the choreography knows no timer {} of {service}", timer.name);
        StateError::Contradiction(text)
    };
    found.map(|reaction| reaction.on).ok_or_else(unknown)
}

fn repeated<R, E: Event>(row: &Row) -> Result<Answer<R, E>, StateError> {
    let event = row.parse().map_err(|error| {
        StateError::Contradiction(format!("outbox row {} is damaged: {error}", row.sequence))
    })?;
    Ok(Answer::Accepted { event: Box::new(event), repeated: true })
}
