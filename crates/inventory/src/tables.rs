//! Stock for each product, and the reservation of each order.
//!
//! The constraints say what an auditor would: nothing is oversold, and what is on hand is what came
//! in and has not left. An event that contradicts them cannot be applied.

use contracts::events::inventory::{Stocked, Units};
use contracts::{OrderId, Sku};
use engine::{Read, StateError, Write, params};

use crate::domain::state::{Reservation, ReservationState, Stock};

/// The steps that make this service's tables.
pub const MIGRATIONS: &[&str] = &["
    CREATE TABLE stock (
        sku       TEXT PRIMARY KEY,
        -- Units on the shelves, reserved ones included.
        on_hand   INTEGER NOT NULL,
        reserved  INTEGER NOT NULL CHECK (reserved >= 0),
        -- Units that ever came in, and that ever left.
        stocked   INTEGER NOT NULL,
        committed INTEGER NOT NULL CHECK (committed >= 0),
        CHECK (reserved <= on_hand),
        CHECK (on_hand = stocked - committed)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE reservation (
        order_id TEXT PRIMARY KEY,
        state    TEXT NOT NULL,
        -- JSON: units of each product. Empty for an order that was rejected.
        lines    BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

const STOCK_COLUMNS: &str = "sku, on_hand, reserved, stocked, committed";

type StockRow = (String, u64, u64, u64, u64);

/// The stock of a product; none if it was never stocked.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn stock(state: &Read<'_>, sku: &Sku) -> Result<Option<Stock>, StateError> {
    let sql = format!("SELECT {STOCK_COLUMNS} FROM stock WHERE sku = ?1");
    let found: Option<StockRow> = state.one(&sql, [sku.as_str()], |row| row.try_into())?;
    found.map(to_stock).transpose()
}

/// The stock of at most `limit` products with SKUs above `after`, in the order of their SKUs.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn page(state: &Read<'_>, after: &str, limit: usize) -> Result<Vec<Stock>, StateError> {
    let sql = format!("SELECT {STOCK_COLUMNS} FROM stock WHERE sku > ?1 ORDER BY sku LIMIT ?2");
    let rows: Vec<StockRow> = state.all(&sql, params![after, limit], |row| row.try_into())?;
    rows.into_iter().map(to_stock).collect()
}

/// The reservation of an order; none if inventory has not heard of the order.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn reservation(
    state: &Read<'_>,
    order_id: &OrderId,
) -> Result<Option<Reservation>, StateError> {
    let sql = "SELECT state, lines FROM reservation WHERE order_id = ?1";
    let found: Option<(String, Vec<u8>)> =
        state.one(sql, [order_id.as_str()], |row| row.try_into())?;
    let Some((name, lines)) = found else { return Ok(None) };
    let state = ReservationState::of_name(&name).ok_or_else(|| damaged("reservation", &name))?;
    let lines = serde_json::from_slice(&lines).map_err(|error| damaged("reservation", &error))?;
    Ok(Some(Reservation { order_id: order_id.clone(), state, lines }))
}

pub(crate) fn take_in(write: &mut Write<'_>, stocked: &Stocked) -> Result<(), StateError> {
    let sql = "INSERT INTO stock (sku, on_hand, reserved, stocked, committed)
               VALUES (?1, ?2, 0, ?2, 0)
               ON CONFLICT (sku) DO UPDATE
               SET on_hand = on_hand + ?2, stocked = stocked + ?2";
    let values = params![stocked.sku.as_str(), stocked.quantity];
    write.change_one("taking in goods", sql, values)
}

pub(crate) fn insert(
    write: &mut Write<'_>,
    order_id: &OrderId,
    state: ReservationState,
    lines: &[Units],
) -> Result<(), StateError> {
    let json = serde_json::to_vec(lines);
    let json = json.map_err(|error| StateError::Contradiction(error.to_string()))?;
    let sql = "INSERT INTO reservation (order_id, state, lines) VALUES (?1, ?2, ?3)";
    write.change_one("reserving", sql, params![order_id.as_str(), state.name(), json])
}

pub(crate) fn end(
    write: &mut Write<'_>,
    order_id: &OrderId,
    state: ReservationState,
) -> Result<(), StateError> {
    let sql = "UPDATE reservation SET state = ?2 WHERE order_id = ?1 AND state = 'reserved'";
    let values = params![order_id.as_str(), state.name()];
    write.change_one("ending a reservation", sql, values)
}

pub(crate) fn set_aside(write: &mut Write<'_>, units: &Units) -> Result<(), StateError> {
    let sql = "UPDATE stock SET reserved = reserved + ?2 WHERE sku = ?1";
    write.change_one("setting units aside", sql, params![units.sku.as_str(), units.quantity])
}

pub(crate) fn give_back(write: &mut Write<'_>, units: &Units) -> Result<(), StateError> {
    let sql = "UPDATE stock SET reserved = reserved - ?2 WHERE sku = ?1";
    write.change_one("giving units back", sql, params![units.sku.as_str(), units.quantity])
}

pub(crate) fn let_go(write: &mut Write<'_>, units: &Units) -> Result<(), StateError> {
    let sql = "UPDATE stock SET on_hand = on_hand - ?2, reserved = reserved - ?2,
                   committed = committed + ?2 WHERE sku = ?1";
    write.change_one("letting units go", sql, params![units.sku.as_str(), units.quantity])
}

fn to_stock((sku, on_hand, reserved, stocked, committed): StockRow) -> Result<Stock, StateError> {
    let sku = sku.parse().map_err(|error| damaged("stock", &error))?;
    Ok(Stock { sku, on_hand, reserved, stocked, committed })
}

fn damaged(table: &str, what: &dyn std::fmt::Display) -> StateError {
    StateError::Contradiction(format!("the table {table} is damaged: {what}"))
}
