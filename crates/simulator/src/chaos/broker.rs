//! What happens to the broker and its streams.

use contracts::service;
use protocol::Service;

use super::Undo;
use crate::agenda::{MILLISECOND, SECOND, What};
use crate::broker::Mischief;
use crate::checks;
use crate::fault::Fault;
use crate::process::Step;
use crate::world::World;

impl World {
    /// Strikes the broker; whether the fault has happened already.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other faults are struck elsewhere")]
    pub(super) fn strike_broker(&mut self, fault: Fault, service: Service) -> bool {
        match fault {
            Fault::BrokerRestarted => self.restart_broker_after(2 * SECOND),
            Fault::BrokerAway => {
                let away = self.env.random.between(10 * SECOND, 180 * SECOND);
                self.stop_broker(away)
            }
            Fault::BrokerFull => {
                self.env.broker.full = true;
                let full = self.env.random.between(SECOND, 20 * SECOND);
                self.undo_after(full, Undo::BrokerDisk);
                false
            }
            Fault::AnswerLost => self.mischief(service, Mischief::LoseAnswer),
            Fault::AnswerLate => self.mischief(service, Mischief::AnswerLate),
            Fault::AnswerDuplicate => self.mischief(service, Mischief::ClaimDuplicate),
            Fault::RefusedButStored => self.mischief(service, Mischief::RefuseAndStore),
            Fault::RefusedAndRemoved => self.mischief(service, Mischief::RefuseAndRemove),
            Fault::ConsumerClamped | Fault::ConsumerWaits => {
                self.env.broker.clamps = fault == Fault::ConsumerClamped;
                let reader = if service == service::CUSTOMER { service::ORDER } else { service };
                self.env.arm(reader, fault);
                for stream in self.cast.streams_read_by(reader) {
                    self.env.broker.lose_consumers(stream);
                    self.wake(stream);
                }
                false
            }
            Fault::ConsumersLost => {
                self.env.broker.lose_consumers(service);
                self.wake(service);
                true
            }
            _ => self.damage_stopped(fault, service) || self.damage_running(fault, service),
        }
    }

    fn mischief(&mut self, service: Service, mischief: Mischief) -> bool {
        self.env.broker.plan_mischief(service, mischief);
        false
    }

    /// What happens to the broker's files while it is down.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other faults are struck elsewhere")]
    fn damage_stopped(&mut self, fault: Fault, service: Service) -> bool {
        let last = self.env.broker.stream(service).map_or(0, |stream| stream.extent().last);
        let keep = last.saturating_sub(self.env.random.between(1, 12));
        let some = self.some_message(last);
        let broker = &mut self.env.broker;
        let damaged = match fault {
            Fault::TailCut => broker.cut_tail(service, keep),
            Fault::TailCutAndLied => broker.cut_tail_and_lie(service, keep),
            Fault::MessageLost => broker.lose_message(service, some),
            Fault::CrashWhileRebuilding => {
                let lost = broker.lose_message(service, some);
                if lost {
                    self.env.arm(service, fault);
                    self.restart_broker_after(SECOND);
                }
                return false;
            }
            Fault::BrokerWiped => broker.wipe(),
            Fault::BrokerRestored => {
                let lengths = self.chaos.lengths.clone();
                broker.restore_claims(self.chaos.claims.clone());
                let mut any = false;
                for service in self.cast.services() {
                    let keep = lengths.get(&service).copied().unwrap_or(0);
                    any |= broker.cut_tail(service, keep);
                }
                any
            }
            _ => return false,
        };
        if damaged {
            self.restart_broker_after(3 * SECOND);
        }
        damaged
    }

