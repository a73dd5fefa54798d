//! The shipments, each known by its order's id.

use contracts::OrderId;
use contracts::events::shipping::{Cancelled, Created, Recipient};
use engine::{Read, StateError, Write, params};

use crate::domain::state::{Parcel, Shipment, ShipmentState, reason_name};

/// The steps that make this service's tables.
pub const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE shipment (
        order_id    TEXT PRIMARY KEY,
        state       TEXT NOT NULL,
        -- The parcel. None of it for a tombstone: a shipment that was cancelled before it was made.
        customer_id TEXT,
        name        TEXT,
        address     BLOB, -- JSON
        units       INTEGER,
        -- Why it is cancelled.
        reason      TEXT,
        CHECK ((reason IS NOT NULL) = (state = 'cancelled'))
    ) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE shipment ADD COLUMN customers_seen INTEGER NOT NULL DEFAULT 0;
",
    "
    ALTER TABLE shipment RENAME COLUMN customers_seen TO customer_version;
",
];

const COLUMNS: &str =
    "order_id, state, reason, customer_id, name, address, units, customer_version";

type ShipmentRow = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<Vec<u8>>,
    Option<u64>,
    u64,
);

/// The shipment of an order; none if shipping has not heard of the order.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn find(state: &Read<'_>, order_id: &OrderId) -> Result<Option<Shipment>, StateError> {
    let sql = format!("SELECT {COLUMNS} FROM shipment WHERE order_id = ?1");
    let found: Option<ShipmentRow> = state.one(&sql, [order_id.as_str()], |row| row.try_into())?;
    found.map(to_shipment).transpose()
}

/// At most `limit` shipments of orders with ids above `after`, in the order of these ids.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn page(state: &Read<'_>, after: &str, limit: usize) -> Result<Vec<Shipment>, StateError> {
    let sql =
        format!("SELECT {COLUMNS} FROM shipment WHERE order_id > ?1 ORDER BY order_id LIMIT ?2");
    let rows: Vec<ShipmentRow> = state.all(&sql, params![after, limit], |row| row.try_into())?;
    rows.into_iter().map(to_shipment).collect()
}

pub(crate) fn create(
    write: &mut Write<'_>,
    created: &Created,
    customer_version: u64,
) -> Result<(), StateError> {
    let address = serde_json::to_vec(&created.recipient.address);
    let address = address.map_err(|error| StateError::Contradiction(error.to_string()))?;
    let sql = "INSERT INTO shipment
               (order_id, state, customer_id, name, address, units, customer_version)
               VALUES (?1, 'created', ?2, ?3, ?4, ?5, ?6)";
    let Created { order_id, recipient, units } = created;
    let Recipient { customer_id, name, .. } = recipient;
    let (order_id, customer_id) = (order_id.as_str(), customer_id.as_str());
    let values = params![order_id, customer_id, name, address, units, customer_version];
    write.change_one("creating a shipment", sql, values)
}

pub(crate) fn dispatch(write: &mut Write<'_>, order_id: &OrderId) -> Result<(), StateError> {
    let sql = "UPDATE shipment SET state = 'dispatched'
               WHERE order_id = ?1 AND state = 'created'";
    write.change_one("dispatching a shipment", sql, [order_id.as_str()])
}

/// Cancels the shipment, or leaves a tombstone where none was made.
pub(crate) fn cancel(write: &mut Write<'_>, cancelled: &Cancelled) -> Result<(), StateError> {
    let sql = "INSERT INTO shipment (order_id, state, reason) VALUES (?1, 'cancelled', ?2)
               ON CONFLICT (order_id) DO UPDATE SET state = 'cancelled', reason = ?2
               WHERE state = 'created'";
    let values = params![cancelled.order_id.as_str(), reason_name(cancelled.reason)];
    write.change_one("cancelling a shipment", sql, values)
}

fn to_shipment(row: ShipmentRow) -> Result<Shipment, StateError> {
    let (order_id, state, reason, customer_id, name, address, units, customer_version) = row;
    let parcel = match (customer_id, name, address, units) {
        (Some(customer_id), Some(name), Some(address), Some(units)) => Some(Parcel {
            customer_id: customer_id.parse().map_err(|error| damaged(&error))?,
            name,
            address: serde_json::from_slice(&address).map_err(|error| damaged(&error))?,
            units,
            customer_version,
        }),
        _ => None,
    };
    let order_id = order_id.parse().map_err(|error| damaged(&error))?;
    let state = ShipmentState::of(&state, reason.as_deref()).ok_or_else(|| damaged(&state))?;
    Ok(Shipment { order_id, state, parcel })
}

fn damaged(what: &dyn std::fmt::Display) -> StateError {
    StateError::Contradiction(format!("a stored shipment is damaged: {what}"))
}
