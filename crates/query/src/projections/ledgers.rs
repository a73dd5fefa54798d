//! One month of one group, day by day: what reports add up. A fold of ORDER for sales, and of PAYMENT
//! for refunds.
//!
//! A month, since a record is read and written whole: a day would make a year of a report many
//! thousand records, and a year would make each sale rewrite a large one.

use std::collections::BTreeMap;

use contracts::{Currency, Event, StoredEvent, service};
use serde::{Deserialize, Serialize};

use super::{Changed, EventContext, Projection};
use crate::fold::IndexChange;
use crate::keys;
use crate::records::booking::{bookings_of_refund, bookings_of_sale, sold};
use crate::records::{Booking, Memo, Tallies, Tally};

/// Ledgers, by `STREAM/grouping/month/key`.
#[derive(Debug)]
pub(crate) struct Ledgers;

/// One month of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// What people call the group, as it was called last; empty if its key says it all.
    pub label: String,
    /// Its days, such as `2026-01-31`.
    pub days: BTreeMap<String, Memo<Tallies>>,
}

/// What is added to one day.
#[derive(Debug)]
pub(crate) struct Entry {
    date: String,
    label: String,
    currency: Currency,
    tally: Tally,
}

impl Projection for Ledgers {
    type State = Ledger;
    type Change = Entry;

    const FAMILY: &'static str = keys::LEDGER;

    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, Entry)) {
        let mut book = |service, date: &str, bookings: Vec<Booking<'_>>| {
            for Booking { grouping, key, label, currency, tally } in bookings {
                let (label, date_of) = (label.to_owned(), date.to_owned());
                let id = keys::ledger(service, grouping, month_of(date), key);
                change(&id, Entry { date: date_of, label, currency, tally });
            }
        };
        if let Some(order) = sold(context) {
            book(service::ORDER, &order.business_date, bookings_of_sale(order));
        }
        if let Event::PaymentRefunded(refunded) = &context.event.event {
            let bookings = bookings_of_refund(refunded, context.saga.payment);
            book(service::PAYMENT, &context.event.headers.time.day(), bookings);
        }
    }

    fn apply(ledger: &mut Option<Ledger>, entry: Entry, _: &StoredEvent) {
        ledger.get_or_insert_default().add(entry);
    }

    /// Lists a new group among those that have anything in its month.
    fn index(ledger: &Changed<'_, Ledger>, entries: &mut Vec<IndexChange>) {
        let month = ledger.record.days.keys().next().map(|date| month_of(date));
        if let (true, Some(month)) = (ledger.is_new, month) {
            let (index, member) = (keys::ledgers_beside(ledger.id, month), ledger.id.to_owned());
            entries.push(IndexChange { index, member, score: Some(0) });
        }
    }
}

impl Ledger {
    fn add(&mut self, Entry { date, label, currency, tally }: Entry) {
        self.label = label;
        self.days.entry(date).or_default().edit().add(currency, tally);
    }

    /// The days from the one to the other, both included.
    pub fn between(&self, from: &str, to: &str) -> impl Iterator<Item = (&str, &Tallies)> {
        let days = self
            .days
            .range::<str, _>((std::ops::Bound::Included(from), std::ops::Bound::Included(to)));
        days.map(|(date, tallies)| (date.as_str(), &**tallies))
    }
}

/// The month of a day: `2026-01` of `2026-01-31`.
#[must_use]
pub fn month_of(date: &str) -> &str {
    date.get(..7).unwrap_or(date)
}
