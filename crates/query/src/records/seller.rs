//! What one product, or one customer, has brought in. A fold of the ORDER stream.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Booking, Tallies};

/// Months that are kept of each, the newest ones.
pub const MONTHS_KEPT: usize = 24;

/// The completed orders of one product, or of one customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// What people call it, as it was called last.
    pub label: String,
    /// All completed orders.
    pub total: Tallies,
    /// The newest business months, such as `2026-01`.
    pub months: BTreeMap<String, Tallies>,
}

impl Seller {
    /// Adds a booking of a month.
    pub fn add(&mut self, month: &str, booking: &Booking) {
        self.label.clone_from(&booking.label);
        self.total.add(booking.currency, booking.tally);
        let forgotten = self.months.len() >= MONTHS_KEPT
            && self.months.first_key_value().is_some_and(|(oldest, _)| month < oldest.as_str());
        if forgotten {
            return;
        }
        self.months.entry(month.to_owned()).or_default().add(booking.currency, booking.tally);
        if self.months.len() > MONTHS_KEPT {
            self.months.pop_first();
        }
    }
}
