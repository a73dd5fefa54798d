//! What goes wrong in a world, and when: planned from the seed, one lost store at a time.
//!
//! A store is lost only while every other copy of what it holds is whole: losing two at once is not
//! promised to heal, and has worlds of its own.

mod broker;
mod database;
mod network;
mod process;
mod replaced;

use std::collections::BTreeMap;

use contracts::service;
use engine::process::Stage;
use protocol::Service;

use crate::agenda::{MILLISECOND, SECOND, What};
use crate::broker::Claims;
use crate::env::Env;
use crate::fault::Fault;
use crate::process::{End, Pid};
use crate::world::World;
pub(crate) use replaced::ReplacedWriter;
use replaced::Replacing;

/// Worlds in a hundred in which two stores are lost at once.
const DOUBLE_LOSSES_PERCENT: u64 = 32;

/// Faults that are planned once more in so many worlds in a hundred: their moment seldom comes.
const RARE_PERCENT: [(Fault, u64); 4] = [
    (Fault::ZombieWithoutFile, 10),
    (Fault::DatabaseRestored, 8),
    (Fault::ReplacedStartsAnew, 3),
    (Fault::ReplacedIsRestarted, 8),
];

/// Worlds in a hundred in which nothing goes wrong.
const CALM_PERCENT: u64 = 3;

/// Worlds in a hundred in which order loses what it could not publish.
const UNACKNOWLEDGED_PERCENT: u64 = 12;

/// How long a fault waits for its moment before it is dropped.
const POSTPONED_MAX: u64 = 30 * SECOND;

/// Wait before it is looked again whether a fault's moment has come.
const POSTPONE: u64 = 150 * MILLISECOND;

/// A fault begins or ends.
#[derive(Debug)]
pub(crate) enum ChaosStep {
    /// A fault begins, if its moment has come.
    Begin(Planned),
    /// A fault ends.
    Undo(Undo),
    /// A service's process starts.
    Start(Service),
    /// A service's process is killed.
    Kill(Service, Fault),
    /// This process is killed, if it still runs.
    KillProcess(Pid, Fault),
    /// A writer is replaced, and started anew.
    Replacing(Service, Replacing),
    /// Copies are taken of all stores.
    Copy,
    /// All that is broken is mended, as far as hands can do it.
    Heal,
    /// Looks whether all is settled.
    Settle,
}

/// A fault, planned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) fault: Fault,
    pub(crate) service: Service,
    pub(crate) at: u64,
}

/// What ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Undo {
    /// The broker is started.
    Broker,
    /// The broker's disk has room.
    BrokerDisk,
    /// A database has room.
    DatabaseDisk(Service),
    /// A line works.
    Line(Service),
    /// A service notices that its connection is gone.
    Notice(Service),
    /// A clock is set right.
    Clock(Service),
    /// A zombie is met by clients no more, and killed if it still lives.
    Zombie(Pid),
    /// The broker is restarted, so that it counts its messages.
    Recount,
}

/// What goes wrong in this world.
#[derive(Debug)]
pub(crate) struct Chaos {
    /// Whether a double loss has happened.
    pub(crate) is_doubly_lost: bool,
    /// Who cannot be mended then, and must say so.
    pub(crate) must_be_fenced: Option<Service>,
    /// Who must not be fenced for what somebody else has written.
    pub(crate) must_not_be_fenced: Option<Service>,
    /// When all was mended by hand.
    pub(crate) healed_at: Option<u64>,
    /// Faults that wait for their moment.
    pub(crate) waiting: u64,
    /// The streams' lengths when copies were taken.
    pub(crate) lengths: BTreeMap<Service, u64>,
    /// The claims to them, then.
    pub(crate) claims: Claims,
    over: bool,
}

