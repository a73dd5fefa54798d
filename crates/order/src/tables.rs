//! The table of orders: a fold of the own events, and the queries over it.

use contracts::events::Line;
use contracts::events::order::{EndReason, Placed};
use contracts::{CustomerId, Money, OrderId, StoredEvent};
use engine::rusqlite::types::{FromSql, Type};
use engine::rusqlite::{self, Row};
use engine::{Read, StateError, Validators, Write, named_params, outbox, params};
use protocol::{Headers, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::state::OrderState;

/// The tables, as numbered steps. `number` is the sequence of the event that placed the order, and
/// `version` that of the event that changed it last.
pub const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE orders (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL,
        customer_id TEXT NOT NULL,
        total INTEGER NOT NULL,
        currency TEXT NOT NULL,
        deadline INTEGER NOT NULL,
        hand_over_ms INTEGER NOT NULL,
        business_date TEXT NOT NULL,
        lines TEXT NOT NULL,
        placed_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        until INTEGER,
        reason TEXT,
        detail TEXT,
        version INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX orders_by_state ON orders (state, number);
    CREATE INDEX orders_by_customer ON orders (customer_id, number);
",
    // What was ordered never changes: apart, it is not written anew with each change of the state.
    "
    CREATE TABLE order_lines (
        number INTEGER PRIMARY KEY,
        lines TEXT NOT NULL
    ) STRICT;
    INSERT INTO order_lines SELECT number, lines FROM orders;
    ALTER TABLE orders DROP COLUMN lines;
",
];

const COLUMNS: &str = "number, id, state, customer_id, total, currency, deadline, hand_over_ms,
    business_date, lines, placed_at, updated_at, until, reason, detail, version";

const WITH_LINES: &str = "orders JOIN order_lines USING (number)";

/// An order as its events left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OrderRow {
    /// Sequence of the event that placed it: orders are listed by it.
    #[serde(skip)]
    pub number: u64,
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub state: OrderState,
    /// Who ordered.
    pub customer_id: CustomerId,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
    /// When it is cancelled if it is still placed.
    pub deadline: Timestamp,
    /// How long it stays prepared.
    pub hand_over_ms: u32,
    /// The day to which the business counts it.
    pub business_date: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When the hand-over window closes, once it is or was open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// The same, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Sequence of the event that changed it last.
    pub version: u64,
}

impl OrderRow {
    /// What tells this state of the order from its others.
    #[must_use]
    pub fn validators(&self) -> Validators {
        Validators::of_event(self.version, self.updated_at)
    }
}

/// What an event changes of an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) stage: OrderState,
    pub(crate) until: Option<Timestamp>,
    pub(crate) end: Option<(EndReason, &'a str)>,
}

impl Change<'_> {
    pub(crate) const fn to(stage: OrderState) -> Self {
        Self { stage, until: None, end: None }
    }
}

/// Which orders are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only those that stand there.
    pub state: Option<OrderState>,
    /// Only those of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only those placed before the order of this number.
    pub before: Option<u64>,
}

/// Where the order stands.
///
/// # Errors
/// When the database cannot be read.
pub fn stage(state: &Read<'_>, id: &OrderId) -> Result<OrderState, StateError> {
    let sql = "SELECT state FROM orders WHERE id = ?1";
    Ok(state.one(sql, [id.as_str()], |row| row.get(0))?.unwrap_or(OrderState::None))
}

/// How long the order stays prepared.
pub(crate) fn hand_over_ms(state: &Read<'_>, id: &OrderId) -> Result<u32, StateError> {
    let sql = "SELECT hand_over_ms FROM orders WHERE id = ?1";
    let unknown = || StateError::Contradiction(format!("there is no order {id}"));
    state.one(sql, [id.as_str()], |row| row.get(0))?.ok_or_else(unknown)
}

/// The order of that id.
///
/// # Errors
/// When the database cannot be read.
pub fn order(state: &Read<'_>, id: &OrderId) -> Result<Option<OrderRow>, StateError> {
    let sql = format!("SELECT {COLUMNS} FROM {WITH_LINES} WHERE id = ?1");
    state.one(&sql, [id.as_str()], to_order)
}

