//! One process of one service: the real engine, in a shell that does step by step what the real shell
//! does, with a place between any two steps where the process can die.
//!
//! Nothing of a process survives its death but its database.

mod looking;
mod reading;
mod relay;
mod restoring;
mod shell;
mod starting;
mod timekeeper;
mod writer;

use std::collections::{BTreeMap, VecDeque};

use contracts::choreography::MURMURATION;
use contracts::{Position, Row, Service, Timestamp};
use engine::promise::{Link, Promises};
use engine::relay::{Relay, Reply};
use engine::starting::Found;
use engine::{Database, Engine, Read, StateError};

use crate::agenda::MILLISECOND;
use crate::clients::Attempt;
use crate::env::{Env, Told};
use crate::fault::Fault;
use crate::services::{Ask, Simulated};
use looking::Looking;
use reading::Reading;
use restoring::Restoring;
pub(crate) use shell::{End, Flow, Pid, Shell, Stage, Step};
use starting::Gathered;
use timekeeper::Timekeeper;
use writer::Letter;

/// The process of a service.
pub(crate) struct Process<D: Simulated> {
    pid: Pid,
    engine: Engine<D>,
    stage: Stage,
    connected: bool,
    first_start: bool,
    replaced: Option<Replaced>,
    // Starting.
    gathered: Option<Gathered>,
    rebuilt: bool,
    configured: bool,
    has_waited: bool,
    restoring: Option<Restoring>,
    // Writing.
    inbox: VecDeque<Letter<D>>,
    writes: bool,
    committed: VecDeque<Committed>,
    /// The database before a batch that is never committed, when a bug publishes before that.
    uncommitted: Option<Vec<u8>>,
    // Publishing.
    runs: bool,
    stream_created: Timestamp,
    relay: Relay,
    link: Link,
    promises: Promises<Release>,
    head: u64,
    rows: VecDeque<Row>,
    window: u64,
    answers: BTreeMap<u64, Option<Reply>>,
    look: Option<Looking>,
    asked: Option<u64>,
    looks: u64,
    ticks: bool,
    // Reading.
    readings: BTreeMap<Service, Reading>,
    timekeeper: Timekeeper,
}

/// The database's file is no longer the one that is open.
#[derive(Clone, Copy, Debug)]
struct Replaced {
    /// Whether that can be noticed before a commit.
    notices: bool,
}

/// What a batch has committed, on its way to the relay.
#[derive(Debug)]
struct Committed {
    rows: Vec<Row>,
    head: u64,
    releases: Vec<Release>,
}

/// An answer that waits for its promise.
#[derive(Debug)]
struct Release {
    attempt: Attempt,
    told: Told,
}

impl<D: Simulated> Process<D> {
    /// A process over a database.
    pub(crate) fn new(
        pid: Pid,
        domain: D,
        database: Database,
        first_start: bool,
    ) -> Result<Self, StateError> {
        let engine = Engine::new(domain, database)?;
        let head = engine.head().sequence;
        Ok(Self {
            pid,
            engine,
            stage: Stage::Starting,
            connected: false,
            first_start,
            replaced: None,
            gathered: None,
            rebuilt: false,
            configured: false,
            has_waited: false,
            restoring: None,
            inbox: VecDeque::new(),
            writes: false,
            committed: VecDeque::new(),
            uncommitted: None,
            runs: false,
            stream_created: Timestamp::default(),
            relay: Relay::new(),
            link: Link::connected(),
            promises: Promises::new(0),
            head,
            rows: VecDeque::new(),
            window: 0,
            answers: BTreeMap::new(),
            look: None,
            asked: None,
            looks: 0,
            ticks: false,
            readings: BTreeMap::new(),
            timekeeper: Timekeeper::default(),
        })
    }

    fn connect(&mut self, env: &mut Env) -> Flow {
        if self.connected {
            return Ok(());
        }
        if !env.reaches_broker(D::SERVICE) {
            let delay = env.random.between(20, 500) * MILLISECOND;
            env.later(self.pid, delay, Step::Connect);
            return Ok(());
        }
        self.connected = true;
        env.tell(D::SERVICE, || "connected");
        if !self.runs {
            env.ask_broker(D::SERVICE, self.pid, Step::Gather);
            return Ok(());
        }
        self.link.set_connected(true);
        self.tick_soon(env);
        self.begin_readings(env);
        self.keep_promises(env)
    }

    fn disconnected(&mut self, env: &mut Env) -> Flow {
        if !self.connected {
            return Ok(());
        }
        self.connected = false;
        env.tell(D::SERVICE, || "the broker is away");
        let delay = env.random.between(20, 500) * MILLISECOND;
        env.later(self.pid, delay, Step::Connect);
        if !self.runs {
            return Ok(());
        }
        self.link.set_connected(false);
        self.doubt(env, "the broker is away");
        for reading in self.readings.values_mut() {
            reading.disconnect();
        }
        self.keep_promises(env)
    }

