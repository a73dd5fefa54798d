//! The fold: a batch of events, and the records that they touch, into the records afterwards.
//!
//! Pure, in three moves: say what must be read ([`Fold::wanted`]), be given it ([`Fold::fill`]),
//! and say what must be written ([`Fold::finish`]). All that is written is absolute, so that writing
//! it twice is writing it once.
//!
//! Deliberately absent: Redis, and whatever would make the result depend on how the streams
//! interleaved. A record folds one stream; whether an order is settled, and how long its steps took,
//! are rules over its four records as they are after the batch, whichever of them came first.

pub mod changes;
pub mod table;

mod desk;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use contracts::{Row, Service, StoredEvent};

pub use changes::{Changes, IndexChange, Parked};
pub use desk::Kept;
pub use table::Damaged;

use desk::Desk;

/// A row, understood as far as it could be.
#[derive(Debug)]
pub struct Item {
    /// Whose stream it is of.
    pub service: Service,
    /// The row.
    pub row: Row,
    /// The event, or why it is none that this build knows.
    pub event: Result<StoredEvent, String>,
}

/// The folding of one batch.
#[derive(Debug)]
pub struct Fold {
    items: Vec<Arc<Item>>,
    desk: Desk,
    booked_wanted: bool,
}

impl Item {
    /// Understands a row.
    #[must_use]
    pub fn of(service: Service, row: Row) -> Self {
        let event = row.parse().map_err(|error| error.to_string());
        Self { service, row, event }
    }
}

impl Fold {
    /// Starts folding a batch, with what the ones before it have left.
    #[must_use]
    pub fn start(items: Vec<Arc<Item>>, kept: Kept) -> Self {
        let mut desk = Desk::with(kept);
        for event in items.iter().filter_map(|item| item.event.as_ref().ok()) {
            desk.want(event);
        }
        Self { items, desk, booked_wanted: false }
    }

    /// The names of the records that must be read next; empty once all are there.
    pub fn wanted(&mut self) -> Vec<String> {
        let wanted = self.desk.wanted();
        if !wanted.is_empty() || self.booked_wanted {
            return wanted;
        }
        // What is booked where stands in the orders, so it is known one step later.
        self.booked_wanted = true;
        let events = self.items.iter().filter_map(|item| item.event.as_ref().ok());
        self.desk.want_booked(events);
        self.desk.wanted()
    }

    /// Takes what was read: one value for each wanted name, in the same order.
    ///
    /// # Errors
    /// When a value is not what a fold writes.
    pub fn fill(&mut self, values: Vec<Option<Vec<u8>>>) -> Result<(), Damaged> {
        self.desk.fill(&mut values.into_iter())
    }

    /// Folds the events, in their order, and says what must be written, and what the next batch need not
    /// read once it is.
    ///
    /// # Errors
    /// When a record says that it has folded one of these events before.
    pub fn finish(mut self) -> Result<(Changes, Kept), Damaged> {
        let mut parked = Vec::new();
        self.desk.begin();
        for item in &self.items {
            match &item.event {
                Ok(event) => match self.desk.fold(event)? {
                    Ok(()) => {}
                    Err(contradiction) => parked.push(Parked::of(item, &contradiction.0)),
                },
                Err(reason) => parked.push(Parked::of(item, reason)),
            }
        }
        let (changes, kept) = self.desk.finish()?;
        Ok((Changes { parked, ..changes }, kept))
    }

    /// The rows of the batch.
    #[must_use]
    pub fn items(&self) -> &[Arc<Item>] {
        &self.items
    }
}
