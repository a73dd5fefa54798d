//! The verifier: compares the own stream with the outbox, in doubt and every few seconds. An idle stream
//! raises no error.
//!
//! The stream is read first and the own end after: a row that is published in between is then no
//! contradiction.

use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use protocol::{Service, Timestamp};

use super::routine::{AskError, Asked, Port, Routine, Shared};
use super::seam::{BrokerAnswer, DatabaseAnswer, DatabaseRequest, RequestId, StreamInfo};
use crate::batch::Fatal;
use crate::relay::Relay;
use crate::starting::Found;
use crate::verification::{StreamObservation, Verdict, first_of_another, judge, judge_message};

/// How often the stream is verified without a doubt.
const VERIFY_EVERY: Duration = Duration::from_secs(3);

/// How often it is verified in doubt: a broker that refuses every row must not be asked without a pause.
const DOUBT_EVERY: Duration = Duration::from_millis(100);

/// Verifies one stream, that was created at one moment.
pub(super) struct Verifier {
    created: Timestamp,
    check: Option<Check>,
    next_at: Duration,
    begun_at: Duration,
    complaint: Complaint,
    /// When the stream was last seen to hold what it has acknowledged.
    pub(super) compared_at: Duration,
}

/// What consumers complain of.
#[derive(Default)]
struct Complaint {
    /// The message that one of them misses or does not believe, until it was looked at.
    message: Option<u64>,
    /// How often they have complained.
    count: u64,
    text: Option<String>,
}

/// A verification under way, and what was known when it began.
struct Check {
    routine: Routine<Result<Verdict, AskError>>,
    acknowledged: u64,
    was_in_doubt: bool,
    complaints: u64,
}

/// What a verification has come to.
pub(super) enum Verified {
    /// None has ended.
    Nothing,
    /// The stream is as the process knows it, or could not be looked at now.
    AsKnown,
    /// In doubt: the stream holds the outbox up to here.
    EndsAt(u64),
    /// The stream holds less than it has acknowledged.
    Doubt(String),
    /// The process must end; its start mends or fences.
    End(String),
    /// The database failed.
    Failed(Fatal),
}

impl Verifier {
    pub(super) fn new(found: Found, now: Duration) -> Self {
        Self {
            created: found.created,
            check: None,
            next_at: now + VERIFY_EVERY,
            begun_at: Duration::ZERO,
            complaint: Complaint::default(),
            compared_at: now,
        }
    }

    /// When the stream was created.
    pub(super) const fn created(&self) -> Timestamp {
        self.created
    }

    /// What a consumer complains of, until the stream was looked at.
    pub(super) fn complaint(&self) -> Option<String> {
        self.complaint.text.clone()
    }

    /// A consumer misses rows, or does not believe one: until the stream is looked at, they may be lost.
    pub(super) fn complain(&mut self, message: Option<u64>, now: Duration) {
        self.complaint.count += 1;
        self.complaint.message = message.or(self.complaint.message);
        let what = message.map_or_else(|| "rows".to_owned(), |row| format!("row {row}"));
        self.complaint.text = Some(format!("a consumer misses {what}"));
        self.next_at = now;
    }

    /// A doubt has come up: what was seen before it proves nothing.
    pub(super) fn doubt(&mut self, now: Duration) {
        self.check = None;
        self.next_at = now.max(self.begun_at + DOUBT_EVERY);
    }

    /// Goes on as far as it can; begins to look when it is time to.
    pub(super) fn advance(
        &mut self,
        service: Service,
        relay: &Relay,
        shared: &Rc<Shared>,
        connected: bool,
    ) -> Verified {
        let now = shared.now().monotonic;
        if self.check.is_none() && connected && now >= self.next_at {
            self.begin(service, relay, shared);
        }
        let Some(Poll::Ready(verdict)) = self.check.as_mut().map(|check| check.routine.poll())
        else {
            return Verified::Nothing;
        };
        let Some(check) = self.check.take() else { return Verified::Nothing };
        let every = if relay.is_in_doubt() { DOUBT_EVERY } else { VERIFY_EVERY };
        self.next_at = self.begun_at + every;
        let verified = self.conclude(&check, verdict, relay, now);
        if check.complaints < self.complaint.count {
            self.next_at = now;
        }
        verified
    }

    pub(super) fn timeout(&self, connected: bool) -> Option<Duration> {
        (self.check.is_none() && connected).then_some(self.next_at)
    }

    pub(super) fn next_request(&mut self) -> Option<Asked> {
        self.check.as_mut()?.routine.next_request()
    }

    pub(super) fn take_broker(
        &mut self,
        id: RequestId,
        answer: Result<BrokerAnswer, String>,
    ) -> Option<Result<BrokerAnswer, String>> {
        match &mut self.check {
            Some(check) => check.routine.take_broker(id, answer),
            None => Some(answer),
        }
    }

