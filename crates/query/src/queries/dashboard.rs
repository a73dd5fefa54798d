//! The state of the whole business in one answer.
//!
//! What it reads is bounded, however many orders there are: totals that are kept as such, rings of
//! slots, the few that lead, and the first entries of indexes.

mod best;
mod latency;
mod low_stock;
mod memo;
mod pulse;
mod sagas;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use contracts::choreography::MURMURATION;
use contracts::events::order::EndReason;
use contracts::service;
use protocol::Timestamp;
use protocol::choreography::{NONE, State};
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keys;
use crate::projections::pulse::{HOURS, MINUTES};
use crate::projections::refund_reasons::Refunds;
use crate::projections::{
    AccountTotals, EntityTotals, Leaders, RefundsByReason, Sales, ShipmentTotals, StockTotals,
};
use crate::query::{Answer, Answering, Context, Fresh, NoAnswer, Query, Request};
use crate::reader::page::{Entry, Order, Page, PageRequest};
use crate::reader::{Look, QueryReader, ReadError, record, too_little};
use crate::records::sums::Sum;
use crate::saga::pace::STRIDES;
use memo::DashboardMemo;
use sagas::stuck_before;

pub use best::Best;
pub use latency::{Spread, StepLatency};
pub use low_stock::{LOW_SHOWN, LOW_UNITS, Low, LowStock};
pub use pulse::Span;
pub use sagas::{STUCK_MAX, Sagas, Stuck};

/// How long a dashboard is kept: it speaks of how much time has passed.
const KEPT_MAX: Duration = Duration::from_millis(100);

/// `GET /dashboard`.
#[derive(Default)]
pub(super) struct DashboardQuery {
    memo: DashboardMemo,
}

/// A record as it was read, if there is one.
type Value = Option<Vec<u8>>;

/// Business days that are shown, newest first.
pub const DAYS_MAX: usize = 31;

/// The dashboard.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Dashboard {
    /// All orders.
    pub orders: SalesAnswer,
    /// The newest business days on which any order was placed, 31 at most, the newest first.
    pub days: Vec<Day>,
    /// Minute by minute, by the times of events: the 60 minutes that end with the newest one in which
    /// anything happened to an order, however long ago that is. Minutes in which nothing did are left
    /// out.
    pub minutes: Vec<Span>,
    /// Likewise hour by hour: the 48 hours that end with the newest one in which anything happened.
    pub hours: Vec<Span>,
    /// The products that brought in most: of each currency the first ten, currency by currency, since
    /// amounts in two currencies have no order.
    pub top_products: Vec<Best>,
    /// The customers that brought in most, likewise.
    pub top_customers: Vec<Best>,
    /// Products of which few units are left, discontinued ones included.
    pub low_stock: LowStock,
    /// How long the steps of the saga take.
    pub latencies: Vec<StepLatency>,
    /// Orders in flight, and those that take too long.
    pub sagas: Sagas,
    /// Money, of all time.
    pub payments: Payments,
    /// Stock and reservations, of all time.
    pub stock: StockTotals,
    /// Shipments, of all time.
    pub shipments: ShipmentTotals,
    /// Customers.
    pub customers: Entities,
    /// Products.
    pub products: Entities,
    /// Events that could not be folded, and that nobody has dropped. More than 0 means that something above is incomplete.
    pub parked: u64,
}

/// What was sold.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SalesAnswer {
    /// Orders placed, whatever became of them.
    pub placed: u64,
    /// Orders by the state that they are in now; every state is named. Together they are `placed`.
    pub by_state: BTreeMap<State, u64>,
    /// Orders that have ended: completed, rejected or cancelled. Whoever shows which share of orders was
    /// completed divides by these, and not by `placed`, of which some are still on their way.
    pub ended: u64,
    /// Ended orders by why they ended, in the order in which the reasons first came up; reasons that
    /// never did are left out. Together they are `ended`.
    pub by_reason: Vec<ByReason>,
    /// What all placed orders ask for, in each currency.
    pub value: Vec<Sum>,
    /// What the completed orders brought in, in each currency.
    pub revenue: Vec<Sum>,
    /// What one completed order in this currency brought in on average, rounded towards zero.
    pub average_order: Vec<Sum>,
    /// Units in the completed orders.
    pub units: u64,
}