impl Chaos {
    /// Plans some of these faults, for a world whose workload ends then.
    pub(crate) fn plan(env: &mut Env, faults: &[Fault], ends_at: u64) -> Self {
        let mut chaos = Self {
            is_doubly_lost: false,
            must_be_fenced: None,
            must_not_be_fenced: None,
            healed_at: None,
            waiting: 0,
            lengths: BTreeMap::new(),
            claims: BTreeMap::new(),
            over: false,
        };
        let (doubles, singles): (Vec<Fault>, Vec<Fault>) =
            faults.iter().copied().filter(|f| !is_of_clients(*f)).partition(|f| is_double(*f));
        let calm = env.random.chance(CALM_PERCENT);
        for _ in 0..if calm { 0 } else { env.random.between(1, 9) } {
            if let Some(fault) = env.random.pick(&singles).copied() {
                chaos.put(env, fault, ends_at);
            }
        }
        for (fault, percent) in RARE_PERCENT {
            if singles.contains(&fault) && !calm && env.random.chance(percent) {
                chaos.put(env, fault, ends_at);
            }
        }
        if (singles.is_empty() || env.random.chance(DOUBLE_LOSSES_PERCENT))
            && let Some(fault) = env.random.pick(&doubles).copied()
        {
            chaos.put(env, fault, ends_at);
        }
        if faults.contains(&Fault::PartitionedOut) && env.random.chance(UNACKNOWLEDGED_PERCENT) {
            chaos.put_unacknowledged(env, ends_at);
        }
        for _ in 0..2 {
            let at = env.random.between(SECOND / 2, ends_at);
            env.agenda.put(at, What::Chaos(ChaosStep::Copy));
        }
        env.agenda.put(ends_at + SECOND, What::Chaos(ChaosStep::Heal));
        chaos
    }

    /// Whether this world has come to its end.
    pub(crate) const fn is_over(&self) -> bool {
        self.over
    }

    /// This world has come to its end.
    pub(crate) const fn end(&mut self) {
        self.over = true;
    }

    /// A database is lost while the stream lacks its last rows: nobody may have been promised them.
    fn put_unacknowledged(&mut self, env: &mut Env, ends_at: u64) {
        let at = env.random.between(SECOND, ends_at);
        let later = at + env.random.between(50 * MILLISECOND, 2_500 * MILLISECOND);
        for (fault, at) in [(Fault::PartitionedOut, at), (Fault::DatabaseDeleted, later)] {
            self.put_at(env, fault, service::ORDER, at);
        }
    }

    fn put(&mut self, env: &mut Env, fault: Fault, ends_at: u64) {
        let at = env.random.between(SECOND / 5, ends_at);
        let service = env.random.pick(&env.services).copied().unwrap_or(service::ORDER);
        self.put_at(env, fault, service, at);
    }

    fn put_at(&mut self, env: &mut Env, fault: Fault, service: Service, at: u64) {
        env.tally.plan(fault);
        self.waiting += 1;
        env.agenda.put(at, What::Chaos(ChaosStep::Begin(Planned { fault, service, at })));
    }
}

impl World {
    /// A fault begins or ends.
    pub(crate) fn strike(&mut self, step: ChaosStep) {
        match step {
            ChaosStep::Begin(planned) => self.begin(planned),
            ChaosStep::Undo(undo) => self.undo(undo),
            ChaosStep::Start(service) => self.start(service),
            ChaosStep::Kill(service, fault) => {
                self.kill(service, fault);
            }
            ChaosStep::KillProcess(pid, fault) => self.bury(pid, &End::Killed(fault)),
            ChaosStep::Replacing(service, step) => self.go_on_replacing(service, step),
            ChaosStep::Copy => self.take_copies(),
            ChaosStep::Heal => self.heal(),
            ChaosStep::Settle => self.settle(),
        }
    }

    fn begin(&mut self, planned: Planned) {
        let Planned { fault, service, at } = planned;
        if self.needs_whole_stores(fault) && !self.stores_are_whole() {
            if self.env.now < at + POSTPONED_MAX && self.chaos.healed_at.is_none() {
                let again = self.env.now + POSTPONE;
                self.env.agenda.put(again, What::Chaos(ChaosStep::Begin(planned)));
            } else {
                self.chaos.waiting -= 1;
            }
            return;
        }
        self.chaos.waiting -= 1;
        self.env.story.record(self.env.now, "FAULT", || format!("{service}: {fault}"));
        if self.strike_process(fault, service)
            || self.strike_broker(fault, service)
            || self.strike_database(fault, service)
            || self.strike_network(fault, service)
        {
            self.env.tally.fire(fault);
        }
    }

