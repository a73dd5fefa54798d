//! A shared database to leave, made from a file of real invoices.
//!
//! Customers, products and orders are the file's; a cancelling invoice that means a whole order has
//! cancelled it. The rest is made up, always the same: the newest orders are open, every fourth of the
//! others is not paid yet, and something of everything is on the shelves. Money is stored as many do it,
//! in decimal columns.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use contracts::{Currency, CustomerId, OrderId, Sku};
use rusqlite::{Connection, Transaction};
use serde::Serialize;
use workload::retail::book::{Book, Invoice};
use workload::retail::cancellation_match::{Earlier, Meant, meant};
use workload::retail::masters::{Article, Buyer, Masters};

use crate::source::rows::State;

const SCHEMA: &str = include_str!("example/shop.sql");
/// What the applications of the example ask of it.
const QUERIES: &str = include_str!("example/queries.sql");

/// One in so many orders, of the newest, is open.
const OPEN_ONE_IN: usize = 20;
/// One in so many of those that were shipped is not paid yet.
const UNPAID_ONE_IN: usize = 4;
/// Units on the shelves: at least the first, and up to the second more.
const ON_HAND_UNITS: (u64, usize) = (5, 40);

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Made {
    pub customers: usize,
    pub products: usize,
    pub orders: usize,
    pub order_lines: usize,
    pub payments: usize,
    /// The file of the queries.
    pub queries: PathBuf,
}

/// An order of the example.
struct Ordered<'a> {
    invoice: &'a Invoice,
    state: State,
}

/// Makes a database, and a file of queries beside it.
///
/// # Errors
/// When a file is there already, or cannot be written.
pub fn make(book: &Book, currency: Currency, file: &Path) -> anyhow::Result<Made> {
    let queries = file.with_extension("queries.sql");
    for path in [file, &queries] {
        if path.exists() {
            bail!("{} is there already: name another file, or delete it", path.display());
        }
    }
    let mut connection =
        Connection::open(file).with_context(|| format!("cannot make {}", file.display()))?;
    connection.execute_batch(SCHEMA)?;
    let transaction = connection.transaction()?;
    let made = Example { transaction: &transaction, currency }.fill(book)?;
    transaction.commit()?;
    fs::write(&queries, QUERIES).with_context(|| format!("cannot write {}", queries.display()))?;
    Ok(Made { queries, ..made })
}

struct Example<'a> {
    transaction: &'a Transaction<'a>,
    currency: Currency,
}

impl Example<'_> {
    fn fill(&self, book: &Book) -> anyhow::Result<Made> {
        let masters = Masters::of(book, |_| false);
        let orders = orders(book);
        let mut open_units: BTreeMap<&Sku, u64> = BTreeMap::new();
        let mut owed: BTreeMap<&CustomerId, i128> = BTreeMap::new();
        let mut shipped = 0_usize;
        let mut unpaid: HashSet<&OrderId> = HashSet::new();
        for Ordered { invoice, state } in &orders {
            if *state == State::Open {
                for line in &invoice.lines {
                    *open_units.entry(&line.sku).or_default() += u64::from(line.quantity);
                }
            }
            shipped += usize::from(*state == State::Shipped);
            let is_paid = *state == State::Shipped && !shipped.is_multiple_of(UNPAID_ONE_IN);
            if !is_paid {
                unpaid.insert(&invoice.number);
            }
            if *state != State::Cancelled && !is_paid {
                *owed.entry(&invoice.customer).or_default() += invoice.total_minor();
            }
        }
        for (id, buyer) in &masters.customers {
            self.add_customer(id, buyer, owed.get(id).copied().unwrap_or_default())?;
        }
        for (nth, (sku, article)) in masters.products.iter().enumerate() {
            let open = open_units.get(sku).copied().unwrap_or_default();
            let on_hand = open + ON_HAND_UNITS.0 + (nth * 7 % ON_HAND_UNITS.1) as u64;
            self.add_product(sku, article, on_hand)?;
        }
        let mut payments = 0;
        for ordered in &orders {
            self.add_order(ordered)?;
            if ordered.state == State::Shipped && !unpaid.contains(&ordered.invoice.number) {
                self.add_payment(ordered.invoice)?;
                payments += 1;
            }
        }
        Ok(Made {
            customers: masters.customers.len(),
            products: masters.products.len(),
            orders: orders.len(),
            order_lines: orders.iter().map(|ordered| ordered.invoice.lines.len()).sum(),
            payments,
            queries: PathBuf::new(),
        })
    }

    /// A limit is what the customer owes or may come to owe, and up to a hundred more.
    fn add_customer(&self, id: &CustomerId, buyer: &Buyer, owed_minor: i128) -> anyhow::Result<()> {
        let hundred = 100 * 10_i128.pow(self.currency.decimals());
        let limit = (owed_minor / hundred + 1) * hundred;
        let sql = "INSERT INTO customers (id, name, country, currency, credit_limit)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let name = format!("Customer {id}");
        let currency = self.currency.as_str();
        let values = (id.as_str(), name, &buyer.country, currency, self.decimal(limit));
        self.transaction.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn add_product(&self, sku: &Sku, article: &Article, on_hand: u64) -> anyhow::Result<()> {
        let sql = "INSERT INTO products (sku, name, price, currency) VALUES (?1, ?2, ?3, ?4)";
        let price = self.decimal(article.price_minor.into());
        let values = (sku.as_str(), &article.name, price, self.currency.as_str());
        self.transaction.prepare_cached(sql)?.execute(values)?;
        let sql = "INSERT INTO stock (sku, on_hand) VALUES (?1, ?2)";
        self.transaction.prepare_cached(sql)?.execute((sku.as_str(), on_hand))?;
        Ok(())
    }

    fn add_order(&self, Ordered { invoice, state }: &Ordered<'_>) -> anyhow::Result<()> {
        let sql = "INSERT INTO orders (id, customer_id, ordered_on, state) VALUES (?1, ?2, ?3, ?4)";
        let id = invoice.number.as_str();
        let values = (id, invoice.customer.as_str(), &invoice.day, state.name());
        self.transaction.prepare_cached(sql)?.execute(values)?;
        let sql = "INSERT INTO order_lines (order_id, line, sku, quantity, unit_price)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        for (nth, line) in invoice.lines.iter().enumerate() {
            let price = self.decimal(line.price_minor.into());
            let values = (id, nth + 1, line.sku.as_str(), line.quantity, price);
            self.transaction.prepare_cached(sql)?.execute(values)?;
        }
        Ok(())
    }

    fn add_payment(&self, invoice: &Invoice) -> anyhow::Result<()> {
        let sql = "INSERT INTO payments (order_id, amount, paid_on) VALUES (?1, ?2, ?3)";
        let amount = self.decimal(invoice.total_minor());
        let values = (invoice.number.as_str(), amount, &invoice.day);
        self.transaction.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn decimal(&self, minor: i128) -> String {
        self.currency.decimal(minor).to_string()
    }
}

