//! What happens to databases.

use contracts::Service;
use engine::Database;

use super::Undo;
use crate::agenda::SECOND;
use crate::fault::Fault;
use crate::world::World;

/// Room enough for every database of a world.
const ROOM_BYTES: u64 = 1 << 30;

impl World {
    /// Strikes a database; whether the fault has happened already.
    pub(super) fn strike_database(&mut self, fault: Fault, service: Service) -> bool {
        match fault {
            Fault::DatabaseDeleted | Fault::DatabaseRestored => self.lose_database(service, fault),
            Fault::DatabaseFailed | Fault::DatabaseFailedLate => {
                self.env.arm(service, fault);
                false
            }
            Fault::DatabaseFull => {
                if let Some(shell) = self.main(service).and_then(|pid| self.shells.get(&pid)) {
                    shell.limit_database(1);
                }
                let full = self.env.random.between(SECOND, 8 * SECOND);
                self.undo_after(full, Undo::DatabaseDisk(service));
                false
            }
            Fault::DatabaseAndTail => self.lose_database_and_tail(service),
            _ => false,
        }
    }

    /// The process is killed and its database is gone, or an old copy is there in its place.
    pub(super) fn lose_database(&mut self, service: Service, fault: Fault) -> bool {
        let Some(head) = self.main(service).and_then(|pid| self.shells.get(&pid)).map(|s| s.head())
        else {
            return false;
        };
        let copy = if fault == Fault::DatabaseRestored { self.old_copy(service) } else { None };
        if fault == Fault::DatabaseRestored && copy.is_none() {
            return false;
        }
        self.kill(service, fault);
        let host = self.host(service);
        host.database = copy;
        host.lost_a_database = true;
        head.sequence > 0
    }

    /// The database and so much of its stream that somebody has read are gone.
    fn lose_database_and_tail(&mut self, service: Service) -> bool {
        let last = self.env.broker.stream(service).map_or(0, |stream| stream.extent().last);
        let keep = last.saturating_sub(self.env.random.between(1, 8));
        self.stop_broker(SECOND);
        let cut = self.env.broker.cut_tail(service, keep);
        let lost = self.lose_database(service, Fault::DatabaseDeleted);
        self.chaos.is_doubly_lost |= cut || lost;
        cut && lost
    }

    /// The copy that was taken some time ago, if one was.
    pub(super) fn old_copy(&mut self, service: Service) -> Option<Database> {
        let image = self.host(service).copy.take()?;
        Database::of_image(&image).ok()
    }

    /// There is room again.
    pub(crate) fn free_database(&mut self, service: Service) {
        if let Some(shell) = self.main(service).and_then(|pid| self.shells.get(&pid)) {
            shell.limit_database(ROOM_BYTES);
        }
        if let Some(database) = &self.host(service).database {
            // A database that cannot even be asked fails at its next batch.
            database.limit_bytes(ROOM_BYTES).unwrap_or_default();
        }
    }
}
