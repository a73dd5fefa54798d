//! What all processes of one world share: time, the broker, the network, chance.

use std::collections::BTreeSet;

use engine::promise::Durability;
use protocol::{Chain, Kind, Service, Timestamp};

use crate::agenda::{Agenda, MILLISECOND, Publish, SECOND, What};
use crate::broker::Broker;
use crate::clients::Attempt;
use crate::fault::{Fault, Tally};
use crate::process::{Pid, Step};
use crate::random::Random;
use crate::seeded::DriverBug;
use crate::story::Story;

/// When every world begins: 2026-01-31T08:26:00Z.
const WORLD_BEGINS_MICROS: i64 = 1_769_847_960_000_000;

/// How long a request to the broker may take.
pub(crate) const REQUEST_TIMEOUT: u64 = 3 * SECOND;

/// The connection of a service's host with the broker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Whether connections can be made.
    pub(crate) up: bool,
    /// Whether what the service sends is lost.
    pub(crate) loses_out: bool,
    /// Whether what is sent to the service is lost.
    pub(crate) loses_in: bool,
    /// Counts the connections.
    pub(crate) connection: u64,
    /// The first connection whose bytes still arrive.
    pub(crate) oldest_arriving: u64,
    /// How many times slower than usual it is.
    pub(crate) slowness: u64,
    sent_until: u64,
    received_until: u64,
}

/// How long things take in this world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Longest way through the network.
    pub(crate) way_max: u64,
    /// Longest wait for the disk.
    pub(crate) disk_max: u64,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    /// It happened, as this row.
    Accepted {
        /// The row's number.
        sequence: u64,
        /// The row's chain.
        chain: Chain,
        /// What happened.
        kind: Kind,
        /// Whether it had happened before.
        repeated: bool,
    },
    /// It was so already.
    Unchanged,
    /// It is refused.
    Refused,
    /// The key stands for another request.
    KeyReused,
    /// It cannot be handled.
    Failed(String),
    /// The service takes no commands now; nothing was done.
    Unavailable,
}

/// An answer on its way to a client.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Which attempt it answers.
    pub(crate) attempt: Attempt,
    /// What it says.
    pub(crate) response: Response,
    /// Where the change is kept.
    pub(crate) durability: Durability,
}

/// What the processes of a world share.
#[derive(Debug)]
pub(crate) struct Env {
    pub(crate) now: u64,
    pub(crate) agenda: Agenda,
    pub(crate) broker: Broker,
    pub(crate) random: Random,
    pub(crate) tally: Tally,
    pub(crate) story: Story,
    pub(crate) pace: Pace,
    /// Answers that leave a process now.
    pub(crate) answers: Vec<Answer>,
    /// Consumers that ask an owner to look at its stream, some of them at one row.
    pub(crate) questions: Vec<(Service, Option<u64>)>,
    /// Streams that were deleted by their owner.
    pub(crate) deletions: Vec<Service>,
    /// Processes that are given up when they would take a stream over.
    pub(crate) never_restores: BTreeSet<Pid>,
    /// Replaced processes that are about to find their stream deleted, or without a row.
    pub(crate) finds_none: BTreeSet<Pid>,
    /// What must never be seen.
    pub(crate) violations: Vec<String>,
    /// Whose hosts there are, in order.
    pub(crate) services: Vec<Service>,
    lines: Vec<Line>,
    offsets: Vec<i64>,
    armed: Vec<Option<Fault>>,
    /// How many effects are let pass before the fault that strikes anywhere does.
    let_pass: Vec<u64>,
    /// The bug that is put in, if one is.
    pub(crate) bug: Option<DriverBug>,
}

impl Env {
    pub(crate) fn new(mut random: Random, with_story: bool, services: Vec<Service>) -> Self {
        let slow = random.chance(20);
        let pace = Pace {
            way_max: if slow { 5 * MILLISECOND } else { 300 },
            disk_max: if random.chance(20) { 4 * MILLISECOND } else { 400 },
        };
        let line = Line {
            up: true,
            loses_out: false,
            loses_in: false,
            connection: 1,
            oldest_arriving: 0,
            slowness: 1,
            sent_until: 0,
            received_until: 0,
        };
        Self {
            now: 0,
            agenda: Agenda::default(),
            broker: Broker::new(random.chance(50)),
            random,
            tally: Tally::default(),
            story: Story::new(with_story),
            pace,
            answers: Vec::new(),
            questions: Vec::new(),
            deletions: Vec::new(),
            never_restores: BTreeSet::new(),
            finds_none: BTreeSet::new(),
            violations: Vec::new(),
            lines: vec![line; services.len()],
            offsets: vec![0; services.len()],
            armed: vec![None; services.len()],
            let_pass: vec![0; services.len()],
            services,
            bug: None,
        }
    }

    /// The time by the clock of a service's host.
    pub(crate) fn clock(&self, service: Service) -> Timestamp {
        let now = i64::try_from(self.now).unwrap_or(i64::MAX);
        Timestamp::from_micros(WORLD_BEGINS_MICROS + now + self.offsets[self.index(service)])
    }

    /// How far a host's clock is from the world's time, in microseconds.
    pub(crate) fn clock_offset(&self, service: Service) -> i64 {
        self.offsets[self.index(service)]
    }

