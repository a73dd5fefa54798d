//! What happens to processes.

use contracts::service;
use protocol::Service;

use super::{ChaosStep, Undo};
use crate::agenda::{MILLISECOND, SECOND, What};
use crate::fault::Fault;
use crate::process::{End, Pid, Step};
use crate::world::World;

/// Things that a process does before it is killed: up to so few, doubled up to so many times.
const LET_PASS_MIN: u64 = 8;
const LET_PASS_DOUBLED_MAX: u64 = 6;

/// A process that was told to stop and has not by then is killed.
const STOPS_WITHIN: u64 = 15 * SECOND;

impl World {
    /// Strikes a process; whether the fault has happened already.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other faults are struck elsewhere")]
    pub(super) fn strike_process(&mut self, fault: Fault, service: Service) -> bool {
        match fault {
            Fault::Crash => self.kill(service, fault),
            Fault::CrashBeforeCommit
            | Fault::CrashAfterCommit
            | Fault::CrashMidPipeline
            | Fault::CrashAfterAcknowledgement
            | Fault::CrashBeforeReply => {
                self.env.arm(service, fault);
                false
            }
            Fault::CrashAnywhere => {
                self.crash_anywhere(service);
                false
            }
            Fault::Stopped => self.stop(service),
            Fault::CrashWhileStarting => {
                self.env.arm(service, fault);
                self.kill(service, fault);
                false
            }
            Fault::CrashWhileReplicaLoads
            | Fault::CrashWhileRestoring
            | Fault::CrashBeforeRecovered
            | Fault::CrashAfterRecovered => {
                // Only who has lost a database restores one.
                let loses =
                    if fault == Fault::CrashWhileReplicaLoads { service::ORDER } else { service };
                self.env.arm(loses, fault);
                self.lose_database(loses, Fault::DatabaseDeleted);
                false
            }
            Fault::CrashLoop => {
                self.host(service).crash_loop = 4;
                self.kill(service, fault);
                false
            }
            Fault::LateBytes => {
                self.env.arm(service, Fault::CrashMidPipeline);
                false
            }
            Fault::ReplacedStartsAnew | Fault::ReplacedIsRestarted => {
                self.cut_off(service, fault);
                false
            }
            Fault::Paused => self.pause(service),
            Fault::ZombieWithoutFile => self.take_file_away(service),
            Fault::ZombieElsewhere => self.replace_beside(service),
            _ => false,
        }
    }

    /// Its process is killed after some of the things that it does; or the next one is, whose start is
    /// among them then.
    fn crash_anywhere(&mut self, service: Service) {
        let most = LET_PASS_MIN << self.env.random.between(0, LET_PASS_DOUBLED_MAX);
        let let_pass = self.env.random.between(0, most);
        self.env.arm_anywhere(service, let_pass);
        if self.env.random.chance(50) {
            self.kill(service, Fault::CrashAnywhere);
        }
    }

    /// Its supervisor tells it to stop, and waits for a while.
    fn stop(&mut self, service: Service) -> bool {
        let Some(pid) = self.main(service) else { return false };
        self.env.agenda.put(self.env.now, What::Process(pid, Step::Stop));
        let kill = What::Chaos(ChaosStep::KillProcess(pid, Fault::Stopped));
        self.env.agenda.put(self.env.now + STOPS_WITHIN, kill);
        true
    }

    fn pause(&mut self, service: Service) -> bool {
        let Some(pid) = self.main(service) else { return false };
        let until = self.env.now + self.env.random.between(SECOND, 30 * SECOND);
        self.paused.insert(pid, until);
        // The broker gives up on a client that is silent, and its connection is gone when it resumes.
        if until > self.env.now + 10 * SECOND {
            self.env.agenda.put(until, What::Process(pid, Step::Disconnected));
        }
        true
    }

    /// The database's folder is deleted under a running process, which goes on until it notices.
    fn take_file_away(&mut self, service: Service) -> bool {
        let Some(shell) = self.main(service).and_then(|pid| self.shells.get_mut(&pid)) else {
            return false;
        };
        shell.replace_database(self.env.random.chance(30));
        let host = self.host(service);
        host.file_is_gone = true;
        host.lost_a_database = true;
        false
    }

    /// A replacement starts with a copy or nothing, and the process that it replaces goes on.
    fn replace_beside(&mut self, service: Service) -> bool {
        let Some(pid) = self.main(service) else { return false };
        let last = self.env.broker.stream(service).map_or(0, |stream| stream.extent().last);
        let copy = self.old_copy(service);
        // Who has nothing to restore takes no end of a stream: two such writers are two histories.
        if last == 0 {
            return false;
        }
        let host = self.host(service);
        host.zombies.push(pid);
        host.lost_a_database = true;
        host.main = None;
        host.database = copy;
        if self.env.random.chance(50) {
            let until = self.env.now + self.env.random.between(SECOND, 6 * SECOND);
            self.paused.insert(pid, until);
        }
        self.start(service);
        self.undo_after(40 * SECOND, Undo::Zombie(pid));
        true
    }

    /// Somebody sees to a process that should be gone: it has had time to see for itself.
    pub(super) fn end_zombie(&mut self, pid: Pid) {
        let is_zombie = self.hosts.values().any(|host| host.zombies.contains(&pid));
        if is_zombie {
            self.bury(pid, &End::Killed(Fault::ZombieElsewhere));
        }
    }

    /// Puts down the start of a service's next process.
    pub(crate) fn restart_after(&mut self, service: Service, delay: u64) {
        let at = self.env.now + delay;
        self.env.agenda.put(at, What::Chaos(ChaosStep::Start(service)));
    }

    /// In a crash loop, a process does not live long.
    pub(crate) fn cut_start_short(&mut self, service: Service, pid: Pid) {
        let host = self.host(service);
        if host.crash_loop == 0 {
            return;
        }
        host.crash_loop -= 1;
        if host.crash_loop == 0 {
            self.env.tally.fire(Fault::CrashLoop);
            return;
        }
        let at = self.env.now + self.env.random.between(2, 300) * MILLISECOND;
        if self.main(service) == Some(pid) {
            self.env.agenda.put(at, What::Chaos(ChaosStep::Kill(service, Fault::CrashLoop)));
        }
    }
}
