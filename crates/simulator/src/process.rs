//! One process of one service: [`engine::process`] and the engine as they ship, driven over the models of
//! a world.
//!
//! Effects go out to the models of broker, network and disk, and what comes of them comes back as inputs
//! when the models say so. Nothing is decided here. A process can die between any two effects, and nothing
//! survives of it but its database.

mod shell;

mod broker;
mod consumers;
mod database;

mod deadline;
mod narration;

mod bugs;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use engine::process::{BrokerLimits, Effect, Input, Now, Settings, Stage};
use engine::promise::Durability;
use engine::relay::Reply;
use engine::{Database, Domain, Engine, Read, StateError};
use protocol::{HistoryId, Position, Service};

use crate::agenda::{MILLISECOND, What};
use crate::clients::Attempt;
use crate::env::{Answer, Env, Response};
use crate::fault::Fault;
use crate::services::{self, Ask, What as Asked};
use bugs::Bugs;
use consumers::Consumers;
use database::{Job, Replaced};
use deadline::News;
pub(crate) use shell::{End, Flow, Pid, Shell, Step};

/// What a process begins with.
pub(crate) struct Beginning {
    /// Its number.
    pub(crate) pid: Pid,
    /// Its database.
    pub(crate) database: Database,
    /// Whether somebody has said that this is a first start.
    pub(crate) first_start: bool,
    /// The history that it begins, should it begin one.
    pub(crate) fresh_history: HistoryId,
}

/// The process of a service, and what it has under way.
pub(crate) struct Driver<D: Domain> {
    pid: Pid,
    process: engine::process::Process<D, Attempt>,
    engine: Engine<D>,
    /// Its command, if it is asked of this service.
    command: fn(&Asked) -> Option<D::Command>,
    connected: bool,
    /// The earliest moment for which a wake-up is put down already.
    wakes_at: Option<u64>,
    /// What the database is to do, in order. The first is under way.
    jobs: VecDeque<Job<D::Command, D::Event>>,
    replaced: Option<Replaced>,
    /// The database before a batch that is never committed, when a bug publishes before that.
    uncommitted: Option<Vec<u8>>,
    consumers: Consumers,
    news: News,
    bugs: Bugs,
}

impl<D: Domain> Driver<D> {
    /// A process over a database.
    pub(crate) fn new(
        domain: D,
        command: fn(&Asked) -> Option<D::Command>,
        beginning: Beginning,
    ) -> Result<Self, StateError> {
        let Beginning { pid, database, first_start, fresh_history } = beginning;
        let keys = services::keys();
        let engine = Engine::new(domain, database, Arc::clone(&keys))?;
        let versions = Arc::default();
        let settings = Settings { first_start, fresh_history, keys, versions, drop_foreign: None };
        let process = engine::process::Process::new(settings, engine.known().clone());
        Ok(Self {
            pid,
            process,
            engine,
            command,
            connected: false,
            wakes_at: None,
            jobs: VecDeque::new(),
            replaced: None,
            uncommitted: None,
            consumers: Consumers::default(),
            news: News::default(),
            bugs: Bugs::default(),
        })
    }

    fn connect(&mut self, env: &mut Env) -> Flow {
        if self.connected {
            return Ok(());
        }
        if !env.reaches_broker(D::SERVICE) {
            self.connect_later(env);
            return self.drive(env);
        }
        self.connected = true;
        env.record(D::SERVICE, || "connected");
        let row_bytes_max = engine::outbox::ROW_BYTES_MAX;
        self.take(env, Input::Connected(BrokerLimits { row_bytes_max, ..BrokerLimits::default() }))
    }

    fn connect_later(&self, env: &mut Env) {
        let delay = env.random.between(20, 500) * MILLISECOND;
        env.later(self.pid, delay, Step::Connect);
    }

    fn disconnected(&mut self, env: &mut Env) -> Flow {
        if !self.connected {
            return Ok(());
        }
        self.connected = false;
        self.consumers = Consumers::default();
        self.news.forget_what_was_asked();
        self.bug_at_disconnect(env);
        env.record(D::SERVICE, || "the broker is away");
        self.connect_later(env);
        self.take(env, Input::Disconnected)
    }

