//! What a process does with what has happened: it notes it, in the room that it concerns.

use super::readers;
use super::seam::{
    BrokerAnswer, BrokerLimits, BrokerRequest, DatabaseAnswer, DatabaseRequest, Effect, End, Input,
    Report, RequestId,
};
use super::{Phase, Process, Stage, Working};
use crate::batch::{Batch, Fatal, Outcome};
use crate::domain::Domain;
use crate::relay::{AckOutcome, Reply};
use crate::starting::Fence;
use protocol::{Position, Row, Service};

impl<D: Domain, T> Process<D, T> {
    pub(super) fn take(&mut self, input: Input<D, T>) {
        match input {
            Input::Connected(limits) => self.connected(limits),
            Input::Disconnected => self.disconnected(),
            Input::Command { command, request, ticket } => match self.stage {
                Stage::Ready | Stage::Alone => self.queue.command(command, request, ticket),
                Stage::Starting | Stage::Fenced | Stage::Stopping => {
                    self.effects.push_back(Effect::TurnAway(ticket));
                }
            },
            Input::Committed(Ok(batch)) => self.committed(batch),
            Input::Committed(Err(fatal)) => self.failed(&fatal),
            Input::Database(id, answer) => self.take_database(id, answer),
            Input::Broker(id, answer) => self.take_broker(id, answer),
            Input::Acknowledged { window, row, reply } => self.acknowledged(window, row, reply),
            Input::ConsumerBegan(stream, consumer) => {
                if let Some(working) = self.working() {
                    working.readers.began(stream, consumer);
                }
            }
            Input::Delivered { stream, consumer, row, pending } => {
                self.delivered(stream, consumer, &row, pending);
            }
            Input::ConsumerEnded { stream, consumer, reason } => {
                let now = self.now();
                if let Some(working) = self.working() {
                    working.readers.ended(stream, consumer, reason, now);
                }
            }
            Input::Complaint(message) => {
                let now = self.now();
                if let Some(working) = self.working() {
                    working.verifier.complain(message, now);
                }
            }
            Input::Stop => self.stop(),
        }
    }

    /// The database failed: another start helps, or a person has to choose, since damage stays.
    pub(super) fn failed(&mut self, fatal: &Fatal) {
        match Fence::of_fatal(fatal) {
            Some(fence) => self.fence(fence),
            None => self.end(End::Failed(fatal.to_string())),
        }
    }

    pub(super) fn doubt(&mut self, reason: &str) {
        let now = self.now();
        let Some(working) = self.working() else { return };
        let is_news = working.publisher.doubt(reason);
        working.verifier.doubt(now);
        // What goes on for the same reason is said once.
        if is_news {
            self.report(Report::Doubt(reason.to_owned()));
        }
    }

    pub(super) fn working(&mut self) -> Option<&mut Working<D, T>> {
        match &mut self.phase {
            Phase::Working(working) => Some(working),
            Phase::Starting(_) | Phase::Fenced | Phase::Ended(_) => None,
        }
    }

    pub(super) fn on_acks(&mut self, outcomes: Vec<AckOutcome>) {
        let (head, now) = (self.known.head.sequence, self.now());
        for outcome in outcomes {
            match outcome {
                AckOutcome::Acknowledged(sequence) => {
                    if let Some(working) = self.working() {
                        working.replies.acknowledged(sequence, head, now);
                    }
                }
                AckOutcome::Doubt(reason) => self.doubt(&reason),
                AckOutcome::Forgotten => {}
            }
        }
    }

    fn connected(&mut self, limits: BrokerLimits) {
        let was_connected = self.broker.replace(limits).is_some();
        if was_connected {
            // The end of the former connection was not told.
            self.lose_connection();
        }
        if let Some(working) = self.working() {
            working.replies.set_connected(true);
        }
    }

    fn disconnected(&mut self) {
        if self.broker.take().is_some() {
            self.lose_connection();
            if let Some(working) = self.working() {
                working.replies.set_connected(false);
            }
        }
    }

    /// What was asked over the connection is never answered, and what was published may be stored or not.
    fn lose_connection(&mut self) {
        let now = self.now();
        match &mut self.phase {
            Phase::Starting(startup) => startup.disconnect(),
            Phase::Working(working) => {
                working.publisher.disconnect();
                working.verifier.doubt(now);
                working.readers.disconnect();
                working.timers.disconnect();
            }
            Phase::Fenced | Phase::Ended(_) => {}
        }
    }

    fn committed(&mut self, batch: Batch<D::Refusal, D::Event>) {
        let now = self.now();
        let Batch { outcomes, rows, head, known, .. } = batch;
        self.known = known;
        let Some(working) = self.working() else { return };
        let tickets = working.committing.take().unwrap_or_default();
        let mut tickets = tickets.into_iter();
        let mut held = Vec::new();
        for outcome in outcomes {
            let ticket = tickets.next().flatten();
            match (outcome, ticket) {
                (Outcome::Command(answer), Some(ticket)) => {
                    working.replies.add(ticket, answer, head.sequence);
                }
                (Outcome::Held { stream, reason }, _) => held.push((stream, reason)),
                (Outcome::Command(_) | Outcome::Event | Outcome::Ignored | Outcome::Timer, _) => {}
            }
        }
        working.publisher.append(rows);
        let acknowledged = working.publisher.relay().acknowledged();
        working.replies.committed(acknowledged, head.sequence, now);
        for (stream, reason) in held {
            match stream {
                Some(stream) => self.hold(stream, reason),
                None => self.report(Report::TimerHeld(reason)),
            }
        }
    }