/// At most `limit` orders, the newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn orders(state: &Read<'_>, wanted: &Wanted, limit: u32) -> Result<Vec<OrderRow>, StateError> {
    let mut conditions = vec!["number < :before"];
    let mut values: Vec<(&str, &dyn rusqlite::ToSql)> = Vec::new();
    let before = wanted.before.unwrap_or(i64::MAX.unsigned_abs());
    let stage = wanted.state.map(OrderState::name);
    let customer = wanted.customer_id.as_ref().map(|id| id.as_str());
    values.push((":before", &before));
    values.push((":limit", &limit));
    if stage.is_some() {
        conditions.push("state = :state");
        values.push((":state", &stage));
    }
    if customer.is_some() {
        conditions.push("customer_id = :customer");
        values.push((":customer", &customer));
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM {WITH_LINES} WHERE {} ORDER BY number DESC LIMIT :limit",
        conditions.join(" AND ")
    );
    state.all(&sql, values.as_slice(), to_order)
}

/// The audit trail of an order: all its events, in order.
///
/// # Errors
/// When the database cannot be read, or a row is damaged.
pub fn audit_trail(state: &Read<'_>, id: &OrderId) -> Result<Vec<StoredEvent>, StateError> {
    let damaged = |error| StateError::Contradiction(format!("an outbox row is damaged: {error}"));
    let rows = outbox::of_id(state, id)?;
    let events: Result<Vec<_>, _> = rows.iter().map(protocol::Row::parse).collect();
    let mut events = events.map_err(damaged)?;
    // An order may have the name of the service, which is what a restoring is about.
    events.retain(|event| event.headers.kind != contracts::kind::ORDER_RECOVERED);
    Ok(events)
}

pub(crate) fn insert(
    state: &mut Write<'_>,
    placed: &Placed,
    headers: &Headers,
) -> Result<(), StateError> {
    let sql = "INSERT INTO orders (number, id, state, customer_id, total, currency, deadline,
            hand_over_ms, business_date, placed_at, updated_at, version)
        VALUES (:number, :id, :state, :customer, :total, :currency, :deadline,
            :hand_over, :date, :time, :time, :number)";
    let values = named_params! {
        ":number": headers.sequence,
        ":id": placed.order_id.as_str(),
        ":state": OrderState::Placed.name(),
        ":customer": placed.customer.customer.id.as_str(),
        ":total": placed.total.minor,
        ":currency": placed.total.currency.as_str(),
        ":deadline": placed.deadline.micros(),
        ":hand_over": placed.hand_over_ms,
        ":date": placed.business_date,
        ":time": headers.time.micros(),
    };
    state.execute(sql, values)?;
    let sql = "INSERT INTO order_lines (number, lines) VALUES (?1, ?2)";
    state.execute(sql, params![headers.sequence, to_json(&placed.lines)?]).map(|_| ())
}

/// Moves an order that has not ended.
pub(crate) fn change(
    state: &mut Write<'_>,
    id: &OrderId,
    to: &Change<'_>,
    headers: &Headers,
) -> Result<(), StateError> {
    let sql = "UPDATE orders SET state = ?2, until = coalesce(?3, until), reason = ?4, detail = ?5,
            updated_at = ?6, version = ?7
        WHERE id = ?1 AND state NOT IN ('completed', 'rejected', 'cancelled')";
    let reason = to.end.map(|(reason, _)| to_json(&reason)).transpose()?;
    let values = params![
        id.as_str(),
        to.stage.name(),
        to.until.map(Timestamp::micros),
        reason,
        to.end.map(|(_, detail)| detail),
        headers.time.micros(),
        headers.sequence,
    ];
    state.change_one(&format!("order {id} becomes {}", to.stage.name()), sql, values)
}

fn to_order(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    Ok(OrderRow {
        number: row.get("number")?,
        order_id: parsed(row, "id")?,
        state: row.get("state")?,
        customer_id: parsed(row, "customer_id")?,
        lines: json(row.get_ref("lines")?.as_str()?)?,
        total: Money::new(row.get("total")?, parsed(row, "currency")?),
        deadline: Timestamp::from_micros(row.get("deadline")?),
        hand_over_ms: row.get("hand_over_ms")?,
        business_date: row.get("business_date")?,
        placed_at: Timestamp::from_micros(row.get("placed_at")?),
        updated_at: Timestamp::from_micros(row.get("updated_at")?),
        until: optional::<i64>(row, "until")?.map(Timestamp::from_micros),
        reason: optional::<String>(row, "reason")?.map(|text| json(&text)).transpose()?,
        detail: row.get("detail")?,
        version: row.get("version")?,
    })
}

fn optional<T: FromSql>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    row.get(column)
}

fn parsed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get_ref(column)?.as_str()?.parse().map_err(damaged)
}

fn json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(damaged)
}

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}

fn to_json(value: &impl Serialize) -> Result<String, StateError> {
    serde_json::to_string(value).map_err(|error| StateError::Contradiction(error.to_string()))
}

#[cfg(test)]
mod tests;
