//! A writer that was replaced, and that its supervisor starts anew in the moment in which its replacement
//! rebuilds the stream: it must not take a stream that was deleted for one that was lost.

use contracts::Service;

use super::{ChaosStep, POSTPONE, POSTPONED_MAX, Undo};
use crate::agenda::{MILLISECOND, SECOND, What};
use crate::fault::Fault;
use crate::world::World;

/// What happens on the way to that moment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Replacing {
    /// The writer is replaced.
    Replace,
    /// A message is lost, so that the replacement, begun then, rebuilds its stream.
    Damage(u64),
    /// The stream is deleted: the writer starts anew.
    StartAnew,
}

impl World {
    /// The writer is cut off first, so that it has rows that nobody else has.
    pub(super) fn cut_off(&mut self, service: Service) -> bool {
        self.env.line(service).loses_out = true;
        let parted = self.env.random.between(200, 1_500) * MILLISECOND;
        self.undo_after(parted + 100 * MILLISECOND, Undo::Line(service));
        self.chaos.waiting += 1;
        self.replace_after(service, parted, Replacing::Replace);
        false
    }

    /// Goes on with it.
    pub(super) fn go_on_replacing(&mut self, service: Service, step: Replacing) {
        match step {
            Replacing::Replace => self.replace(service),
            Replacing::Damage(since) => self.damage(service, since),
            Replacing::StartAnew => self.start_replaced(service),
        }
    }

    /// A stream was deleted to be published anew.
    pub(crate) fn note_deletion(&mut self, service: Service) {
        if self.host(service).replaced.is_some() {
            let wait = self.env.random.between(0, 2 * MILLISECOND);
            self.replace_after(service, wait, Replacing::StartAnew);
        }
    }

    fn replace(&mut self, service: Service) {
        let last = self.env.broker.stream(service).map_or(0, |stream| stream.extent().last);
        // Who has nothing to restore takes no end of a stream: two such writers are two histories.
        if last == 0 || !self.stores_are_whole() {
            self.chaos.waiting -= 1;
            return;
        }
        self.kill(service, Fault::ReplacedStartsAnew);
        let host = self.host(service);
        host.replaced = host.database.take();
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
        let Some(database) = self.host(service).replaced.take() else { return };
        let Some(pid) = self.begin_process(service, database, false) else { return };
        self.env.tally.fire(Fault::ReplacedStartsAnew);
        self.env.never_restores.insert(pid);
        self.host(service).zombies.push(pid);
        self.undo_after(20 * SECOND, Undo::Zombie(pid));
    }

    fn replace_after(&mut self, service: Service, delay: u64, step: Replacing) {
        let at = self.env.now + delay;
        self.env.agenda.put(at, What::Chaos(ChaosStep::Replacing(service, step)));
    }
}