    /// Puts down that something ends.
    pub(crate) fn undo_after(&mut self, delay: u64, undo: Undo) {
        let at = self.env.now + delay;
        self.env.agenda.put(at, What::Chaos(ChaosStep::Undo(undo)));
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Broker => self.start_broker(),
            Undo::Recount => self.restart_broker(),
            Undo::BrokerDisk => self.env.broker.full = false,
            Undo::DatabaseDisk(service) => self.free_database(service),
            Undo::Line(service) => self.mend_line(service),
            Undo::Notice(service) => self.disconnect(service),
            Undo::Clock(service) => self.env.set_clock_offset(service, 0),
            Undo::Zombie(pid) => self.end_zombie(pid),
        }
    }

    const fn needs_whole_stores(&self, fault: Fault) -> bool {
        matches!(
            fault,
            Fault::CrashWhileReplicaLoads
                | Fault::CrashWhileRestoring
                | Fault::CrashBeforeRecovered
                | Fault::CrashAfterRecovered
                | Fault::CrashWhileRebuilding
                | Fault::ReplacedStartsAnew
                | Fault::ReplacedIsRestarted
                | Fault::ZombieWithoutFile
                | Fault::ZombieElsewhere
                | Fault::RefusedAndRemoved
                | Fault::TailCut
                | Fault::TailCutAndLied
                | Fault::MessageLost
                | Fault::BitFlipped
                | Fault::StreamPurged
                | Fault::StreamPurgedBeyond
                | Fault::StreamDeleted
                | Fault::StreamRecreated
                | Fault::StreamMisconfigured
                | Fault::BrokerWiped
                | Fault::BrokerRestored
                | Fault::DatabaseDeleted
                | Fault::DatabaseRestored
                | Fault::ConsumerClamped
                | Fault::ConsumerWaits
                | Fault::ForeignMessage
                | Fault::RowForged
                | Fault::RowForgedAndDatabaseLost
                | Fault::WitnessForged
                | Fault::ClaimForged
                | Fault::DatabaseAndMessage
                | Fault::DatabaseAndStream
                | Fault::DatabaseAndTail
        )
    }

    /// Whether each row that was ever published is in its stream and in its outbox, and nobody is
    /// about to change that.
    fn stores_are_whole(&self) -> bool {
        if !self.env.broker.up
            || self.chaos.is_doubly_lost
            || self.env.broker.is_up_to_no_good()
            || self.env.a_tail_is_about_to_be_lost()
        {
            return false;
        }
        self.cast.services().into_iter().all(|service| {
            let highest = self.env.broker.highest(service);
            let stream = self.env.broker.stream(service);
            let published = stream.is_some_and(|stream| {
                stream.is_whole()
                    && stream.difference().is_none()
                    && stream.extent().last >= highest
            });
            let Some(host) = self.hosts.get(&service) else { return false };
            let shell = host.main.and_then(|pid| self.shells.get(&pid));
            let is_kept = shell.is_some_and(|shell| {
                let works = matches!(shell.stage(), Stage::Ready | Stage::Alone);
                works && shell.head().sequence >= highest
            });
            published && is_kept && host.zombies.is_empty() && !host.file_is_gone
        })
    }
}

/// Whether it comes from the clients by itself.
const fn is_of_clients(fault: Fault) -> bool {
    matches!(fault, Fault::KeyRepeated | Fault::KeyRepeatedAtOnce | Fault::KeyReused)
}

/// Whether two stores are lost at once.
const fn is_double(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::ForeignMessage
            | Fault::RowForged
            | Fault::RowForgedAndDatabaseLost
            | Fault::WitnessForged
            | Fault::DatabaseAndMessage
            | Fault::DatabaseAndStream
            | Fault::DatabaseAndTail
    )
}
