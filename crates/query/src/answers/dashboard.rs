//! The state of the whole business in one answer.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::choreography::{MURMURATION, NONE, State};
use contracts::events::order::EndReason;
use contracts::{Id, Money, Service, Timestamp};
use serde::Serialize;

use super::NoAnswer;
use super::freshness::Freshness;
use super::order::{FAMILIES, Records};
use crate::keys;
use crate::reader::page::{Entry, Order, Page, PageRequest};
use crate::reader::{Look, ReadError, Reader, record};
use crate::records::sums::Sum;
use crate::records::{AccountTotals, EntityTotals, Sales, ShipmentTotals, StockTotals};
use crate::saga::Owed;

/// Business days that are shown, newest first.
pub const DAYS_MAX: usize = 31;

/// Stuck orders that are shown, oldest first. All are counted.
pub const STUCK_MAX: usize = 50;

/// The dashboard.
#[derive(Debug, Serialize)]
pub struct Dashboard {
    /// All orders.
    pub orders: SalesAnswer,
    /// The newest business days.
    pub days: Vec<Day>,
    /// Orders in flight, and those that take too long.
    pub sagas: Sagas,
    /// Money.
    pub payments: Payments,
    /// Stock and reservations.
    pub stock: StockTotals,
    /// Shipments.
    pub shipments: ShipmentTotals,
    /// Customers.
    pub customers: Entities,
    /// Products.
    pub products: Entities,
    /// Events that could not be folded. More than 0 means that something above is incomplete.
    pub parked: u64,
    /// How fresh all this is.
    pub freshness: Freshness,
}

/// What was sold.
#[derive(Debug, Serialize)]
pub struct SalesAnswer {
    /// Orders placed, whatever became of them.
    pub placed: u64,
    /// Orders by the state that they are in now; every state is named.
    pub by_state: BTreeMap<State, u64>,
    /// Ended orders by why they ended.
    pub by_reason: Vec<ByReason>,
    /// What all placed orders ask for.
    pub value: Vec<Sum>,
    /// What the completed orders brought in.
    pub revenue: Vec<Sum>,
    /// What one completed order brought in on average.
    pub average_order: Vec<Sum>,
    /// Units in the completed orders.
    pub units: u64,
}

/// How many orders ended for one reason.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ByReason {
    /// The reason.
    pub reason: EndReason,
    /// How many.
    pub orders: u64,
}

/// One business day.
#[derive(Debug, Serialize)]
pub struct Day {
    /// The day, such as `2026-01-31`.
    pub date: String,
    /// What was sold.
    #[serde(flatten)]
    pub sales: SalesAnswer,
}

/// Orders that are not settled.
#[derive(Debug, Serialize)]
pub struct Sagas {
    /// How many orders somebody still owes an event.
    pub in_flight: u64,
    /// How many of them take longer than the bound.
    pub stuck: u64,
    /// The bound, in milliseconds.
    pub stuck_after_ms: u64,
    /// Those that take longest.
    pub oldest_stuck: Vec<Stuck>,
}

/// An order that takes too long.
#[derive(Debug, Serialize)]
pub struct Stuck {
    /// The order.
    pub order_id: String,
    /// Its state, by the choreography's name.
    pub state: State,
    /// Who ordered.
    pub customer_id: Id,
    /// The sum of its lines.
    pub total: Money,
    /// Since when it could have been finished.
    pub since: Timestamp,
    /// How long that is, in milliseconds.
    pub for_ms: i64,
    /// Who owes which event.
    pub next: Vec<Owed>,
}

/// Money.
#[derive(Debug, Serialize)]
pub struct Payments {
    /// What was charged.
    pub charged: Vec<Sum>,
    /// What was paid back.
    pub refunded: Vec<Sum>,
    /// What customers paid in.
    pub settled: Vec<Sum>,
    /// What customers owe: charges less refunds less what was paid in.
    pub outstanding: Vec<Sum>,
    /// Charges.
    pub charges: u64,
    /// Charges that were declined.
    pub declines: u64,
    /// Charges that were paid back.
    pub refunds: u64,
    /// Orders that are never to be charged.
    pub voids: u64,
}

/// Customers or products.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Entities {
    /// Open or listed ones.
    pub live: u64,
    /// Closed or discontinued ones.
    pub ended: u64,
}

