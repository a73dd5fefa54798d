//! One month of one group, day by day: what reports add up.
//!
//! A month, since a record is read and written whole: a day would make a year of a report many
//! thousand records, and a year would make each sale rewrite a large one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Booking, Tallies};

/// One month of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// What people call the group, as it was called last; empty if its key says it all.
    pub label: String,
    /// Its days, such as `2026-01-31`.
    pub days: BTreeMap<String, Tallies>,
}

impl Ledger {
    /// Adds a booking of a day.
    pub fn add(&mut self, date: &str, booking: &Booking) {
        self.label.clone_from(&booking.label);
        self.days.entry(date.to_owned()).or_default().add(booking.currency, booking.tally);
    }

    /// The days from the one to the other, both included.
    pub fn between(&self, from: &str, to: &str) -> impl Iterator<Item = (&str, &Tallies)> {
        let days = self
            .days
            .range::<str, _>((std::ops::Bound::Included(from), std::ops::Bound::Included(to)));
        days.map(|(date, tallies)| (date.as_str(), tallies))
    }
}

/// The month of a day: `2026-01` of `2026-01-31`.
#[must_use]
pub fn month_of(date: &str) -> &str {
    date.get(..7).unwrap_or(date)
}
