//! What the old database holds at one moment: everything, or what changes since a moment are about.

use std::collections::BTreeSet;

use anyhow::Context as _;
use rusqlite::{Connection, Row, Transaction};

use super::Source;
use super::rows::{Customer, Order, Payment, Product, Rows, text, units};
use crate::item::Entity;

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Everything,
    /// What the changes behind this number are about.
    ChangesAfter(u64),
}

/// All of it is of one moment. Of a customer that is in it, all orders and payments are.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The number of the last change that it has seen.
    pub position: u64,
    pub customers: Rows<Customer>,
    /// All products, and all stock: they are few, and stock depends on every order.
    pub products: Rows<Product>,
    pub stock: Rows<u64>,
    pub payments: Rows<Payment>,
    pub orders: Rows<Order>,
    /// What changed, where changes were asked for: it may be gone.
    pub changed: BTreeSet<(Entity, String)>,
}

const CUSTOMERS: &str = "
    SELECT id, name, street, city, country, currency, credit_limit, closed
    FROM customers WHERE COALESCE(CAST(id AS TEXT), '') IN (SELECT key FROM temp.affected)";

const PRODUCTS: &str = "SELECT sku AS id, sku, name, price, currency, discontinued FROM products";

const STOCK: &str = "SELECT sku AS id, on_hand FROM stock";

const PAYMENTS: &str = "
    SELECT p.id AS id, o.customer_id AS customer_id, p.amount AS amount, c.currency AS currency
    FROM payments p LEFT JOIN orders o ON o.id = p.order_id
    LEFT JOIN customers c ON c.id = o.customer_id
    WHERE COALESCE(CAST(o.customer_id AS TEXT), '') IN (SELECT key FROM temp.affected)
       OR o.id IS NULL";

/// A line a row, the lines of an order one after the other.
const ORDERS: &str = "
    SELECT o.id AS id, o.customer_id AS customer_id, o.ordered_on AS ordered_on, o.state AS state,
           c.currency AS currency, l.order_id AS of_order, l.sku AS sku, l.quantity AS quantity,
           l.unit_price AS unit_price
    FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
    LEFT JOIN order_lines l ON l.order_id = o.id
    WHERE COALESCE(CAST(o.customer_id AS TEXT), '') IN (SELECT key FROM temp.affected)
    ORDER BY o.id, l.line";

/// The customers that everything is about; also those that only an order names.
const EVERYBODY: &str = "
    INSERT OR IGNORE INTO temp.affected
    SELECT COALESCE(CAST(id AS TEXT), '') FROM customers
    UNION SELECT COALESCE(CAST(customer_id AS TEXT), '') FROM orders";

/// The customers that the changes behind a number are about.
const CHANGED: &str = "
    INSERT OR IGNORE INTO temp.affected
    SELECT key FROM murmur_changes WHERE number > ?1 AND entity = 'customer'
    UNION SELECT COALESCE(CAST(o.customer_id AS TEXT), '')
        FROM murmur_changes m JOIN orders o ON o.id = m.key
        WHERE m.number > ?1 AND m.entity = 'order'
    UNION SELECT COALESCE(CAST(o.customer_id AS TEXT), '')
        FROM murmur_changes m JOIN payments p ON p.id = m.key JOIN orders o ON o.id = p.order_id
        WHERE m.number > ?1 AND m.entity = 'payment'";

impl Source {
    /// Reads what is there now. The old system can write on: the lock lasts as long as reading does.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn snapshot(&mut self, scope: Scope) -> anyhow::Result<Snapshot> {
        let transaction = self.connection.transaction()?;
        let read = read(&transaction, scope);
        // Nothing of it is to stay; what was read is in memory.
        transaction.rollback()?;
        read.context("the old database cannot be read")
    }
}

fn read(transaction: &Transaction<'_>, scope: Scope) -> rusqlite::Result<Snapshot> {
    transaction.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS affected (key TEXT PRIMARY KEY) WITHOUT ROWID;
         DELETE FROM temp.affected;",
    )?;
    let mut snapshot = Snapshot::default();
    match scope {
        Scope::Everything => drop(transaction.execute(EVERYBODY, [])?),
        Scope::ChangesAfter(number) => {
            transaction.execute(CHANGED, [number])?;
            snapshot.changed = changed(transaction, number)?;
        }
    }
    let last = "SELECT COALESCE(max(seq), 0) FROM sqlite_sequence WHERE name = 'murmur_changes'";
    if has_changes(transaction)? {
        snapshot.position = transaction.query_row(last, [], |row| row.get(0))?;
    }
    snapshot.customers = rows(transaction, CUSTOMERS, Customer::read)?;
    snapshot.products = rows(transaction, PRODUCTS, Product::read)?;
    snapshot.stock = rows(transaction, STOCK, units)?;
    snapshot.payments = rows(transaction, PAYMENTS, Payment::read)?;
    snapshot.orders = orders(transaction)?;
    Ok(snapshot)
}

/// A database in which no import has begun has none.
fn has_changes(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'murmur_changes')";
    connection.query_row(sql, [], |row| row.get(0))
}

fn changed(connection: &Connection, after: u64) -> rusqlite::Result<BTreeSet<(Entity, String)>> {
    let sql = "SELECT DISTINCT entity, key FROM murmur_changes WHERE number > ?1";
    let mut query = connection.prepare(sql)?;
    let mut all = BTreeSet::new();
    let mut found = query.query([after])?;
    while let Some(row) = found.next()? {
        let name: String = row.get(0)?;
        if let Some(entity) = Entity::of_name(&name) {
            all.insert((entity, row.get(1)?));
        }
    }
    Ok(all)
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> Result<T, String>,
) -> rusqlite::Result<Rows<T>> {
    let mut query = connection.prepare(sql)?;
    let found = query.query_map([], |row| Ok((text(row, "id"), read(row))))?;
    found.collect()
}

fn orders(connection: &Connection) -> rusqlite::Result<Rows<Order>> {
    let mut query = connection.prepare(ORDERS)?;
    let (mut all, mut found) = (Rows::new(), query.query([])?);
    while let Some(row) = found.next()? {
        let id = text(row, "id");
        let order = all.remove(&id).unwrap_or_else(|| Order::read(row));
        let order = order.and_then(|order| {
            if text(row, "of_order").is_empty() {
                return Err("it has no line".to_owned());
            }
            order.with_line(row)
        });
        all.insert(id, order);
    }
    Ok(all)
}

#[cfg(test)]
pub(crate) mod tests;
