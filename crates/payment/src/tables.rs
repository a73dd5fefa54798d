//! The tables of charges and accounts: a fold of the own events, and the queries over them.

use contracts::events::Customer;
use contracts::events::payment::DeclineReason;
use contracts::{Currency, CustomerId, Money, OrderId, StoredEvent, kind};
use engine::rusqlite::types::Type;
use engine::rusqlite::{self, Row};
use engine::{Read, StateError, Validators, Write, outbox, params};
use protocol::{Headers, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::state::ChargeState;

/// The tables, as numbered steps. A customer has one account in each currency that it was charged
/// in, since a customer's currency may change while charges in the old one can still be refunded.
/// `version` is the sequence of the event that changed the row last.
pub const MIGRATIONS: &[&str] = &["
    CREATE TABLE charges (
        order_id TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        customer_id TEXT,
        amount INTEGER,
        currency TEXT,
        reason TEXT,
        decided_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        version INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE accounts (
        customer_id TEXT NOT NULL,
        currency TEXT NOT NULL,
        outstanding INTEGER NOT NULL,
        paid_in INTEGER NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (customer_id, currency)
    ) STRICT, WITHOUT ROWID;
"];

/// The charge of an order as its events left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Charge {
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub state: ChargeState,
    /// Who was to be charged; unknown if it was voided before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// What was charged, or was to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Why it was declined, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<DeclineReason>,
    /// When it was charged, declined or voided.
    pub decided_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Sequence of the event that changed it last.
    pub version: u64,
}

/// What a customer owes in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// What is owed; negative if more was paid in.
    pub outstanding: Money,
    /// All that was ever paid in.
    pub paid_in: Money,
    /// Whether anything ever happened on it.
    pub exists: bool,
}

/// A charge that an event makes.
#[derive(Debug)]
pub(crate) struct NewCharge<'a> {
    pub(crate) stage: ChargeState,
    pub(crate) customer_id: Option<&'a CustomerId>,
    pub(crate) amount: Option<Money>,
    pub(crate) reason: Option<DeclineReason>,
}

impl NewCharge<'_> {
    pub(crate) const fn at(stage: ChargeState) -> Self {
        Self { stage, customer_id: None, amount: None, reason: None }
    }
}

/// Where the charge of the order stands.
///
/// # Errors
/// When the database cannot be read.
pub fn stage(state: &Read<'_>, order_id: &OrderId) -> Result<ChargeState, StateError> {
    let sql = "SELECT state FROM charges WHERE order_id = ?1";
    Ok(state.one(sql, [order_id.as_str()], |row| row.get(0))?.unwrap_or(ChargeState::None))
}

/// The charge of the order, if anything was heard of it.
///
/// # Errors
/// When the database cannot be read.
pub fn charge(state: &Read<'_>, order_id: &OrderId) -> Result<Option<Charge>, StateError> {
    let sql = "SELECT order_id, state, customer_id, amount, currency, reason, decided_at,
            updated_at, version
        FROM charges WHERE order_id = ?1";
    state.one(sql, [order_id.as_str()], to_charge)
}

/// Who was charged for the order, and how much.
pub(crate) fn charged(
    state: &Read<'_>,
    order_id: &OrderId,
) -> Result<(CustomerId, Money), StateError> {
    let charge = charge(state, order_id)?;
    let found = charge.and_then(|charge| charge.customer_id.zip(charge.amount));
    found.ok_or_else(|| StateError::Contradiction(format!("order {order_id} was never charged")))
}

/// The customer's account in that currency; an empty one if nothing ever happened on it.
///
/// # Errors
/// When the database cannot be read.
pub fn account(
    state: &Read<'_>,
    customer_id: &CustomerId,
    currency: Currency,
) -> Result<Account, StateError> {
    let sql = "SELECT currency, outstanding, paid_in FROM accounts
               WHERE customer_id = ?1 AND currency = ?2";
    let found = state.one(sql, [customer_id.as_str(), currency.as_str()], to_account)?;
    let nothing = Money::new(0, currency);
    Ok(found.unwrap_or(Account { outstanding: nothing, paid_in: nothing, exists: false }))
}

/// The customer's accounts, ordered by currency.
///
/// # Errors
/// When the database cannot be read.
pub fn accounts(state: &Read<'_>, customer_id: &CustomerId) -> Result<Vec<Account>, StateError> {
    let sql = "SELECT currency, outstanding, paid_in FROM accounts
               WHERE customer_id = ?1 ORDER BY currency";
    state.all(sql, [customer_id.as_str()], to_account)
}