/// The sales of a file, and where each stands.
fn orders(book: &Book) -> Vec<Ordered<'_>> {
    let cancelled = cancelled(book);
    let sales: Vec<&Invoice> = book.sales().collect();
    let open_from = sales.len() - sales.len() / OPEN_ONE_IN;
    let ordered = |(nth, invoice): (usize, &'_ Invoice)| match nth {
        _ if cancelled.contains(&invoice.number) => State::Cancelled,
        nth if nth >= open_from => State::Open,
        _ => State::Shipped,
    };
    let states: Vec<State> = sales.iter().copied().enumerate().map(ordered).collect();
    let ordered = sales.into_iter().zip(states);
    ordered.map(|(invoice, state)| Ordered { invoice, state }).collect()
}

/// The orders that a later invoice cancels whole.
fn cancelled(book: &Book) -> HashSet<OrderId> {
    let (mut cancelled, mut earlier) =
        (HashSet::new(), HashMap::<&CustomerId, Vec<Earlier>>::new());
    for invoice in &book.invoices {
        let earlier = earlier.entry(&invoice.customer).or_default();
        if !invoice.cancels {
            let id = invoice.number.clone();
            earlier.push(Earlier { id, units: invoice.units(), taken: false });
        } else if let Meant::Whole(id) = meant(earlier, &invoice.units()) {
            cancelled.insert(id);
        }
    }
    cancelled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::source::snapshot::Scope;

    const HEADER: &str =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    fn book() -> Book {
        let mut file = HEADER.to_owned();
        for nth in 1..=40 {
            file += &format!("{nth},10001,MUG,{nth},2010-12-01 08:00:00,2.55,{},Norway\n", nth % 3);
        }
        file += "C41,10001,MUG,-7,2010-12-02 08:00:00,2.55,1,Norway\n";
        Book::of(file.as_bytes(), "GBP".parse().unwrap(), None).unwrap()
    }

    #[test]
    fn an_example_has_orders_in_every_state_and_nobody_owes_more_than_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.sqlite");
        let currency = "GBP".parse().unwrap();
        let made = make(&book(), currency, &file).unwrap();
        assert_eq!((made.customers, made.products, made.orders, made.payments), (3, 1, 40, 28));
        assert!(made.queries.exists());
        let old = Source::open(&file).unwrap().snapshot(Scope::Everything).unwrap();
        let orders: Vec<_> = old.orders.values().map(|order| order.as_ref().unwrap()).collect();
        let count = |state| orders.iter().filter(|order| order.state == state).count();
        assert_eq!([State::Cancelled, State::Shipped, State::Open].map(count), [1, 37, 2]);
        assert_eq!(orders.iter().map(|order| order.total.minor).sum::<i64>(), 820 * 255);
        for (id, customer) in &old.customers {
            let ordered = orders.iter().filter(|order| order.customer.as_str() == id);
            let taken = ordered.filter(|order| order.state != State::Cancelled);
            let paid = old.payments.values().flatten().filter(|one| one.customer.as_str() == id);
            let owed = taken.map(|order| order.total.minor).sum::<i64>()
                - paid.map(|one| one.amount.minor).sum::<i64>();
            let limit = customer.as_ref().unwrap().limit.minor;
            assert!(owed <= limit && limit <= owed + 10_000, "{id}: {owed} of {limit}");
        }
        let again = make(&book(), currency, &file).unwrap_err().to_string();
        assert!(again.contains("is there already"), "{again}");
    }
}