    /// Moves a host's clock.
    pub(crate) fn set_clock_offset(&mut self, service: Service, micros: i64) {
        let nth = self.index(service);
        self.offsets[nth] = micros;
    }

    /// The line of a service's host.
    pub(crate) fn line(&mut self, service: Service) -> &mut Line {
        let nth = self.index(service);
        &mut self.lines[nth]
    }

    /// Whether requests to the broker are answered now.
    pub(crate) fn reaches_broker(&self, service: Service) -> bool {
        let line = &self.lines[self.index(service)];
        self.broker.up && line.up && !line.loses_out && !line.loses_in
    }

    /// Whether what was sent over a connection arrives at the broker.
    pub(crate) fn arrives(&self, service: Service, connection: u64) -> bool {
        let line = &self.lines[self.index(service)];
        self.broker.up && line.up && !line.loses_out && connection >= line.oldest_arriving
    }

    /// Some way through the network.
    pub(crate) fn way(&mut self, service: Service) -> u64 {
        let slowness = self.lines[self.index(service)].slowness;
        self.random.between(20, self.pace.way_max) * slowness
    }

    /// Puts down a process's next step.
    pub(crate) fn later(&mut self, pid: Pid, delay: u64, step: Step) {
        self.agenda.put(self.now + delay, What::Process(pid, step));
    }

    /// Puts down what is read from the broker in one request from now.
    pub(crate) fn ask_broker(&mut self, service: Service, pid: Pid, step: Step) {
        let way = self.way(service);
        self.later(pid, way, step);
    }

    /// Sends a row to the broker. Bytes of one connection stay in order.
    pub(crate) fn send(&mut self, mut publish: Publish) {
        let way = self.way(publish.service);
        let now = self.now;
        let line = self.line(publish.service);
        publish.connection = line.connection;
        publish.sent_at = now;
        line.sent_until = line.sent_until.max(now + way);
        let at = line.sent_until;
        self.agenda.put(at, What::Arrive(Box::new(publish)));
    }

    /// When what the broker sends now arrives at a service: in order.
    pub(crate) fn received_at(&mut self, service: Service) -> u64 {
        let way = self.way(service);
        let now = self.now;
        let line = self.line(service);
        line.received_until = line.received_until.max(now + way);
        line.received_until
    }

    /// The connection of a host is gone; some of what was under way may still arrive.
    pub(crate) fn reset_line(&mut self, service: Service) {
        let arrives = self.random.chance(50);
        let now = self.now;
        let line = self.line(service);
        line.connection += 1;
        if !arrives {
            line.oldest_arriving = line.connection;
        }
        line.sent_until = now;
        line.received_until = now;
    }

    /// The next time that a process of this service is where `fault` strikes, it does.
    pub(crate) fn arm(&mut self, service: Service, fault: Fault) {
        let nth = self.index(service);
        self.armed[nth] = Some(fault);
    }

    /// A process of this service is killed after so many of the things that it does.
    pub(crate) fn arm_anywhere(&mut self, service: Service, let_pass: u64) {
        self.arm(service, Fault::CrashAnywhere);
        let nth = self.index(service);
        self.let_pass[nth] = let_pass;
    }

    /// Whether a process of this service is killed before what it does next.
    pub(crate) fn strikes_anywhere(&mut self, service: Service) -> bool {
        if self.armed[self.index(service)] != Some(Fault::CrashAnywhere) {
            return false;
        }
        let nth = self.index(service);
        let left = &mut self.let_pass[nth];
        if *left > 0 {
            *left -= 1;
            return false;
        }
        self.strikes(service, Fault::CrashAnywhere)
    }

    /// Whether a fault is planned to strike a process of this service at this point.
    pub(crate) fn strikes(&mut self, service: Service, fault: Fault) -> bool {
        if self.armed[self.index(service)] != Some(fault) {
            return false;
        }
        let nth = self.index(service);
        self.armed[nth] = None;
        self.tally.fire(fault);
        true
    }

    /// Whether the stream loses its tail just before this service makes its consumer.
    pub(crate) fn cuts_before_consumer(&mut self, service: Service) -> bool {
        let nth = self.index(service);
        self.armed[nth].take_if(|fault| is_about_consumers(*fault)).is_some()
    }

    /// Whether a stream is about to lose its tail.
    pub(crate) fn a_tail_is_about_to_be_lost(&self) -> bool {
        self.armed.iter().flatten().any(|fault| is_about_consumers(*fault))
    }

    /// Nothing strikes any more.
    pub(crate) fn disarm(&mut self) {
        self.armed.fill(None);
    }

    /// The place of a service among the hosts.
    fn index(&self, service: Service) -> usize {
        self.services.iter().position(|one| *one == service).unwrap_or_default()
    }

    /// Tells what a service does.
    pub(crate) fn record<T: std::fmt::Display>(
        &mut self,
        service: Service,
        what: impl FnOnce() -> T,
    ) {
        self.story.record(self.now, service, what);
    }

    /// Something has happened that must never happen.
    pub(crate) fn violation(&mut self, what: String) {
        self.story.record(self.now, "VIOLATION", || &what);
        self.violations.push(what);
    }
}

const fn is_about_consumers(fault: Fault) -> bool {
    matches!(fault, Fault::ConsumerClamped | Fault::ConsumerWaits)
}
