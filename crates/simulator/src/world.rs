//! One world: a host for each service, with a process, a broker, clients, and whatever goes wrong.

mod arriving;
mod settling;

use std::collections::BTreeMap;

use engine::Database;
use protocol::{HistoryId, Service};

use crate::agenda::{MILLISECOND, What};
use crate::cast::{Cast, Newcomer};
use crate::chaos::{Chaos, ReplacedWriter};
use crate::clients::workload::Workload;
use crate::clients::{ClientStep, Clients};
use crate::env::{Answer, Env, Response};
use crate::fault::Fault;
use crate::process::{Beginning, End, Pid, Shell, Step};
use crate::random::Random;
use crate::seeded::DriverBug;

/// Things that one world does at most: beyond, something goes round in circles.
const THINGS_MAX: u64 = 3_000_000;

/// Deaths in a hundred after which what was sent arrives later: up to 250 ms were seen.
const LATE_PERCENT: u64 = 40;

/// Longest way of an answer to its client.
const ANSWER_WAY_MAX: u64 = 500;

/// One service's place to run.
#[derive(Default)]
pub(crate) struct Host {
    /// The process that runs there.
    pub(crate) main: Option<Pid>,
    /// The database, while no process has it.
    pub(crate) database: Option<Database>,
    /// Processes that go on beside their replacement.
    pub(crate) zombies: Vec<Pid>,
    /// The database's file is gone already: nothing is left when its process ends.
    pub(crate) file_is_gone: bool,
    /// Whether a database was ever lost here.
    pub(crate) lost_a_database: bool,
    /// How many of the next starts are cut short.
    pub(crate) crash_loop: u32,
    /// How much later what a killed process sent arrives.
    pub(crate) late_by: u64,
    /// A copy of the database, from some time ago.
    pub(crate) copy: Option<Vec<u8>>,
    /// A writer that was replaced, and that is going to be started anew elsewhere.
    pub(crate) replaced: Option<ReplacedWriter>,
    /// Whether a process has ever run here.
    pub(crate) was_started: bool,
}

/// A world.
pub(crate) struct World {
    pub(crate) cast: Cast,
    pub(crate) env: Env,
    pub(crate) shells: BTreeMap<Pid, Box<dyn Shell>>,
    pub(crate) hosts: BTreeMap<Service, Host>,
    pub(crate) clients: Clients,
    pub(crate) chaos: Chaos,
    pub(crate) paused: BTreeMap<Pid, u64>,
    pids: Pid,
    things: u64,
    digest: u64,
}

impl World {
    /// The world of a seed, before anything happens.
    pub(crate) fn new(
        seed: u64,
        orders: u64,
        faults: &[Fault],
        (with_story, bug): (bool, Option<DriverBug>),
        newcomers: &[Newcomer],
    ) -> Self {
        let cast = Cast::with(newcomers);
        let mut env = Env::new(Random::new(seed), with_story, cast.services());
        env.bug = bug;
        let mut clients = Clients::default();
        let workload = Workload::of(&mut env, orders);
        workload.plan(&mut env, &mut clients);
        let chaos = Chaos::plan(&mut env, faults, workload.ends_at);
        let hosts = cast.services().into_iter().map(|service| (service, Host::default())).collect();
        let (shells, paused) = (BTreeMap::new(), BTreeMap::new());
        let (pids, things, digest) = (0, 0, seed);
        Self { cast, env, shells, hosts, clients, chaos, paused, pids, things, digest }
    }

    /// Lets everything happen, until all is settled or it is clear that it never will be.
    pub(crate) fn run(&mut self) {
        for service in self.cast.services() {
            self.start(service);
        }
        while !self.chaos.is_over() {
            let Some((at, what)) = self.env.agenda.next() else { break };
            self.things += 1;
            if self.things > THINGS_MAX {
                let waits = self.who_waits();
                self.env.violation(format!("the world goes round in circles: {waits}"));
                break;
            }
            self.env.now = at;
            self.env.broker.now = at;
            self.digest = self.digest.rotate_left(5).wrapping_mul(0x0100_0000_01B3) ^ at;
            self.happen(what);
            self.pass_on();
            if !self.env.violations.is_empty() {
                break;
            }
        }
    }

