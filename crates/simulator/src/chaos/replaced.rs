//! A writer that was replaced, and that its supervisor starts anew in the moment in which its replacement
//! rebuilds the stream: it must not take a stream that was deleted for one that was lost.

use engine::Database;
use protocol::Service;

use super::{ChaosStep, POSTPONE, POSTPONED_MAX, Undo};
use crate::agenda::{MILLISECOND, SECOND, What};
use crate::fault::Fault;
use crate::world::World;

/// Longest wait between the deletion of the stream and the start of the writer.
const STARTS_WITHIN: u64 = 2 * MILLISECOND;

/// The same where it is to find no row in the stream. By then the stream may be created again.
const STARTS_IN_GAP_WITHIN: u64 = MILLISECOND;

/// Chance in a hundred that it starts at once then.
const AT_ONCE_PERCENT: u64 = 50;

/// How long the replacement is stopped then, before it goes on with the rebuild.
const HELD_FOR: (u64, u64) = (50 * MILLISECOND, 3 * SECOND);

/// A writer that was replaced: its database, and how it is started anew.
pub(crate) struct ReplacedWriter {
    database: Database,
    fault: Fault,
}

/// What happens on the way to that moment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Replacing {
    /// The writer is replaced, for this fault.
    Replace(Fault),
    /// A message is lost, so that the replacement, begun then, rebuilds its stream.
    Damage(u64),
    /// The stream is deleted: the writer starts anew.
    StartAnew,
}

impl World {
    /// The writer is cut off first, so that it has rows that nobody else has.
    pub(super) fn cut_off(&mut self, service: Service, fault: Fault) {
        self.env.line(service).loses_out = true;
        let parted = self.env.random.between(200, 1_500) * MILLISECOND;
        self.undo_after(parted + 100 * MILLISECOND, Undo::Line(service));
        self.chaos.waiting += 1;
        self.replace_after(service, parted, Replacing::Replace(fault));
    }

    /// Goes on with it.
    pub(super) fn go_on_replacing(&mut self, service: Service, step: Replacing) {
        match step {
            Replacing::Replace(fault) => self.replace(service, fault),
            Replacing::Damage(since) => self.damage(service, since),
            Replacing::StartAnew => self.start_replaced(service),
        }
    }

    /// A stream was deleted to be published anew.
    pub(crate) fn note_deletion(&mut self, service: Service) {
        let Some(fault) = self.host(service).replaced.as_ref().map(|writer| writer.fault) else {
            return;
        };
        let in_gap = fault == Fault::ReplacedIsRestarted;
        let longest = if in_gap { STARTS_IN_GAP_WITHIN } else { STARTS_WITHIN };
        let at_once = in_gap && self.env.random.chance(AT_ONCE_PERCENT);
        let wait = if at_once { 0 } else { self.env.random.between(0, longest) };
        self.replace_after(service, wait, Replacing::StartAnew);
    }

    fn replace(&mut self, service: Service, fault: Fault) {
        let last = self.env.broker.stream(service).map_or(0, |stream| stream.extent().last);
        // Who has nothing to restore takes no end of a stream: two such writers are two histories.
        if last == 0 || !self.stores_are_whole() {
            self.chaos.waiting -= 1;
            return;
        }
        self.kill(service, fault);
        let host = self.host(service);
        host.replaced = host.database.take().map(|database| ReplacedWriter { database, fault });
        host.lost_a_database = true;
        let (wait, since) = (self.env.random.between(SECOND, 3 * SECOND), self.env.now);
        self.replace_after(service, wait, Replacing::Damage(since));
    }

    fn damage(&mut self, service: Service, since: u64) {
        if !self.stores_are_whole() {
            if self.env.now < since + POSTPONED_MAX && self.chaos.healed_at.is_none() {
                return self.replace_after(service, POSTPONE, Replacing::Damage(since));
            }
            self.host(service).replaced = None;
        } else if self.env.broker.lose_message(service, 1) {
            self.restart_broker();
        }
        self.chaos.waiting -= 1;
    }

    fn start_replaced(&mut self, service: Service) {
        let Some(writer) = self.host(service).replaced.take() else { return };
        let ReplacedWriter { database, fault } = writer;
        let Some(pid) = self.begin_process(service, database, false) else { return };
        if fault == Fault::ReplacedIsRestarted {
            self.hold_replacement(service);
            self.env.finds_none.insert(pid);
        } else {
            self.env.tally.fire(fault);
        }
        self.env.never_restores.insert(pid);
        self.host(service).zombies.push(pid);
        self.undo_after(20 * SECOND, Undo::Zombie(pid));
    }

    /// The replacement is stopped amid its rebuild, and goes on when the other has had its time.
    fn hold_replacement(&mut self, service: Service) {
        let held = self.env.random.between(HELD_FOR.0, HELD_FOR.1);
        if let Some(pid) = self.main(service) {
            self.paused.insert(pid, self.env.now + held);
        }
    }

    fn replace_after(&mut self, service: Service, delay: u64, step: Replacing) {
        let at = self.env.now + delay;
        self.env.agenda.put(at, What::Chaos(ChaosStep::Replacing(service, step)));
    }
}