    /// Outbox and stream tell one history: from here on, it works.
    fn begin(&mut self, env: &mut Env, found: Found) -> Flow {
        env.tell(D::SERVICE, || format!("works; its stream ends at {}", found.ends_at));
        self.runs = true;
        self.head = self.engine.head().sequence;
        self.stream_created = found.created;
        self.relay.resume(found.ends_at);
        self.promises = Promises::new(found.ends_at);
        for stream in MURMURATION.streams_read_by(D::SERVICE) {
            let from = self.engine.positions().of(stream).folded;
            self.readings.insert(stream, Reading::new(from));
        }
        self.begin_readings(env);
        env.later(self.pid, 3_000 * MILLISECOND, Step::Verify);
        env.later(self.pid, MILLISECOND, Step::Timers);
        self.tell_ready(env);
        self.publish(env)
    }

    /// Ready, once each replica has folded what decisions were already made by.
    fn tell_ready(&mut self, env: &mut Env) {
        if self.runs
            && self.stage == Stage::Starting
            && self.engine.positions().replicas_reach_decided()
        {
            self.stage = Stage::Ready;
            env.tell(D::SERVICE, || "is ready");
        }
    }

    fn stop(&self, env: &mut Env, reason: &str) -> Flow {
        env.tell(D::SERVICE, || format!("ends, so that its start can mend this: {reason}"));
        Err(End::Itself(reason.to_owned()))
    }

    fn crash_at(&self, env: &mut Env, fault: Fault) -> Flow {
        if env.strikes(D::SERVICE, fault) { Err(End::Killed(fault)) } else { Ok(()) }
    }
}

impl<D: Simulated> Shell for Process<D> {
    fn service(&self) -> Service {
        D::SERVICE
    }

    fn step(&mut self, env: &mut Env, step: Step) -> Flow {
        match step {
            Step::Connect => self.connect(env),
            Step::Disconnected => self.disconnected(env),
            Step::Gather => self.gather(env),
            Step::Judge => self.judge_start(env),
            Step::Act(step) => self.act(env, step),
            Step::Restore => self.restore_rows(env),
            Step::Recreate => self.recreate(env),
            Step::HearRecovered(chain, reply) => self.hear_recovered(env, chain, &reply),
            Step::Write => self.write(env),
            Step::Committed => self.take_committed(env),
            Step::Hear { window, row, reply } => self.hear(env, window, row, reply),
            Step::Verify => self.verify(env),
            Step::Question(row) => self.answer_question(env, row),
            Step::Tick => self.tick(env),
            Step::LookAtExtent(look) => self.look_at_extent(env, look),
            Step::LookAtTail(look) => self.look_at_tail(env, look),
            Step::LookAtOwn(look) => self.look_at_own(env, look),
            Step::LookFailed(look) => self.look_failed(look),
            Step::ReadBegin(stream, run) => self.read_begin(env, stream, run),
            Step::ReadFrom(stream, run, start) => self.read_from(env, stream, run, start),
            Step::Receive(stream, run) => self.receive(env, stream, run),
            Step::Timers => self.look_at_timers(env),
            Step::TimerGoal => self.timer_goal(env),
            Step::TimerPoll => self.timer_poll(env),
        }
    }

    fn ask(&mut self, env: &mut Env, attempt: Attempt, ask: &Ask) -> Result<(), Told> {
        self.take_command(env, attempt, ask)
    }

    fn wake(&mut self, env: &mut Env, stream: Service) {
        self.wake_reading(env, stream);
    }

    fn stage(&self) -> &Stage {
        &self.stage
    }

    fn is_quiet(&self, env: &Env) -> bool {
        self.connected
            && self.stage == Stage::Ready
            && self.inbox.is_empty()
            && self.committed.is_empty()
            && !self.relay.is_in_doubt()
            && self.relay.acknowledged() >= self.engine.head().sequence
            && self.readings_are_quiet(env)
            && env.broker.stream(D::SERVICE).is_some_and(|stream| {
                stream.is_whole() && stream.extent().last == self.engine.head().sequence
            })
    }

    fn waits_for(&self, env: &Env) -> String {
        let extent = env.broker.stream(D::SERVICE).map(crate::broker::Stream::extent);
        format!(
            "{:?}, connected: {}, head {}, acknowledged {}, in doubt: {}, inbox {}, stream {extent:?}, {}",
            self.stage,
            self.connected,
            self.engine.head().sequence,
            self.relay.acknowledged(),
            self.relay.is_in_doubt(),
            self.inbox.len(),
            self.readings_wait_for(env)
        )
    }

    fn alarms(&self) -> Vec<String> {
        self.reading_alarms()
    }

    fn head(&self) -> Position {
        self.engine.head()
    }

    fn read(&self) -> Read<'_> {
        self.engine.read()
    }

    fn positions(&self) -> &engine::positions::Positions {
        self.engine.positions()
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
