//! The points of each order.

use contracts::{CustomerId, OrderId};
use engine::{Read, StateError, Write, params};
use protocol::choreography::State;

use crate::domain::state_named;
use crate::events::Points;

/// The steps that make this service's tables.
pub const MIGRATIONS: &[&str] = &["
    CREATE TABLE promise (
        order_id    TEXT PRIMARY KEY,
        customer_id TEXT NOT NULL,
        points      INTEGER NOT NULL,
        state       TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX promise_of_customer ON promise (customer_id, state);
"];

/// What was promised for an order, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Its state in the choreography.
    pub state: State,
    /// The points.
    pub points: Points,
}

/// All points of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Earned.
    pub points: u64,
    /// Promised for orders that are under way.
    pub promised: u64,
}

/// The promise of an order.
///
/// # Errors
/// When the database fails, or holds what is no promise.
pub fn find(state: &Read<'_>, order_id: &OrderId) -> Result<Option<Promise>, StateError> {
    let sql = "SELECT customer_id, points, state FROM promise WHERE order_id = ?1";
    let found = state.one(sql, [order_id.as_str()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?, row.get::<_, String>(2)?))
    })?;
    let damaged = || StateError::Contradiction(format!("the promise of {order_id} is damaged"));
    let promise = |(customer, points, state): (String, u64, String)| {
        let customer_id = customer.parse().map_err(|_| damaged())?;
        let points = Points { order_id: order_id.clone(), customer_id, points };
        Ok(Promise { state: state_named(&state).ok_or_else(damaged)?, points })
    };
    found.map(promise).transpose()
}

/// The points of a customer, if any were ever promised.
///
/// # Errors
/// When the database fails.
pub fn account(state: &Read<'_>, customer_id: &CustomerId) -> Result<Option<Account>, StateError> {
    let sql = "SELECT count(*), sum(iif(state = 'earned', points, 0)),
                      sum(iif(state = 'promised', points, 0))
               FROM promise WHERE customer_id = ?1";
    let found = state.one(sql, [customer_id.as_str()], |row| {
        Ok((row.get::<_, u64>(0)?, row.get::<_, Option<u64>>(1)?, row.get::<_, Option<u64>>(2)?))
    })?;
    let account = |(orders, points, promised): (u64, Option<u64>, Option<u64>)| {
        let (points, promised) = (points.unwrap_or(0), promised.unwrap_or(0));
        (orders > 0).then_some(Account { points, promised })
    };
    Ok(found.and_then(account))
}

pub(crate) fn promise(write: &mut Write<'_>, points: &Points) -> Result<(), StateError> {
    let sql = "INSERT INTO promise (order_id, customer_id, points, state)
               VALUES (?1, ?2, ?3, 'promised')";
    let Points { order_id, customer_id, points } = points;
    write.change_one("a promise", sql, params![order_id.as_str(), customer_id.as_str(), points])
}

/// A promise comes to its end.
pub(crate) fn settle(
    write: &mut Write<'_>,
    order_id: &OrderId,
    end: State,
) -> Result<(), StateError> {
    let sql = "UPDATE promise SET state = ?2 WHERE order_id = ?1 AND state = 'promised'";
    write.change_one("the end of a promise", sql, params![order_id.as_str(), end])
}