    /// A number that two worlds share only if the same things happened at the same moments.
    pub(crate) const fn digest(&self) -> u64 {
        self.digest
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Process(pid, step) => self.step(pid, step),
            What::Arrive(publish) => self.arrive(*publish),
            What::Client(ClientStep::Send(number)) => self.send(number),
            What::Client(ClientStep::Hear(answer)) => self.hear(answer),
            What::Client(ClientStep::Lose(pid)) => self.clients.lose(&mut self.env, pid),
            What::Client(ClientStep::GiveUp(attempt)) => {
                self.clients.give_up(&mut self.env, attempt);
            }
            What::Chaos(step) => self.strike(step),
        }
    }

    fn step(&mut self, pid: Pid, step: Step) {
        // What is on its way arrives, whatever its process does.
        let paused = if step.is_at_broker() { None } else { self.paused.get(&pid) };
        if let Some(until) = paused.copied() {
            if self.env.now < until {
                self.env.agenda.put(until, What::Process(pid, step));
                return;
            }
            self.paused.remove(&pid);
        }
        let Some(shell) = self.shells.get_mut(&pid) else { return };
        if let Err(end) = shell.step(&mut self.env, step) {
            self.bury(pid, &end);
        }
    }

    /// Takes what processes have put down for others.
    fn pass_on(&mut self) {
        for answer in std::mem::take(&mut self.env.answers) {
            let at = self.env.now + self.env.random.between(10, ANSWER_WAY_MAX);
            self.env.agenda.put(at, What::Client(ClientStep::Hear(answer)));
        }
        for service in std::mem::take(&mut self.env.deletions) {
            self.note_deletion(service);
        }
        for (stream, row) in std::mem::take(&mut self.env.questions) {
            let Some(pid) = self.main(stream) else { continue };
            if self.env.reaches_broker(stream) {
                self.env.ask_broker(stream, pid, Step::Complaint(row));
            }
        }
    }

    fn hear(&mut self, mut answer: Answer) {
        let by = self.clients.answered_by(&answer);
        let is_current = by.is_some_and(|pid| self.hosts.values().any(|h| h.main == Some(pid)));
        if !is_current && matches!(answer.response, Response::Refused | Response::KeyReused) {
            // A process that was replaced and has not noticed refuses by what it knew then.
            answer.response = Response::Unavailable;
        }
        self.clients.hear(&mut self.env, answer);
    }

    fn send(&mut self, number: usize) {
        let Some((ask, at_once)) = self.clients.begin(number) else { return };
        if at_once > 1 {
            self.env.tally.fire(Fault::KeyRepeatedAtOnce);
        }
        for _ in 0..at_once {
            let attempt = self.clients.next_attempt();
            let pid = self.serving(ask.what.service());
            let taken = pid.and_then(|pid| {
                let shell = self.shells.get_mut(&pid)?;
                Some(shell.ask(&mut self.env, attempt, &ask).map(|()| pid))
            });
            match taken {
                Some(Ok(pid)) => self.clients.wait(&mut self.env, number, attempt, pid),
                Some(Err(response)) => self.clients.turned_away(&mut self.env, number, response),
                None => self.clients.turned_away(&mut self.env, number, Response::Unavailable),
            }
        }
    }

    /// The process that a client of this service meets: sometimes one that should be gone.
    fn serving(&mut self, service: Service) -> Option<Pid> {
        let host = self.hosts.get(&service)?;
        match host.zombies.last() {
            Some(zombie) if self.env.random.chance(40) => Some(*zombie),
            Some(_) | None => host.main,
        }
    }

    /// The process that runs a service.
    pub(crate) fn main(&self, service: Service) -> Option<Pid> {
        self.hosts.get(&service).and_then(|host| host.main)
    }

    /// The host of a service.
    pub(crate) fn host(&mut self, service: Service) -> &mut Host {
        self.hosts.entry(service).or_default()
    }

    /// Starts a process, unless one runs.
    pub(crate) fn start(&mut self, service: Service) {
        if self.main(service).is_some() {
            return;
        }
        let host = self.host(service);
        let first_start = !host.was_started;
        host.was_started = true;
        let kept = host.database.take();
        let database = match kept.map_or_else(|| self.cast.empty_database(service), Ok) {
            Ok(database) => database,
            Err(error) => {
                return self.env.violation(format!("no database for {service}: {error}"));
            }
        };
        let Some(pid) = self.begin_process(service, database, first_start) else { return };
        self.host(service).main = Some(pid);
        self.env.line(service).connection += 1;
        self.cut_start_short(service, pid);
    }

    /// A new process of a service, over a database.
    pub(crate) fn begin_process(
        &mut self,
        service: Service,
        database: Database,
        first_start: bool,
    ) -> Option<Pid> {
        self.pids += 1;
        let pid = self.pids;
        let fresh_history = self.fresh_history();
        let beginning = Beginning { pid, database, first_start, fresh_history };
        match self.cast.process(service, beginning) {
            Ok(shell) => self.shells.insert(pid, shell),
            Err(error) => {
                self.env.violation(format!("{service} cannot start: {error}"));
                return None;
            }
        };
        self.env.record(service, || format!("starts as process {pid}"));
        self.env.later(pid, MILLISECOND, Step::Connect);
        Some(pid)
    }

    fn fresh_history(&mut self) -> HistoryId {
        let mut bytes = [0; 16];
        for half in bytes.chunks_exact_mut(8) {
            half.copy_from_slice(&self.env.random.draw().to_be_bytes());
        }
        HistoryId::from_bytes(bytes)
    }

    /// A process is no more. What is left of it is its database.
    pub(crate) fn bury(&mut self, pid: Pid, end: &End) {
        let Some(shell) = self.shells.remove(&pid) else { return };
        let service = shell.service();
        self.env.record(service, || format!("process {pid} is no more: {end}"));
        let database = shell.into_database();
        let late_by =
            if self.env.random.chance(LATE_PERCENT) { self.env.random.between(1, 250) } else { 0 };
        self.host(service).late_by = late_by * MILLISECOND;
        let host = self.host(service);
        host.zombies.retain(|zombie| *zombie != pid);
        if host.main == Some(pid) {
            host.main = None;
            host.database = (!host.file_is_gone).then_some(database);
            host.file_is_gone = false;
            let wait = self.env.random.between(50, 1_500) * MILLISECOND;
            self.restart_after(service, wait);
        }
        // What it has sent arrives before it is clear that no more will.
        let at = self.env.now + ANSWER_WAY_MAX + 1;
        self.env.agenda.put(at, What::Client(ClientStep::Lose(pid)));
    }

    /// Kills a process, if it runs.
    pub(crate) fn kill(&mut self, service: Service, fault: Fault) -> bool {
        let Some(pid) = self.main(service) else { return false };
        self.bury(pid, &End::Killed(fault));
        true
    }
}