/// How many orders ended for one reason.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct ByReason {
    /// The reason.
    pub reason: EndReason,
    /// How many.
    pub orders: u64,
}

/// One business day: the orders that were placed on it, as they are now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Day {
    /// The day, such as `2026-01-31`.
    pub date: String,
    /// What was sold.
    #[serde(flatten)]
    pub sales: SalesAnswer,
}

/// Money.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Payments {
    /// What was charged.
    pub charged: Vec<Sum>,
    /// What was paid back.
    pub refunded: Vec<Sum>,
    /// What customers paid in.
    pub settled: Vec<Sum>,
    /// What customers owe: charges less refunds less what was paid in.
    pub outstanding: Vec<Sum>,
    /// Charges that were made, those that were paid back included.
    pub charges: u64,
    /// Charges that were declined; none of them is among `charges`.
    pub declines: u64,
    /// Charges that were paid back.
    pub refunds: u64,
    /// Charges that were paid back by why their order ended; reasons that never were one are left out. An order
    /// of which only the refund or only the end has been read is not among them yet.
    pub refunds_by_reason: Vec<RefundsFor>,
    /// Orders that are never to be charged.
    pub voids: u64,
}

/// The charges that were paid back for one reason.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefundsFor {
    /// Why the orders ended.
    pub reason: EndReason,
    /// How many charges.
    pub charges: u64,
    /// What was paid back.
    pub amounts: Vec<Sum>,
}

/// Customers or products.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Entities {
    /// Open or listed ones.
    pub live: u64,
    /// Closed or discontinued ones.
    pub ended: u64,
}

impl Query for DashboardQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/dashboard", "Everything at a glance")
            .answers::<Fresh<Dashboard>>(200, "The dashboard")
    }

    fn kept_for(&self) -> Duration {
        KEPT_MAX
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let Context { stuck_after, clock, .. } = *request.context;
            let now = clock();
            self.memo.answer(look(request.reader, stuck_after, now).await?, stuck_after, now)
        })
    }
}

/// Reads the dashboard. Orders that could have been finished for longer than `stuck_after` count as
/// stuck.
///
/// # Errors
/// When the read model cannot be read.
pub async fn dashboard(
    reader: QueryReader,
    stuck_after: Duration,
    now: Timestamp,
) -> Result<Answer<Dashboard>, NoAnswer> {
    let look = look(reader, stuck_after, now).await?;
    let dashboard = Dashboard::of(&look, stuck_after, now)?;
    Ok(Answer::of(look, dashboard))
}

/// Reads all that a dashboard is made from.
async fn look(
    reader: QueryReader,
    stuck_after: Duration,
    now: Timestamp,
) -> Result<Look, ReadError> {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(names);
    let bound = (now.micros() / 1_000).saturating_sub_unsigned(millis(stuck_after));
    reader.look(&NAMES, &[newest_days(), stuck_before(bound), low_stock::page()]).await
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The page of orders that take too long.
fn stuck_page(look: &Look) -> Option<&Page> {
    look.pages.get(1)
}

/// The names of all plain records, in the order in which [`Plain`] takes them apart.
fn names() -> Vec<String> {
    let mut names = service::ALL.map(keys::totals).to_vec();
    names.push(keys::record(keys::LEADERS, service::ORDER.stream()));
    names.push(keys::record(keys::REFUNDS, service::PAYMENT.stream()));
    names.extend(latency::names());
    names.extend(pulse::names(MINUTES));
    names.extend(pulse::names(HOURS));
    names
}

/// The values of [`names`].
struct Plain<'a> {
    totals: &'a [Value; service::ALL.len()],
    leaders: &'a Value,
    refunds: &'a Value,
    latencies: &'a [Value],
    minutes: &'a [Value],
    hours: &'a [Value],
}