    /// What people and programs do to a running broker.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other faults are struck elsewhere")]
    fn damage_running(&mut self, fault: Fault, service: Service) -> bool {
        let last = self.env.broker.stream(service).map_or(0, |stream| stream.extent().last);
        let some = self.some_message(last);
        let beyond = last + self.env.random.between(1, 1_000);
        let misconfigured = self.env.random.chance(50);
        let broker = &mut self.env.broker;
        let done = match fault {
            Fault::BitFlipped => {
                let flipped = broker.flip_bit(service, some);
                if flipped {
                    let until = self.env.random.between(SECOND, 8 * SECOND);
                    self.undo_after(until, Undo::Recount);
                }
                flipped
            }
            Fault::StreamPurged => broker.purge(service, some),
            Fault::StreamPurgedBeyond => broker.purge(service, beyond),
            Fault::StreamDeleted => broker.delete(service),
            Fault::StreamRecreated => {
                let deleted = broker.delete(service);
                broker.create(service);
                if misconfigured {
                    broker.misconfigure(service);
                }
                deleted
            }
            Fault::StreamMisconfigured => {
                let edited = broker.misconfigure(service);
                // A start looks at it as well as a process that runs.
                if self.env.random.chance(50) {
                    self.kill(service, fault);
                }
                edited
            }
            Fault::ForeignMessage => {
                let injected = broker.inject(service);
                self.chaos.is_doubly_lost |= injected;
                self.chaos.must_be_fenced = injected.then_some(service);
                injected
            }
            Fault::RowForged => self.forge(service),
            Fault::RowForgedAndDatabaseLost => {
                self.forge(service) && self.lose_database(service, Fault::DatabaseDeleted)
            }
            Fault::WitnessForged => self.forge_witness(service),
            Fault::ClaimForged => self.env.broker.forge_claim(service) && self.kill(service, fault),
            _ => return false,
        };
        self.wake(service);
        done
    }

    /// Somebody who may publish, and has no key, appends a row. Its owner must not take it over.
    fn forge(&mut self, service: Service) -> bool {
        let forged = self.env.broker.forge(service);
        self.chaos.is_doubly_lost |= forged;
        self.chaos.must_be_fenced = forged.then_some(service);
        forged
    }

    /// The same, and the row names rows of all others that never were. One of them starts: what it never
    /// had must not fence it.
    fn forge_witness(&mut self, service: Service) -> bool {
        let others =
            self.cast.services().into_iter().filter(|of| *of != service).collect::<Vec<_>>();
        let Some(named) = self.env.random.pick(&others).copied() else { return false };
        let forged = self.env.broker.forge_witness(service);
        if forged {
            self.chaos.is_doubly_lost = true;
            self.chaos.must_be_fenced = Some(service);
            self.chaos.must_not_be_fenced = Some(named);
            self.kill(named, Fault::WitnessForged);
        }
        forged
    }

    /// Any message, or one that not everybody has read yet.
    fn some_message(&mut self, last: u64) -> u64 {
        let newest = last.saturating_sub(self.env.random.between(0, 2)).max(1);
        let any = self.env.random.between(1, last.max(1));
        if self.env.random.chance(50) { newest } else { any }
    }

    fn restart_broker_after(&mut self, longest: u64) -> bool {
        let away = self.env.random.between(50 * MILLISECOND, longest);
        self.stop_broker(away)
    }

    /// The broker is restarted, to count its messages anew.
    pub(super) fn restart_broker(&mut self) {
        self.restart_broker_after(SECOND);
    }

    /// The broker is down for a while, and every connection with it.
    pub(super) fn stop_broker(&mut self, away: u64) -> bool {
        let was_up = self.env.broker.up;
        self.env.broker.up = false;
        self.env.broker.recount();
        for service in self.cast.services() {
            self.disconnect(service);
        }
        self.undo_after(away, Undo::Broker);
        was_up
    }

    pub(super) fn start_broker(&mut self) {
        self.env.story.record(self.env.now, "broker", || "runs again");
        self.env.broker.up = true;
    }

    /// The connections of a service are gone.
    pub(crate) fn disconnect(&mut self, service: Service) {
        self.env.reset_line(service);
        let of_service = self.shells.iter().filter(|(_, shell)| shell.service() == service);
        let pids: Vec<_> = of_service.map(|(pid, _)| *pid).collect();
        for pid in pids {
            let wait = self.env.random.between(0, MILLISECOND);
            let at = self.env.now + wait;
            self.env.agenda.put(at, What::Process(pid, Step::Disconnected));
        }
    }

    /// Copies are taken of all stores, to be brought back later. One of them is compared with the fold
    /// of its own rows.
    pub(super) fn take_copies(&mut self) {
        let mut wrong = Vec::new();
        if !self.chaos.is_doubly_lost {
            checks::refold::check(self, &mut wrong);
        }
        self.env.violations.append(&mut wrong);
        self.chaos.claims.clone_from(self.env.broker.claims());
        for service in self.cast.services() {
            let last = self.env.broker.stream(service).map_or(0, |stream| stream.extent().last);
            self.chaos.lengths.insert(service, last);
            let image = self.main(service).and_then(|pid| {
                let shell = self.shells.get_mut(&pid)?;
                // A history without a row is nobody's: another may have begun since.
                if shell.head().sequence > 0 { shell.image() } else { None }
            });
            if image.is_some() {
                self.host(service).copy = image;
            }
        }
    }
}
