//! What happened in the last minutes and hours, by the time at which it did. A fold of ORDER.
//!
//! A ring of slots: a new minute takes the place of the one that is a whole ring older. So what is
//! kept is bounded, and nothing has to be removed.

use contracts::{Currency, Event, StoredEvent, service};
use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EventContext, Projection};
use crate::records::{Tallies, Tally};

/// The slots of [`HOURS`], or else those of [`MINUTES`].
#[derive(Debug)]
pub(crate) struct Pulse<const HOURLY: bool>;

/// A ring of equally long spans of time.
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// The family of its slots.
    pub family: &'static str,
    /// How long a span is.
    pub seconds: i64,
    /// How many spans are kept.
    pub slots: i64,
}

/// The last hour, minute by minute.
pub const MINUTES: Ring = Ring { family: "minute:ORDER", seconds: 60, slots: 60 };

/// The last two days, hour by hour.
pub const HOURS: Ring = Ring { family: "hour:ORDER", seconds: 3_600, slots: 48 };

/// One span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingSlot {
    /// Which span: how many of its length lie between 1970 and its beginning.
    pub number: i64,
    /// Orders placed in it.
    pub placed: u64,
    /// Orders rejected in it.
    pub rejected: u64,
    /// Orders cancelled in it.
    pub cancelled: u64,
    /// Orders completed in it, and what they brought in.
    pub completed: Tallies,
}

impl Ring {
    /// The span that a point in time belongs to.
    #[must_use]
    pub const fn number(self, time: Timestamp) -> i64 {
        time.micros().div_euclid(self.seconds * 1_000_000)
    }

    /// When a span begins.
    #[must_use]
    pub const fn begin(self, number: i64) -> Timestamp {
        Timestamp::from_micros(number.saturating_mul(self.seconds * 1_000_000))
    }

    /// The id of the slot that a span is kept in.
    #[must_use]
    pub fn slot(self, number: i64) -> String {
        number.rem_euclid(self.slots).to_string()
    }
}

impl<const HOURLY: bool> Pulse<HOURLY> {
    const RING: Ring = if HOURLY { HOURS } else { MINUTES };
}

impl<const HOURLY: bool> Projection for Pulse<HOURLY> {
    type State = RingSlot;
    type Change = (Currency, Tally);

    const FAMILY: &'static str = Self::RING.family;

    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, (Currency, Tally))) {
        let order = context.saga.order.filter(|_| context.service() == service::ORDER);
        if let Some(order) = order {
            let minor = i128::from(order.total.minor);
            let tally = Tally { orders: 1, units: order.units(), minor };
            let slot = Self::RING.slot(Self::RING.number(context.event.headers.time));
            change(&slot, (order.total.currency, tally));
        }
    }

    fn apply(slot: &mut Option<RingSlot>, order: (Currency, Tally), event: &StoredEvent) {
        slot.get_or_insert_default().fold(Self::RING, order, event);
    }
}

impl RingSlot {
    /// Counts one event of an order. What is older than what the slot holds by now is not kept.
    fn fold(&mut self, ring: Ring, (currency, tally): (Currency, Tally), event: &StoredEvent) {
        let number = ring.number(event.headers.time);
        if number < self.number {
            return;
        }
        if number > self.number {
            *self = Self { number, ..Self::default() };
        }
        self.placed += u64::from(matches!(event.event, Event::OrderPlaced(_)));
        self.rejected += u64::from(matches!(event.event, Event::OrderRejected(_)));
        self.cancelled += u64::from(matches!(event.event, Event::OrderCancelled(_)));
        if let Event::OrderCompleted(_) = event.event {
            self.completed.add(currency, tally);
        }
    }
}