impl<'a> Plain<'a> {
    fn of(values: &'a [Value]) -> Option<Self> {
        let (totals, rest) = values.split_first_chunk()?;
        let (leaders, rest) = rest.split_first()?;
        let (refunds, rest) = rest.split_first()?;
        let (latencies, rest) = rest.split_at_checked(STRIDES.len())?;
        let (minutes, hours) = rest.split_at_checked(usize::try_from(MINUTES.slots).ok()?)?;
        Some(Self { totals, leaders, refunds, latencies, minutes, hours })
    }
}

fn newest_days() -> PageRequest {
    PageRequest::of(keys::DAYS, Order::Down, DAYS_MAX, &[keys::DAY])
}

impl Dashboard {
    fn of(look: &Look, stuck_after: Duration, now: Timestamp) -> Result<Self, ReadError> {
        let [days, stuck, low] = &look.pages[..] else { return Err(too_little()) };
        let plain = Plain::of(&look.records).ok_or_else(too_little)?;
        let [customers, products, sales, stock, accounts, shipments] = plain.totals;
        let sales: Sales = record(Some(sales))?.unwrap_or_default();
        let days = days.entries.iter().map(Day::of).collect::<Result<Vec<_>, _>>()?;
        let leaders: Leaders = record(Some(plain.leaders))?.unwrap_or_default();
        Ok(Self {
            orders: SalesAnswer::of(&sales),
            days: days.into_iter().flatten().collect(),
            minutes: pulse::spans(MINUTES, plain.minutes)?,
            hours: pulse::spans(HOURS, plain.hours)?,
            top_products: best::best(&leaders.products),
            top_customers: best::best(&leaders.customers),
            low_stock: LowStock::of(low)?,
            latencies: latency::latencies(plain.latencies)?,
            sagas: Sagas::of(stuck, millis(stuck_after), now)?,
            payments: Payments::of(
                &record(Some(accounts))?.unwrap_or_default(),
                &record(Some(plain.refunds))?.unwrap_or_default(),
            ),
            stock: record(Some(stock))?.unwrap_or_default(),
            shipments: record(Some(shipments))?.unwrap_or_default(),
            customers: Entities::of(record(Some(customers))?.unwrap_or_default()),
            products: Entities::of(record(Some(products))?.unwrap_or_default()),
            parked: look.parked,
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
            ended: sales.ended(),
            by_reason: sales.by_reason.iter().map(reason).collect(),
            value: sales.placed.to_list(),
            revenue: sales.revenue.to_list(),
            average_order: sales.average_order().to_list(),
            units: sales.units,
        }
    }
}

/// The states that an order can be in.
pub(super) fn order_states() -> impl Iterator<Item = State> {
    let of_order = MURMURATION.states.iter().filter(|(service, _)| *service == service::ORDER);
    of_order.flat_map(|(_, states)| states.iter().copied()).filter(|state| *state != NONE)
}

impl Day {
    pub(super) fn of(entry: &Entry) -> Result<Option<Self>, ReadError> {
        let sales: Option<Sales> = record(entry.records.first())?;
        let date = entry.member.clone();
        Ok(sales.map(|sales| Self { date, sales: SalesAnswer::of(&sales) }))
    }
}

impl Payments {
    fn of(totals: &AccountTotals, refunds: &RefundsByReason) -> Self {
        let refunds_for = |(reason, refunds): (&EndReason, &Refunds)| RefundsFor {
            reason: *reason,
            charges: refunds.charges,
            amounts: refunds.amounts.to_list(),
        };
        Self {
            charged: totals.charged.to_list(),
            refunded: totals.refunded.to_list(),
            settled: totals.settled.to_list(),
            outstanding: totals.outstanding().to_list(),
            charges: totals.charges,
            declines: totals.declines,
            refunds: totals.refunds,
            refunds_by_reason: refunds.iter().map(refunds_for).collect(),
            voids: totals.voids,
        }
    }
}

impl Entities {
    const fn of(totals: EntityTotals) -> Self {
        Self { live: totals.live(), ended: totals.ended }
    }
}