/// Reads the dashboard. Orders that could have been finished for longer than `stuck_after` count as
/// stuck.
///
/// # Errors
/// When the read model cannot be read.
pub async fn dashboard(
    reader: &Reader,
    stuck_after: Duration,
    now: Timestamp,
) -> Result<Dashboard, NoAnswer> {
    let names = Service::ALL.map(keys::totals);
    let stuck_after_ms = u64::try_from(stuck_after.as_millis()).unwrap_or(u64::MAX);
    let bound = (now.micros() / 1_000).saturating_sub_unsigned(stuck_after_ms);
    let mut look = reader.look(&names, &[newest_days(), stuck_before(bound)]).await?;
    let stuck = look.pages.pop().unwrap_or_default();
    let days = look.pages.pop().unwrap_or_default();
    let freshness = Freshness::of(&look.positions, &reader.standing());
    let sagas = Sagas::of(&stuck, stuck_after_ms, now)?;
    Ok(Dashboard::of(&look, &days, sagas, freshness)?)
}

fn newest_days() -> PageRequest {
    PageRequest {
        index: keys::DAYS.to_owned(),
        low: "-inf".to_owned(),
        high: "+inf".to_owned(),
        order: Order::Down,
        most: DAYS_MAX,
        families: &[keys::DAY],
    }
}

fn stuck_before(millis: i64) -> PageRequest {
    PageRequest {
        index: keys::UNSETTLED.to_owned(),
        low: "-inf".to_owned(),
        high: millis.to_string(),
        order: Order::Up,
        most: STUCK_MAX,
        families: FAMILIES,
    }
}

impl Dashboard {
    fn of(look: &Look, days: &Page, sagas: Sagas, freshness: Freshness) -> Result<Self, ReadError> {
        let [customers, products, sales, stock, accounts, shipments] = &look.records[..] else {
            return Err(ReadError::Damaged("Redis answered too little".to_owned()));
        };
        let sales: Sales = record(Some(sales))?.unwrap_or_default();
        let days = days.entries.iter().map(Day::of).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            orders: SalesAnswer::of(&sales),
            days: days.into_iter().flatten().collect(),
            sagas,
            payments: Payments::of(&record(Some(accounts))?.unwrap_or_default()),
            stock: record(Some(stock))?.unwrap_or_default(),
            shipments: record(Some(shipments))?.unwrap_or_default(),
            customers: Entities::of(record(Some(customers))?.unwrap_or_default()),
            products: Entities::of(record(Some(products))?.unwrap_or_default()),
            parked: look.parked,
            freshness,
        })
    }
}

impl SalesAnswer {
    fn of(sales: &Sales) -> Self {
        let reason =
            |(reason, orders): &(EndReason, u64)| ByReason { reason: *reason, orders: *orders };
        Self {
            placed: sales.orders,
            by_state: order_states().map(|state| (state, sales.in_state(state))).collect(),
            by_reason: sales.by_reason.iter().map(reason).collect(),
            value: sales.placed.to_list(),
            revenue: sales.revenue.to_list(),
            average_order: sales.revenue.per(sales.in_state("completed")).to_list(),
            units: sales.units,
        }
    }
}

fn order_states() -> impl Iterator<Item = State> {
    let of_order = MURMURATION.states.iter().filter(|(service, _)| *service == Service::Order);
    of_order.flat_map(|(_, states)| states.iter().copied()).filter(|state| *state != NONE)
}

impl Day {
    fn of(entry: &Entry) -> Result<Option<Self>, ReadError> {
        let sales: Option<Sales> = record(entry.records.first())?;
        let date = entry.member.clone();
        Ok(sales.map(|sales| Self { date, sales: SalesAnswer::of(&sales) }))
    }
}

impl Sagas {
    fn of(page: &Page, stuck_after_ms: u64, now: Timestamp) -> Result<Self, ReadError> {
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

impl Payments {
    fn of(totals: &AccountTotals) -> Self {
        Self {
            charged: totals.charged.to_list(),
            refunded: totals.refunded.to_list(),
            settled: totals.settled.to_list(),
            outstanding: totals.outstanding().to_list(),
            charges: totals.charges,
            declines: totals.declines,
            refunds: totals.refunds,
            voids: totals.voids,
        }
    }
}

impl Entities {
    const fn of(totals: EntityTotals) -> Self {
        Self { live: totals.live(), ended: totals.ended }
    }
}
