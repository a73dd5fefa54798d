//! What becomes of streams when disks, people and programs fail.
//!
//! Each function says whether it changed anything: a fault that found nothing to damage has not
//! happened.

use protocol::Service;

use super::{Broker, Claims, Stream};

impl Broker {
    /// The tail of a stream is cut off; the counters follow.
    pub(crate) fn cut_tail(&mut self, service: Service, keep: u64) -> bool {
        self.change(service, |stream| {
            let cut = keep < stream.last && stream.first <= 1;
            if cut {
                stream.messages.retain(|sequence, _| *sequence <= keep);
                stream.last = keep;
                stream.count = stream.messages.len() as u64;
                stream.first = u64::from(keep > 0);
            }
            cut
        })
    }

    /// The tail is cut off, and the counter of the last message stays where it was.
    pub(crate) fn cut_tail_and_lie(&mut self, service: Service, keep: u64) -> bool {
        self.change(service, |stream| {
            let before = stream.messages.len();
            stream.messages.retain(|sequence, _| *sequence <= keep);
            stream.count = stream.messages.len() as u64;
            stream.messages.len() < before
        })
    }

    /// One message is gone, and the counters say so.
    pub(crate) fn lose_message(&mut self, service: Service, sequence: u64) -> bool {
        self.change(service, |stream| {
            let lost = stream.messages.remove(&sequence).is_some();
            if lost {
                stream.recount();
            }
            lost
        })
    }

    /// One message can no longer be read, and the counters do not know until they are counted anew.
    pub(crate) fn flip_bit(&mut self, service: Service, sequence: u64) -> bool {
        self.change(service, |stream| stream.messages.remove(&sequence).is_some())
    }

    /// All messages up to that number are gone: what a purge or a limit does.
    pub(crate) fn purge(&mut self, service: Service, up_to: u64) -> bool {
        self.change(service, |stream| {
            let before = stream.messages.len();
            stream.messages.retain(|sequence, _| *sequence > up_to);
            stream.first = up_to + 1;
            stream.last = stream.last.max(up_to);
            stream.count = stream.messages.len() as u64;
            stream.messages.len() < before || stream.last == up_to
        })
    }

    /// Somebody edits the configuration.
    pub(crate) fn misconfigure(&mut self, service: Service) -> bool {
        self.change(service, |stream| stream.difference.replace("max_age is not 0").is_none())
    }

    /// Every consumer of a stream is gone.
    pub(crate) fn lose_consumers(&mut self, service: Service) {
        self.incarnations += 1;
        let incarnation = self.incarnations;
        if let Some(stream) = self.streams.get_mut(&service) {
            stream.incarnation = incarnation;
        }
    }

    /// All streams are gone.
    pub(crate) fn wipe(&mut self) -> bool {
        let any = self.streams.values().any(|stream| !stream.messages.is_empty());
        self.streams.clear();
        self.claims.clear();
        any
    }

    /// Claims are again as in an older copy.
    pub(crate) fn restore_claims(&mut self, claims: Claims) {
        self.claims = claims;
    }

    /// The counters are counted anew, as a start of the broker does.
    pub(crate) fn recount(&mut self) {
        for stream in self.streams.values_mut() {
            stream.recount();
        }
    }

    fn change(&mut self, service: Service, change: impl FnOnce(&mut Stream) -> bool) -> bool {
        self.streams.get_mut(&service).is_some_and(change)
    }
}

impl Stream {
    fn recount(&mut self) {
        self.count = self.messages.len() as u64;
        if let Some((first, _)) = self.messages.first_key_value() {
            self.first = *first;
        }
    }
}