    /// Hands over what has happened, and does what follows.
    fn take(&mut self, env: &mut Env, input: Input<D, Attempt>) -> Flow {
        self.process.handle(input, self.now(env));
        self.drive(env)
    }

    fn acknowledged(&mut self, env: &mut Env, window: u64, row: u64, reply: Reply) -> Flow {
        self.process.handle(Input::Acknowledged { window, row, reply }, self.now(env));
        self.crash_at(env, Fault::CrashAfterAcknowledgement)?;
        self.drive(env)
    }

    /// Does all that there is to do now.
    fn drive(&mut self, env: &mut Env) -> Flow {
        while let Some(effect) = self.process.poll_effect(self.now(env)) {
            self.crash_anywhere(env)?;
            self.carry_out(env, effect)?;
        }
        self.deliver_again(env);
        self.put_down_wake_up(env);
        Ok(())
    }

    fn carry_out(&mut self, env: &mut Env, effect: Effect<D, Attempt>) -> Flow {
        match effect {
            Effect::Commit(inputs) => self.queue_commit(env, inputs),
            Effect::Database(id, request) => self.queue(env, Job::Request(id, request)),
            Effect::Broker(id, request) => return self.ask_broker(env, id, request),
            Effect::Publish { window, row } => return self.publish(env, window, row),
            Effect::Consume { stream, consumer, from } => {
                self.consume(env, stream, consumer, from);
            }
            Effect::StopConsuming(stream) => self.consumers.give_up(stream),
            Effect::Complain(stream, row) => env.questions.push((stream, row)),
            Effect::Reconnect => env.later(self.pid, 0, Step::Disconnected),
            Effect::Reply { ticket, answer, durability, .. } => {
                self.crash_at(env, Fault::CrashBeforeReply)?;
                self.bug_at_reply(ticket);
                let response = response(&answer);
                env.answers.push(Answer { attempt: ticket, response, durability });
            }
            Effect::TurnAway(ticket) => {
                self.bug_at_reply(ticket);
                let (response, durability) = (Response::Unavailable, Durability::Replicated);
                env.answers.push(Answer { attempt: ticket, response, durability });
            }
            Effect::Report(report) => {
                self.narrate(env, &report);
            }
            Effect::End(end) => {
                self.bug_at_end(env);
                return Err(end.into());
            }
        }
        Ok(())
    }

    /// Puts down when to look again, unless it is put down already. One that comes too early only looks.
    fn put_down_wake_up(&mut self, env: &mut Env) {
        let Some(timeout) = self.process.poll_timeout() else { return };
        let at = u64::try_from(timeout.at.as_micros()).unwrap_or(u64::MAX).max(env.now + 1);
        if self.wakes_at.is_none_or(|before| at < before) {
            self.wakes_at = Some(at);
            env.agenda.put(at, What::Process(self.pid, Step::Wake));
        }
    }

    fn wake_up(&mut self, env: &mut Env) -> Flow {
        self.wakes_at.take_if(|at| *at <= env.now);
        self.drive(env)
    }

    /// This moment, by the clocks of its host.
    fn now(&self, env: &Env) -> Now {
        let monotonic = Duration::from_micros(env.now);
        Now { wall: env.clock(D::SERVICE), monotonic }
    }

    fn crash_at(&self, env: &mut Env, fault: Fault) -> Flow {
        if env.strikes(D::SERVICE, fault) { Err(End::Killed(fault)) } else { Ok(()) }
    }

    fn crash_anywhere(&self, env: &mut Env) -> Flow {
        if env.strikes_anywhere(D::SERVICE) {
            Err(End::Killed(Fault::CrashAnywhere))
        } else {
            Ok(())
        }
    }
}

impl<D: Domain> Shell for Driver<D> {
    fn service(&self) -> Service {
        D::SERVICE
    }