/// What tells this state of all that a customer owes from others: the limit is a part of what is
/// shown, so the customer's version is a part of it. None if nothing is known of the customer.
///
/// # Errors
/// When the database cannot be read.
pub fn account_validators(
    state: &Read<'_>,
    customer_id: &CustomerId,
) -> Result<Option<Validators>, StateError> {
    let known = state.replica::<Customer>(customer_id)?.map(|(version, _)| version);
    let sql = "SELECT max(version) FROM accounts WHERE customer_id = ?1";
    let charged: Option<u64> = state.one(sql, [customer_id.as_str()], |row| row.get(0))?.flatten();
    let tag = format!("{}-{}", charged.unwrap_or_default(), known.unwrap_or_default());
    Ok(known.or(charged).map(|_| Validators { tag, modified: None }))
}

/// The audit trail of an order's charge: all events about it, in order.
///
/// # Errors
/// When the database cannot be read, or a row is damaged.
pub fn audit_trail(state: &Read<'_>, order_id: &OrderId) -> Result<Vec<StoredEvent>, StateError> {
    let damaged = |error| StateError::Contradiction(format!("an outbox row is damaged: {error}"));
    let rows = outbox::of_id(state, order_id)?;
    let events: Result<Vec<_>, _> = rows.iter().map(protocol::Row::parse).collect();
    let mut events = events.map_err(damaged)?;
    // A customer, or this service, may have the same name as an order.
    let other = [kind::PAYMENT_SETTLED, kind::PAYMENT_RECOVERED];
    events.retain(|event| !other.contains(&event.headers.kind));
    Ok(events)
}

/// What is left of `owed` after `amount`.
pub(crate) fn less(owed: Money, amount: Money) -> Result<Money, StateError> {
    let contradiction = |error: contracts::money::MoneyError| {
        StateError::Contradiction(format!("{amount} cannot be taken from {owed}: {error}"))
    };
    owed.plus(Money::new(-amount.minor, amount.currency)).map_err(contradiction)
}

pub(crate) fn insert_charge(
    state: &mut Write<'_>,
    order_id: &OrderId,
    charge: &NewCharge<'_>,
    headers: &Headers,
) -> Result<(), StateError> {
    let sql = "INSERT INTO charges (order_id, state, customer_id, amount, currency, reason,
            decided_at, updated_at, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)";
    let values = params![
        order_id.as_str(),
        charge.stage.name(),
        charge.customer_id.map(|id| id.as_str()),
        charge.amount.map(|amount| amount.minor),
        charge.amount.as_ref().map(|amount| amount.currency.as_str()),
        charge.reason.as_ref().map(to_json).transpose()?,
        headers.time.micros(),
        headers.sequence,
    ];
    state.execute(sql, values).map(|_| ())
}

/// A charge is paid back once.
pub(crate) fn refund_charge(
    state: &mut Write<'_>,
    order_id: &OrderId,
    headers: &Headers,
) -> Result<(), StateError> {
    let sql = "UPDATE charges SET state = 'refunded', updated_at = ?2, version = ?3
               WHERE order_id = ?1 AND state = 'charged'";
    let values = params![order_id.as_str(), headers.time.micros(), headers.sequence];
    state.change_one(&format!("the charge of {order_id} is refunded"), sql, values)
}

/// Takes over what the event says is owed, and adds what was paid in with it.
pub(crate) fn set_outstanding(
    state: &mut Write<'_>,
    customer_id: &CustomerId,
    outstanding: Money,
    paid_in: i64,
    headers: &Headers,
) -> Result<(), StateError> {
    let sql = "INSERT INTO accounts (customer_id, currency, outstanding, paid_in, version)
               VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (customer_id, currency) DO UPDATE SET
                   outstanding = excluded.outstanding, paid_in = paid_in + excluded.paid_in,
                   version = excluded.version";
    let currency = outstanding.currency;
    let values = params![
        customer_id.as_str(),
        currency.as_str(),
        outstanding.minor,
        paid_in,
        headers.sequence
    ];
    state.execute(sql, values).map(|_| ())
}

fn to_charge(row: &Row<'_>) -> rusqlite::Result<Charge> {
    let customer: Option<String> = row.get("customer_id")?;
    let amount: Option<i64> = row.get("amount")?;
    let currency: Option<String> = row.get("currency")?;
    let reason: Option<String> = row.get("reason")?;
    let currency = currency.map(|text| parsed::<Currency>(&text)).transpose()?;
    Ok(Charge {
        order_id: parsed(row.get_ref("order_id")?.as_str()?)?,
        state: row.get("state")?,
        customer_id: customer.map(|text| parsed(&text)).transpose()?,
        amount: amount.zip(currency).map(|(minor, currency)| Money::new(minor, currency)),
        reason: reason.map(|text| json(&text)).transpose()?,
        decided_at: Timestamp::from_micros(row.get("decided_at")?),
        updated_at: Timestamp::from_micros(row.get("updated_at")?),
        version: row.get("version")?,
    })
}

fn to_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let currency = parsed(row.get_ref("currency")?.as_str()?)?;
    Ok(Account {
        outstanding: Money::new(row.get("outstanding")?, currency),
        paid_in: Money::new(row.get("paid_in")?, currency),
        exists: true,
    })
}

fn parsed<T>(text: &str) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(damaged)
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
