//! What happens to connections and clocks.

use protocol::Service;

use super::Undo;
use crate::agenda::{MILLISECOND, SECOND};
use crate::fault::Fault;
use crate::world::World;

/// Microseconds of an hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// A silent connection is noticed after two pings without an answer.
const NOTICED_AFTER: (u64, u64) = (5 * SECOND, 10 * SECOND);

impl World {
    /// Strikes the network or a clock; whether the fault has happened already.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other faults are struck elsewhere")]
    pub(super) fn strike_network(&mut self, fault: Fault, service: Service) -> bool {
        match fault {
            Fault::Disconnected => {
                self.disconnect(service);
                true
            }
            Fault::PartitionedOut => self.part(service, true, false),
            Fault::PartitionedIn => self.part(service, false, true),
            Fault::Partitioned => self.part(service, true, true),
            Fault::Slow => {
                self.env.line(service).slowness = self.env.random.between(10, 400);
                let slow = self.env.random.between(SECOND, 10 * SECOND);
                self.undo_after(slow, Undo::Line(service));
                true
            }
            Fault::ReconnectStorm => {
                for _ in 0..self.env.random.between(4, 15) {
                    let wait = self.env.random.between(1, 3_000) * MILLISECOND;
                    self.undo_after(wait, Undo::Notice(service));
                }
                true
            }
            Fault::ClockForward => self.jump(service, HOUR_MICROS),
            Fault::ClockBack => self.jump(service, -HOUR_MICROS),
            Fault::ClockSkewed => {
                let micros = i64::try_from(self.env.random.between(0, 8_000_000)).unwrap_or(0);
                self.env.set_clock_offset(service, micros - 4_000_000);
                true
            }
            _ => false,
        }
    }

    fn part(&mut self, service: Service, out: bool, back: bool) -> bool {
        let line = self.env.line(service);
        line.loses_out |= out;
        line.loses_in |= back;
        let parted = self.env.random.between(SECOND / 5, 25 * SECOND);
        let noticed = self.env.random.between(NOTICED_AFTER.0, NOTICED_AFTER.1);
        if noticed < parted {
            self.undo_after(noticed, Undo::Notice(service));
        }
        self.undo_after(parted, Undo::Line(service));
        true
    }

    /// The line works again; connections begin anew.
    pub(super) fn mend_line(&mut self, service: Service) {
        let line = self.env.line(service);
        let was_parted = line.loses_out || line.loses_in;
        line.loses_out = false;
        line.loses_in = false;
        line.slowness = 1;
        if was_parted {
            self.disconnect(service);
        }
    }

    fn jump(&mut self, service: Service, micros: i64) -> bool {
        let offset = self.env.clock_offset(service);
        self.env.set_clock_offset(service, offset + micros);
        let wrong = self.env.random.between(SECOND, 20 * SECOND);
        self.undo_after(wrong, Undo::Clock(service));
        true
    }
}
