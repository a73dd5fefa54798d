//! What happens to databases.

use engine::Database;
use protocol::Service;

use super::Undo;
use crate::agenda::SECOND;
use crate::fault::Fault;
use crate::random::Random;
use crate::world::World;

/// Room enough for every database of a world.
const ROOM_BYTES: u64 = 1 << 30;

impl World {
    /// Strikes a database; whether the fault has happened already.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other faults are struck elsewhere")]
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
            Fault::DatabaseAndStream => self.lose_database_and_stream(service),
            Fault::DatabaseAndTail => self.lose_database_and_tail(service),
            Fault::DatabaseAndMessage => self.lose_row_and_message(service),
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
        let witnessed =
            self.cast.known_to(service).into_iter().any(|of| self.names_more(of, service, keep));
        self.stop_broker(SECOND);
        let cut = self.env.broker.cut_tail(service, keep);
        let lost = self.lose_database(service, Fault::DatabaseDeleted);
        self.chaos.is_doubly_lost |= cut || lost;
        self.chaos.must_be_fenced = (cut && lost && witnessed).then_some(service);
        cut && lost
    }

    /// The database is gone, or an older copy is there in its place, and the stream is gone.
    fn lose_database_and_stream(&mut self, service: Service) -> bool {
        let copy = self.old_copy(service);
        let kept = copy.as_ref().and_then(|copy| engine::outbox::head(&copy.read()).ok());
        let kept = kept.map_or(0, |head| head.sequence);
        let witnessed =
            self.cast.known_to(service).into_iter().any(|of| self.names_more(of, service, kept));
        let is_empty = copy.is_none();
        self.stop_broker(SECOND);
        self.env.broker.delete(service);
        if !self.kill(service, Fault::DatabaseAndStream) {
            return false;
        }
        let host = self.host(service);
        host.database = copy;
        host.lost_a_database = true;
        self.chaos.is_doubly_lost = true;
        // An empty database is fenced where nobody says that this is a first start.
        self.chaos.must_be_fenced = (witnessed || is_empty).then_some(service);
        true
    }

    /// Whether the last event of a stream says that more of another stream was seen.
    fn names_more(&self, of: Service, service: Service, than: u64) -> bool {
        let tail = self.env.broker.stream(of).and_then(|stream| stream.tail());
        let headers = tail.and_then(|message| message.row().envelope().ok());
        headers.is_some_and(|headers| headers.vector.of(service).sequence > than)
    }

    /// A byte of an outbox is changed on the disk, and a message of its stream is lost.
    fn lose_row_and_message(&mut self, service: Service) -> bool {
        let Some(pid) = self.main(service) else { return false };
        let image = self.shells.get_mut(&pid).and_then(|shell| shell.image());
        let Some(damaged) = image.and_then(|image| damaged(image, &mut self.env.random)) else {
            return false;
        };
        if !self.env.broker.lose_message(service, 1) {
            return false;
        }
        self.kill(service, Fault::DatabaseAndMessage);
        self.host(service).database = Some(damaged);
        self.stop_broker(SECOND);
        self.chaos.is_doubly_lost = true;
        self.chaos.must_be_fenced = Some(service);
        true
    }

    /// The copy that was taken some time ago, if one was.
    pub(super) fn old_copy(&mut self, service: Service) -> Option<Database> {
        let image = self.host(service).copy.take()?;
        // Who lacks nothing restores nothing: only who does takes the end of the stream for itself.
        let stream = self.env.broker.stream(service)?;
        let copy = Database::of_image(&image).ok()?;
        let head = engine::outbox::head(&copy.read()).ok()?;
        // A copy may hold rows that were local only, and were lost after it was taken: a fork.
        let message = stream.message(head.sequence).map(|message| message.row().position());
        let is_of_stream = head.sequence == 0 || message == Some(head);
        (is_of_stream && head.sequence < stream.extent().last).then_some(copy)
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

/// The database with one byte changed in the headers of one row.
fn damaged(mut image: Vec<u8>, random: &mut Random) -> Option<Database> {
    const MARK: &[u8] = b"ce-specversion:1.0";
    let starts = image.windows(MARK.len()).enumerate().filter(|(_, bytes)| *bytes == MARK);
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    let at = *random.pick(&starts)? + MARK.len() - 1;
    *image.get_mut(at)? = b'1';
    let damaged = Database::of_image(&image).ok()?;
    // A page may hold what was moved away from it.
    engine::outbox::verify(&damaged.read()).is_err().then_some(damaged)
}