    fn step(&mut self, env: &mut Env, step: Step) -> Flow {
        match step {
            Step::Connect => self.connect(env),
            Step::Disconnected => self.disconnected(env),
            Step::Wake => self.wake_up(env),
            Step::Request { id, connection, request } => self.arrive(env, id, connection, &request),
            Step::Answer(id, answer) => self.take_answer(env, id, *answer),
            Step::Acknowledged { window, row, reply } => {
                self.acknowledged(env, window, row, *reply)
            }
            Step::MakeConsumer { stream, id, from } => {
                self.make_consumer(env, stream, id, from);
                Ok(())
            }
            Step::ConsumerBegan(stream, id) => self.consumer_began(env, stream, id),
            Step::Deliver(stream, id) => self.deliver(env, stream, id),
            Step::ConsumerEnded(stream, id, reason) => self.consumer_ended(env, stream, id, reason),
            Step::Disk => self.disk(env),
            Step::Complaint(row) => self.take(env, Input::Complaint(row)),
            Step::Stop => {
                env.record(D::SERVICE, || "is told to stop");
                self.take(env, Input::Stop)
            }
        }
    }

    fn ask(&mut self, env: &mut Env, attempt: Attempt, ask: &Ask) -> Result<(), Response> {
        if !self.process.stage().admits(ask.requires_replicated) {
            return Err(Response::Unavailable);
        }
        let Some(command) = (self.command)(&ask.what) else { return Err(Response::Unavailable) };
        let (request, ticket) = (ask.request(), attempt);
        self.bug_at_ask(env, attempt);
        self.process.handle(Input::Command { command, request, ticket }, self.now(env));
        // What comes at about the same time is seen together.
        let wait = env.random.between(1, 60);
        env.later(self.pid, wait, Step::Wake);
        Ok(())
    }

    fn wake(&mut self, env: &mut Env, stream: Service) {
        self.wake_consumer(env, stream);
    }

    fn stage(&self) -> Stage {
        self.process.stage()
    }

    fn is_quiet(&self, env: &Env) -> bool {
        let head = self.engine.head().sequence;
        self.connected
            && self.process.stage() == Stage::Ready
            && self.process.is_idle()
            && self.alarms().is_empty()
            && self.consumers_are_quiet(env)
            && env
                .broker
                .stream(D::SERVICE)
                .is_some_and(|stream| stream.is_whole() && stream.extent().last == head)
    }

    fn waits_for(&self, env: &Env) -> String {
        let extent = env.broker.stream(D::SERVICE).map(crate::broker::Stream::extent);
        format!(
            "connected: {}, idle: {}, head {}, stream {extent:?}, next {:?}, {}\n    {:?}",
            self.connected,
            self.process.is_idle(),
            self.engine.head().sequence,
            self.process.poll_timeout(),
            self.consumers_wait_for(env),
            self.process.standing(),
        )
    }

    fn head(&self) -> Position {
        self.engine.head()
    }

    fn read(&self) -> Read<'_> {
        self.engine.read()
    }

    fn positions(&self) -> engine::positions::Positions {
        self.process.positions()
    }

    fn alarms(&self) -> Vec<String> {
        let streams = self.process.standing().streams;
        streams.into_values().filter_map(|stream| stream.alarm).collect()
    }

    fn replace_database(&mut self, notices: bool) {
        self.replaced = Some(Replaced { notices });
    }

    fn limit_database(&self, bytes_max: u64) {
        // A database that cannot even be asked fails at its next batch.
        self.engine.database().limit_bytes(bytes_max).unwrap_or_default();
    }

    fn image(&mut self) -> Option<Vec<u8>> {
        self.engine.image().ok()
    }

    fn into_database(self: Box<Self>) -> Database {
        let before = self.uncommitted.as_ref().and_then(|image| Database::of_image(image).ok());
        before.unwrap_or_else(|| self.engine.into_database())
    }
}

/// What a client is told.
fn response<R, E>(answer: &engine::Answer<R, E>) -> Response {
    use engine::Answer;
    match answer {
        Answer::Accepted { event, repeated } => Response::Accepted {
            sequence: event.headers.sequence,
            chain: event.chain,
            kind: event.headers.kind,
            repeated: *repeated,
        },
        Answer::Unchanged => Response::Unchanged,
        Answer::Refused(_) | Answer::PreconditionFailed(_) => Response::Refused,
        Answer::KeyReused => Response::KeyReused,
        Answer::TooLarge { bytes, .. } => Response::Failed(format!("a row of {bytes} bytes")),
        Answer::Failed(reason) => Response::Failed(reason.clone()),
    }
}
