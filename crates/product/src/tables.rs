//! The one table: each product's newest state, as its event carries it.

use contracts::Id;
use contracts::events::Product;
use engine::{Read, StateError, Write, params};

/// The steps that make this service's tables.
pub const MIGRATIONS: &[&str] = &["
    CREATE TABLE product (
        sku     TEXT PRIMARY KEY,
        -- Sequence of the event that made this state.
        version INTEGER NOT NULL,
        -- JSON, as in that event.
        state   BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// The product of that SKU, and the version.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn find(state: &Read<'_>, sku: &Id) -> Result<Option<(u64, Product)>, StateError> {
    let sql = "SELECT version, state FROM product WHERE sku = ?1";
    let found = state.one(sql, [sku.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.map(parse).transpose()
}

/// At most `limit` products with SKUs above `after`, in the order of their SKUs.
///
/// # Errors
/// When the database cannot be read or is damaged.
pub fn page(
    state: &Read<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<(u64, Product)>, StateError> {
    let sql = "SELECT version, state FROM product WHERE sku > ?1 ORDER BY sku LIMIT ?2";
    let rows = state.all(sql, params![after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.into_iter().map(parse).collect()
}

pub(crate) fn insert(
    write: &mut Write<'_>,
    version: u64,
    product: &Product,
) -> Result<(), StateError> {
    let sql = "INSERT INTO product (sku, version, state) VALUES (?1, ?2, ?3)";
    let values = params![product.sku.as_str(), version, to_json(product)?];
    write.change_one("listing a product", sql, values)
}

pub(crate) fn update(
    write: &mut Write<'_>,
    version: u64,
    product: &Product,
) -> Result<(), StateError> {
    let sql = "UPDATE product SET version = ?2, state = ?3 WHERE sku = ?1";
    let values = params![product.sku.as_str(), version, to_json(product)?];
    write.change_one("changing a product", sql, values)
}

fn to_json(product: &Product) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(product).map_err(|error| StateError::Contradiction(error.to_string()))
}

fn parse((version, json): (u64, Vec<u8>)) -> Result<(u64, Product), StateError> {
    let damaged =
        |error| StateError::Contradiction(format!("a stored product is damaged: {error}"));
    Ok((version, serde_json::from_slice(&json).map_err(damaged)?))
}