    fn take_database(&mut self, id: RequestId, answer: Result<DatabaseAnswer, Fatal>) {
        if let Ok(DatabaseAnswer::Notes(notes)) = &answer {
            self.known = notes.known.clone();
        }
        let answer = match &mut self.phase {
            Phase::Starting(startup) => startup.take_database(id, answer),
            Phase::Working(working) => working.verifier.take_database(id, answer),
            Phase::Fenced | Phase::Ended(_) => None,
        };
        match answer {
            Some(Ok(DatabaseAnswer::Rewound(stream, to))) => self.rewound(stream, to),
            Some(Ok(DatabaseAnswer::Rows(rows))) => {
                let Some(working) = self.working() else { return };
                if let Err(missing) = working.publisher.take_rows(id, rows) {
                    let reason = format!("row {missing} of the outbox is missing");
                    self.end(End::StartAnew(reason));
                }
            }
            Some(Err(fatal)) => self.failed(&fatal),
            Some(Ok(_)) | None => {}
        }
    }

    fn take_broker(&mut self, id: RequestId, answer: Result<BrokerAnswer, String>) {
        let now = self.now();
        match &mut self.phase {
            Phase::Starting(startup) => {
                startup.take_broker(id, answer);
            }
            Phase::Working(working) => {
                let answer = working.verifier.take_broker(id, answer);
                let answer = answer.and_then(|answer| working.timers.take_broker(id, answer));
                let Some(answer) = answer else { return };
                if let Ok(Some(next)) = working.readers.take_broker(id, answer, now) {
                    self.read(next);
                }
            }
            Phase::Fenced | Phase::Ended(_) => {}
        }
    }

    fn acknowledged(&mut self, window: u64, row: u64, reply: Reply) {
        let Some(working) = self.working() else { return };
        let outcomes = working.publisher.acknowledge(window, row, reply);
        self.on_acks(outcomes);
    }

    fn delivered(&mut self, stream: Service, consumer: u64, row: &Row, pending: u64) {
        let now = self.now();
        let Some(working) = self.working() else { return };
        match working.readers.deliver(stream, consumer, row, pending, now) {
            Ok(true) if !self.held.contains_key(&stream) => {
                if let Err(error) = self.queue.row(stream, row, now) {
                    self.hold(stream, format!("row {}: {error}", row.sequence));
                }
            }
            Ok(_) => {}
            Err(next) => self.read(next),
        }
    }

    pub(super) fn read(&mut self, next: readers::Next) {
        match next {
            readers::Next::Find(stream, id) => {
                self.effects.push_back(Effect::Broker(id, BrokerRequest::Find(stream)));
            }
            readers::Next::Consume(stream, consumer, from) => {
                self.effects.push_back(Effect::Consume { stream, consumer, from });
                self.ask_for_foreign(stream);
            }
            readers::Next::Alarm(stream, alarm, is_news) => {
                if is_news {
                    self.report(Report::Alarm(stream, alarm.to_string()));
                }
                self.effects.push_back(Effect::StopConsuming(stream));
                self.effects.push_back(Effect::Complain(stream, alarm.row()));
                self.ask_for_foreign(stream);
            }
            readers::Next::Rewind(stream, foreign) => {
                let id = self.shared.next_request();
                let request = DatabaseRequest::Rewind(stream, foreign);
                self.effects.push_back(Effect::Database(id, request));
            }
            readers::Next::Recreated(stream) => {
                let reason = format!("{} was held, and is another stream since", stream.stream());
                self.end(End::StartAnew(reason));
            }
        }
    }

    /// What does not hold what was read of it may be a stream that its owner has published anew without what
    /// somebody else had written.
    fn ask_for_foreign(&mut self, stream: Service) {
        let id = self.shared.next_request();
        if self.working().is_some_and(|working| working.readers.may_ask(stream, id)) {
            self.effects.push_back(Effect::Broker(id, BrokerRequest::Recovered(stream)));
        }
    }

    /// What was folded and decided of foreign rows is behind: the next start reads on from where the
    /// stream is true.
    fn rewound(&mut self, stream: Service, to: Position) {
        let (name, number) = (stream.stream(), to.sequence);
        self.end(End::StartAnew(format!(
            "the owner of {name} has taken out of it what somebody else had written: it is read again \
             from behind row {number}, and what was decided since has to be looked at (`murmur heal \
             {stream}`)"
        )));
    }

    /// Holds a stream, loudly: nothing more of it is handled until the process starts anew.
    fn hold(&mut self, stream: Service, reason: String) {
        if self.held.contains_key(&stream) {
            return;
        }
        let now = self.now();
        if let Some(working) = self.working() {
            working.readers.hold(stream, now);
        }
        self.report(Report::Held(stream, reason.clone()));
        self.effects.push_back(Effect::StopConsuming(stream));
        self.held.insert(stream, reason);
    }

    /// Finishes what has begun. Where nothing is published yet, there is nothing to wait for.
    fn stop(&mut self) {
        self.stops = true;
        self.set_stage(Stage::Stopping, None);
        if let Phase::Working(working) = &mut self.phase {
            let streams: Vec<Service> = working.readers.iter().map(|(stream, _)| stream).collect();
            for stream in streams {
                self.effects.push_back(Effect::StopConsuming(stream));
            }
        } else {
            self.end(End::Stopped);
        }
    }
}
