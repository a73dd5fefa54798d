//! The fold: a batch of events, and the records that they touch, into the records afterwards.
//!
//! Pure, in three moves: say what must be read ([`Fold::wanted`]), be given it ([`Fold::fill`]),
//! and say what must be written ([`Fold::finish`]). All that is written is absolute, so that writing
//! it twice is writing it once.
//!
//! First come the four records of each order ([`stories`]). Once they are read, every event is told in
//! its order, with what they say right after it, to each view ([`view`]), which takes the ids of the
//! records that it changes and the changes. These are read next, and the changes applied.
//!
//! An event that cannot be folded is parked, and the rest goes on. A fold that panics leaves nothing: who
//! folds throws it away ([`crate::projector`]), finds out which event that was, and hands it in as one that
//! is to be parked.
//!
//! Deliberately absent: Redis, and whatever would make the result depend on how the streams
//! interleaved. A record folds one stream; whether an order is settled, and how long its steps took,
//! are rules over its four records, whichever of them came first.

pub mod changes;
pub mod family;
pub(crate) mod view;

mod record_cache;
mod stories;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use contracts::StoredEvent;
use protocol::{Row, Service};

pub use changes::{Changes, IndexChange, Parked};
pub use family::Damaged;
pub use record_cache::RecordCache;

/// The same, by the name under which the simulator knows it.
pub use record_cache::RecordCache as Kept;

/// A row, understood as far as it could be.
#[derive(Debug)]
pub struct Item {
    /// Whose stream it is of.
    pub service: Service,
    pub row: Row,
    /// The event, or why it is none that this build knows.
    pub event: Result<StoredEvent, String>,
    /// Why it is not folded though it is an event.
    poison: Option<Poison>,
}

/// What folding an event came to, each time.
#[derive(Debug)]
struct Poison {
    reason: String,
    attempts: u32,
}

/// The folding of one batch.
#[derive(Debug)]
pub struct Fold {
    items: Vec<Arc<Item>>,
    cache: RecordCache,
    /// Once the events are told: those that could not be folded.
    parked: Option<Result<Vec<Parked>, Damaged>>,
}

impl Item {
    #[must_use]
    pub fn of(service: Service, row: Row) -> Self {
        let parsed = catch_unwind(AssertUnwindSafe(|| row.parse()));
        let event = match parsed {
            Ok(parsed) => parsed.map_err(|error| error.to_string()),
            Err(panic) => Err(format!("reading it panics: {}", words_of(&*panic))),
        };
        Self { service, row, event, poison: None }
    }

    /// The same, to be parked: it was folded by itself that often, and each time that panicked.
    #[must_use]
    pub fn poisoned(&self, panic: &str, attempts: u32) -> Self {
        let (service, row, event) = (self.service, self.row.clone(), self.event.clone());
        let poison = Some(Poison { reason: format!("folding it panics: {panic}"), attempts });
        Self { service, row, event, poison }
    }

    /// The event; or why it is parked, and how often it was tried.
    pub(crate) fn foldable(&self) -> Result<&StoredEvent, (&str, u32)> {
        match (&self.event, &self.poison) {
            (Err(reason), _) => Err((reason, 1)),
            (Ok(_), Some(Poison { reason, attempts })) => Err((reason, *attempts)),
            (Ok(event), None) => Ok(event),
        }
    }
}

/// What a panic says of itself.
pub(crate) fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it does not say why".to_owned())
}

impl Fold {
    /// Starts folding a batch, with what the ones before it have left.
    #[must_use]
    pub fn start(items: Vec<Arc<Item>>, mut cache: RecordCache) -> Self {
        cache.want_stories(&items);
        Self { items, cache, parked: None }
    }

    /// The names of the records that must be read next; empty once all are there.
    pub fn wanted(&mut self) -> Vec<String> {
        let wanted = self.cache.wanted();
        if !wanted.is_empty() || self.parked.is_some() {
            return wanted;
        }
        // What the events change is known once the stories of their orders are.
        self.parked = Some(self.cache.fold(&self.items));
        self.cache.wanted()
    }

    /// Takes what was read: one value for each wanted name, in the same order.
    ///
    /// # Errors
    /// When a value is not what a fold writes.
    pub fn fill(&mut self, values: Vec<Option<Vec<u8>>>) -> Result<(), Damaged> {
        self.cache.fill(values)
    }

    /// Folds the events, in their order, and says what must be written, and what the next batch need not
    /// read once it is.
    ///
    /// # Errors
    /// When a record says that it has folded one of these events before.
    pub fn finish(mut self) -> Result<(Changes, RecordCache), Damaged> {
        let folded = self.parked.take().unwrap_or_else(|| self.cache.fold(&self.items));
        let parked = folded?;
        let changes = self.cache.finish(&self.items)?;
        Ok((Changes { parked, ..changes }, self.cache))
    }

    /// The rows of the batch.
    #[must_use]
    pub fn items(&self) -> &[Arc<Item>] {
        &self.items
    }
}
