//! Orders in flight, and those that take too long.

use contracts::{CustomerId, Money};
use protocol::Timestamp;
use protocol::choreography::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keys;
use crate::queries::order::{FAMILIES, Records};
use crate::reader::ReadError;
use crate::reader::page::{Entry, Order, Page, PageRequest};
use crate::saga::Owed;

/// Stuck orders that are shown, oldest first. All are counted.
pub const STUCK_MAX: usize = 50;

/// Orders that are not settled.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Sagas {
    /// How many orders somebody still owes an event: those that have not ended, and those that have and
    /// of which something is still to be undone.
    pub in_flight: u64,
    /// How many of them take longer than the bound.
    pub stuck: u64,
    /// The bound, in milliseconds.
    pub stuck_after_ms: u64,
    /// Those that take longest, 50 at most.
    pub oldest_stuck: Vec<Stuck>,
}

/// An order that takes too long.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Stuck {
    /// The order.
    pub order_id: String,
    /// Its state, by the choreography's name.
    pub state: State,
    /// Who ordered.
    pub customer_id: CustomerId,
    /// The sum of its lines.
    pub total: Money,
    /// Since when it could have been finished.
    pub since: Timestamp,
    /// How long that is, in milliseconds.
    pub for_ms: i64,
    /// Who owes which event.
    pub next: Vec<Owed>,
}

pub(super) fn stuck_before(millis: i64) -> PageRequest {
    PageRequest {
        high: millis.to_string(),
        ..PageRequest::of(keys::UNSETTLED, Order::Up, STUCK_MAX, FAMILIES)
    }
}

impl Sagas {
    pub(super) fn of(page: &Page, stuck_after_ms: u64, now: Timestamp) -> Result<Self, ReadError> {
        let stuck = page.entries.iter().map(|entry| Stuck::of(entry, now));
        let stuck = stuck.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            in_flight: page.all,
            stuck: page.within,
            stuck_after_ms,
            oldest_stuck: stuck.into_iter().flatten().collect(),
        })
    }
}

impl Stuck {
    fn of(entry: &Entry, now: Timestamp) -> Result<Option<Self>, ReadError> {
        let records = Records::of(&entry.records)?;
        let saga = records.saga();
        Ok(saga.order.map(|order| Self {
            order_id: entry.member.clone(),
            state: order.state(),
            customer_id: order.customer.customer.id.clone(),
            total: order.total,
            since: order.expected_from(),
            for_ms: now.millis_since(order.expected_from()),
            next: saga.owed(),
        }))
    }
}
