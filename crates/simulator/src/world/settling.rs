//! The end of a world: all is mended that hands can mend, and then everything must come to rest.

use engine::process::Stage;
use engine::timers;
use protocol::Service;

use crate::agenda::{MILLISECOND, SECOND, What};
use crate::chaos::ChaosStep;
use crate::process::Shell;
use crate::world::World;

/// How long everything may take to come to rest after that.
const SETTLES_WITHIN: u64 = 120 * SECOND;

/// How often it is looked whether it has.
const LOOK_EVERY: u64 = 400 * MILLISECOND;

/// How long a world of two lost stores goes on, to see what its services do.
const WATCHED_FOR: u64 = 40 * SECOND;

impl World {
    /// Mends what hands can mend: programs run, lines and clocks work, disks have room.
    pub(crate) fn heal(&mut self) {
        if self.chaos.waiting > 0 {
            let later = self.env.now + SECOND;
            self.env.agenda.put(later, What::Chaos(ChaosStep::Heal));
            return;
        }
        self.env.story.record(self.env.now, "HEAL", || "all that hands can mend is mended");
        self.chaos.healed_at = Some(self.env.now);
        self.env.broker.up = true;
        self.env.broker.full = false;
        self.env.broker.behave();
        self.env.disarm();
        for service in self.cast.services() {
            self.env.set_clock_offset(service, 0);
            self.mend(service);
            self.free_database(service);
            let host = self.host(service);
            host.crash_loop = 0;
            host.late_by = 0;
            self.start(service);
        }
        self.env.agenda.put(self.env.now + LOOK_EVERY, What::Chaos(ChaosStep::Settle));
    }

    fn mend(&mut self, service: Service) {
        let line = self.env.line(service);
        let was_parted = line.loses_in || line.loses_out;
        line.loses_in = false;
        line.loses_out = false;
        line.slowness = 1;
        if was_parted {
            self.disconnect(service);
        }
    }

    /// Ends the world if everything is at rest, or has had its time.
    pub(crate) fn settle(&mut self) {
        let since = self.env.now - self.chaos.healed_at.unwrap_or(self.env.now);
        if self.chaos.is_doubly_lost && (since < WATCHED_FOR || self.stands_still()) {
            if since >= WATCHED_FOR {
                self.chaos.end();
            }
        } else if self.is_at_rest() {
            if !self.pass_time_to_next_timer() {
                self.chaos.end();
            }
        } else if since >= SETTLES_WITHIN {
            let waits = self.who_waits();
            self.env
                .violation(format!("P8: not at rest {SETTLES_WITHIN} µs after healing: {waits}"));
            self.chaos.end();
        }
        if !self.chaos.is_over() {
            self.env.agenda.put(self.env.now + LOOK_EVERY, What::Chaos(ChaosStep::Settle));
        }
    }

    /// Whether what was lost twice keeps somebody from going on. Where nobody has seen what was lost,
    /// all goes on as in any world.
    pub(crate) fn stands_still(&self) -> bool {
        self.chaos.must_be_fenced.is_some() || self.is_fenced_or_alarmed()
    }

    fn is_at_rest(&self) -> bool {
        self.clients.are_done()
            && self.paused.is_empty()
            && self.hosts.values().all(|host| {
                let shell = host.main.and_then(|pid| self.shells.get(&pid));
                host.zombies.is_empty() && shell.is_some_and(|shell| shell.is_quiet(&self.env))
            })
    }

    /// Nothing is left to do but to wait for a timer: it is its time now. Says whether there is one.
    fn pass_time_to_next_timer(&mut self) -> bool {
        for service in self.cast.services() {
            let shell = self.main(service).and_then(|pid| self.shells.get(&pid));
            let due = shell.and_then(|shell| timers::next_due(&shell.read()).ok().flatten());
            let Some(due) = due else { continue };
            let ahead = due.micros() - self.env.clock(service).micros();
            let offset = self.env.clock_offset(service);
            self.env.set_clock_offset(service, offset + ahead.max(0) + 1);
            return true;
        }
        false
    }

    /// Who is not at rest, and what for.
    pub(super) fn who_waits(&self) -> String {
        let mut text = String::new();
        for (service, host) in &self.hosts {
            let shell = host.main.and_then(|pid| self.shells.get(&pid));
            let waits = shell.map_or_else(
                || "no process".to_owned(),
                |shell| {
                    if shell.is_quiet(&self.env) {
                        String::new()
                    } else {
                        shell.waits_for(&self.env)
                    }
                },
            );
            if !waits.is_empty() || !host.zombies.is_empty() {
                text += &format!("\n  {service}: {waits} zombies {:?}", host.zombies);
            }
        }
        if !self.clients.are_done() {
            text += "\n  clients wait";
        }
        text
    }

    /// Whether the services stand still where they cannot mend what was lost: fenced, or alarmed.
    fn is_fenced_or_alarmed(&self) -> bool {
        self.shells
            .values()
            .any(|shell| shell.stage() == Stage::Fenced || !shell.alarms().is_empty())
    }

    /// The running process of a service, to look at.
    pub(crate) fn shell(&self, service: Service) -> Option<&dyn Shell> {
        let pid = self.main(service)?;
        self.shells.get(&pid).map(AsRef::as_ref)
    }
}