    pub(super) fn take_database(
        &mut self,
        id: RequestId,
        answer: Result<DatabaseAnswer, Fatal>,
    ) -> Option<Result<DatabaseAnswer, Fatal>> {
        match &mut self.check {
            Some(check) => check.routine.take_database(id, answer),
            None => Some(answer),
        }
    }

    fn begin(&mut self, service: Service, relay: &Relay, shared: &Rc<Shared>) {
        self.begun_at = shared.now().monotonic;
        let (acknowledged, was_in_doubt) = (relay.acknowledged(), relay.is_in_doubt());
        let stream_check = StreamCheck {
            service,
            created: self.created,
            after: was_in_doubt.then_some(acknowledged),
            missed: self.complaint.message,
        };
        let routine = Routine::begin(shared, move |port| stream_check.run(port));
        let complaints = self.complaint.count;
        self.check = Some(Check { routine, acknowledged, was_in_doubt, complaints });
    }

    fn conclude(
        &mut self,
        check: &Check,
        verdict: Result<Verdict, AskError>,
        relay: &Relay,
        now: Duration,
    ) -> Verified {
        match verdict {
            Ok(Verdict::End(reason) | Verdict::Corrupt { reason, .. }) => Verified::End(reason),
            Ok(Verdict::EndsAt(last)) if relay.is_in_doubt() => {
                // What was seen before the doubt arose says nothing about it.
                if !check.was_in_doubt {
                    return Verified::AsKnown;
                }
                self.note_whole(check.complaints, now);
                Verified::EndsAt(last)
            }
            Ok(Verdict::EndsAt(last)) if last < check.acknowledged => {
                let acknowledged = check.acknowledged;
                Verified::Doubt(format!("the stream ends at {last}, not at {acknowledged}"))
            }
            Ok(Verdict::EndsAt(_)) => {
                self.note_whole(check.complaints, now);
                Verified::AsKnown
            }
            Err(AskError::Broker(_)) => Verified::AsKnown,
            Err(AskError::Database(fatal)) => Verified::Failed(fatal),
        }
    }

    /// The stream holds what it has acknowledged, as a look shows that began after so many complaints.
    fn note_whole(&mut self, complaints: u64, now: Duration) {
        self.compared_at = now;
        if complaints == self.complaint.count {
            self.complaint.message = None;
            self.complaint.text = None;
        }
    }
}

/// One look at the stream.
struct StreamCheck {
    service: Service,
    created: Timestamp,
    /// In doubt, all messages after this one, that was acknowledged, are compared with their rows.
    after: Option<u64>,
    /// The message that a consumer misses.
    missed: Option<u64>,
}

impl StreamCheck {
    async fn run(self, port: Port) -> Result<Verdict, AskError> {
        let seen = match port.find(self.service).await? {
            None => None,
            Some(info) => {
                let tail = port.tail(self.service).await?.map(|row| row.position());
                let StreamInfo { created, extent, difference } = info;
                Some(StreamObservation { created, extent, tail, difference })
            }
        };
        let tail = seen.as_ref().and_then(|seen| seen.tail);
        let number = tail.map_or(0, |tail| tail.sequence);
        let at_tail = port.row(number).await?.map(|row| row.chain);
        let end = port.notes().await?.known.head.sequence;
        match judge(seen.as_ref(), self.created, end, at_tail) {
            Verdict::EndsAt(last) => self.compare(&port, last).await,
            verdict @ (Verdict::End(_) | Verdict::Corrupt { .. }) => Ok(verdict),
        }
    }

    /// The stream ends at `last`, with the own row there: compares what else is asked for.
    async fn compare(&self, port: &Port, last: u64) -> Result<Verdict, AskError> {
        let mut doubtful = Vec::new();
        for number in self.after.unwrap_or(last) + 1..=last {
            let message = port.message(number).await?;
            let own = port.row(number).await?;
            doubtful.push((number, message.map(|row| row.chain), own.map(|row| row.chain)));
        }
        if let Some(another) = first_of_another(doubtful) {
            let reason = format!("message {another} is not row {another}: somebody else writes");
            return Ok(Verdict::End(reason));
        }
        let Some(missed) = self.missed else { return Ok(Verdict::EndsAt(last)) };
        let message = port.message(missed).await?;
        let own = port.row(missed).await?;
        let verdict = judge_message(missed, last, message.as_ref(), own.as_ref());
        if let Verdict::Corrupt { message, .. } = &verdict {
            // The broker's counters say nothing of it: the start has to be told.
            port.note(DatabaseRequest::NoteCorrupt(*message)).await?;
        }
        Ok(verdict)
    }
}
