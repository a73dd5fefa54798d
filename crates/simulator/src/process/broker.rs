//! Requests to the broker on their way there and back, and rows on their way out.

use contracts::service;
use engine::Domain;
use engine::process::{
    BrokerAnswer, BrokerRequest, Input, RequestId, SCAN_MESSAGES_MAX, Stage, StreamInfo,
};
use engine::relay::Reply;
use protocol::{Kind, Row, Service};

use super::{Driver, End, Flow, Step};
use crate::agenda::{Awaits, Publish};
use crate::broker::Broker;
use crate::env::{Env, REQUEST_TIMEOUT};
use crate::fault::Fault;

/// Messages of one scan at most: few, so that it takes several.
const SCANNED_MAX: u64 = 200;

impl<D: Domain> Driver<D> {
    pub(super) fn ask_broker(
        &mut self,
        env: &mut Env,
        id: RequestId,
        request: BrokerRequest,
    ) -> Flow {
        if self.process.stage() == Stage::Starting {
            self.crash_at(env, Fault::CrashWhileStarting)?;
        }
        if let BrokerRequest::Publish(row) = request {
            if env.never_restores.contains(&self.pid) {
                return Err(End::Killed(Fault::ReplacedStartsAnew));
            }
            self.crash_at(env, Fault::CrashBeforeRecovered)?;
            if self.bug_at_recovered(env, id, &row) {
                return Ok(());
            }
            self.send(env, row, Awaits::Request(id));
            return Ok(());
        }
        let connection = env.line(D::SERVICE).connection;
        let step = Step::Request { id, connection, request: Box::new(request) };
        env.ask_broker(D::SERVICE, self.pid, step);
        Ok(())
    }

    /// A request arrives at the broker, or would have.
    pub(super) fn arrive(
        &mut self,
        env: &mut Env,
        id: RequestId,
        connection: u64,
        request: &BrokerRequest,
    ) -> Flow {
        if !env.arrives(D::SERVICE, connection) {
            self.answer_never(env, id);
            return Ok(());
        }
        let scanned = env.random.between(1, SCANNED_MAX);
        let mut answer = if Self::bug_at_request(env, request) {
            Ok(BrokerAnswer::Done)
        } else {
            answer(&mut env.broker, D::SERVICE, request, scanned)
        };
        self.bug_at_answer(env, request, &mut answer);
        if *request == BrokerRequest::Delete {
            env.record(D::SERVICE, || "its stream is deleted, to be published again from row 1");
            env.deletions.push(D::SERVICE);
            self.crash_at(env, Fault::CrashWhileRebuilding)?;
        }
        if *request == BrokerRequest::Find(D::SERVICE) {
            self.note_start_without_rows(env);
        }
        if *request == BrokerRequest::Find(service::SHIPPING) {
            let (at, wall) = (env.now, env.clock(D::SERVICE));
            self.news.asked(id, at, wall);
        }
        if env.line(D::SERVICE).loses_in {
            self.answer_never(env, id);
        } else {
            env.ask_broker(D::SERVICE, self.pid, Step::Answer(id, Box::new(answer)));
        }
        Ok(())
    }

    /// A replaced writer, started anew, finds no row in its stream.
    fn note_start_without_rows(&self, env: &mut Env) {
        let stream = env.broker.stream(D::SERVICE);
        if stream.is_none_or(|stream| stream.extent().last == 0) && env.finds_none.remove(&self.pid)
        {
            env.tally.fire(Fault::ReplacedIsRestarted);
        }
    }

    fn answer_never(&self, env: &mut Env, id: RequestId) {
        let answer = Err("timed out".to_owned());
        env.later(self.pid, REQUEST_TIMEOUT, Step::Answer(id, Box::new(answer)));
    }

    pub(super) fn take_answer(
        &mut self,
        env: &mut Env,
        id: RequestId,
        answer: Result<BrokerAnswer, String>,
    ) -> Flow {
        if matches!(answer, Ok(BrokerAnswer::Published(Reply::Stored { .. }))) {
            self.crash_at(env, Fault::CrashAfterRecovered)?;
        }
        self.news.heard(id);
        self.take(env, Input::Broker(id, answer))
    }

    pub(super) fn publish(&mut self, env: &mut Env, window: u64, row: Row) -> Flow {
        self.bug_at_publish(env, window, row.sequence);
        self.send(env, row, Awaits::Window(window));
        self.crash_at(env, Fault::CrashMidPipeline)
    }

    pub(super) fn send(&self, env: &mut Env, row: Row, awaits: Awaits) {
        let (service, from) = (D::SERVICE, self.pid);
        let (connection, sent_at, late) = (0, 0, false);
        env.send(Publish { service, from, connection, row, awaits, sent_at, late });
    }
}

/// What the broker answers to a service: it looks, or does it.
fn answer(
    broker: &mut Broker,
    service: Service,
    request: &BrokerRequest,
    scanned: u64,
) -> Result<BrokerAnswer, String> {
    let message = |message: Option<&std::rc::Rc<crate::broker::Message>>| {
        BrokerAnswer::Message(message.map(|message| message.row().clone()))
    };
    Ok(match request {
        BrokerRequest::Find(stream) => {
            BrokerAnswer::Stream(broker.stream(*stream).map(|stream| StreamInfo {
                created: stream.created(),
                extent: stream.extent(),
                difference: stream.difference().map(str::to_owned),
            }))
        }
        BrokerRequest::Tail(stream) => {
            message(broker.stream(*stream).and_then(|stream| stream.tail()))
        }
        BrokerRequest::Recovered(of) => {
            let kind = Kind::recovered(*of);
            let is_it = |row: &Row| row.subject.starts_with(&format!("{}.", kind.name()));
            let all = broker.stream(*of).into_iter().flat_map(|stream| stream.all_from(1));
            message(all.filter(|message| is_it(message.row())).last())
        }
        BrokerRequest::Message(number) => {
            message(broker.stream(service).and_then(|stream| stream.message(*number)))
        }
        BrokerRequest::Scan(from) => {
            let most = usize::try_from(scanned).unwrap_or(usize::MAX).min(SCAN_MESSAGES_MAX);
            let messages = broker.stream(service).into_iter().flat_map(|s| s.all_from(*from));
            BrokerAnswer::Messages(messages.take(most).map(|m| m.row().clone()).collect())
        }
        BrokerRequest::Create => {
            broker.create(service);
            BrokerAnswer::Done
        }
        BrokerRequest::Configure => {
            broker.configure(service);
            BrokerAnswer::Done
        }
        BrokerRequest::Delete => {
            broker.delete(service);
            BrokerAnswer::Done
        }
        // It does not come this way, but as all rows do.
        BrokerRequest::Publish(row) => {
            BrokerAnswer::Published(broker.publish(service, row.clone()))
        }
        BrokerRequest::Claim(before) => {
            let claim = broker.claim(service, *before);
            BrokerAnswer::Claim(claim.map(|(number, claim)| (number, Some(claim))))
        }
        BrokerRequest::WriteClaim(after, claim) => {
            broker.write_claim(service, *after, *claim)?;
            BrokerAnswer::Done
        }
    })
}
