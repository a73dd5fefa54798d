//! What each service owes to the orders in flight: the backlog on each edge of the choreography.

use std::collections::BTreeMap;

use protocol::{Service, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::order::{FAMILIES, Records};
use crate::keys;
use crate::query::NoAnswer;
use crate::reader::page::{Entry, Order, PageRequest};
use crate::reader::{QueryReader, ReadError};
use crate::saga::Owed;

/// Orders in flight that are looked at, oldest first: a bound on the work of one answer.
pub const LOOKED_AT_MAX: usize = 500;

/// The backlog.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Backlog {
    /// All orders in flight.
    pub in_flight: u64,
    /// How many of them, oldest first, were looked at.
    pub looked_at: usize,
    /// What is owed to the orders that were looked at, by whom and because of what.
    pub owed: Vec<Debt>,
}

/// What one service owes because of one kind of event, or of a timer of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Debt {
    /// Who owes.
    pub service: Service,
    /// The event, or the timer.
    pub because: String,
    /// To how many of the orders that were looked at.
    pub orders: u64,
    /// Since when to the first of them; for a timer, when it is due.
    pub since: Timestamp,
}

/// Reads the backlog.
///
/// # Errors
/// When the read model cannot be read.
pub async fn backlog(reader: QueryReader) -> Result<Backlog, NoAnswer> {
    let page = PageRequest::of(keys::UNSETTLED, Order::Up, LOOKED_AT_MAX, FAMILIES);
    let mut look = reader.look(&[], &[page]).await?;
    let page = look.pages.pop().unwrap_or_default();
    let owed = page.entries.iter().map(owed_to).collect::<Result<Vec<_>, _>>()?;
    Ok(Backlog {
        in_flight: page.all,
        looked_at: page.entries.len(),
        owed: add_up(owed.into_iter().flatten()),
    })
}

fn owed_to(entry: &Entry) -> Result<Vec<Owed>, ReadError> {
    Ok(Records::of(&entry.records)?.saga().owed())
}

fn add_up(owed: impl Iterator<Item = Owed>) -> Vec<Debt> {
    let mut debts: BTreeMap<(Service, String), Debt> = BTreeMap::new();
    for Owed { service, because, since, .. } in owed {
        let debt = debts.entry((service, because.clone())).or_insert_with(|| Debt {
            service,
            because,
            orders: 0,
            since,
        });
        debt.orders += 1;
        debt.since = debt.since.min(since);
    }
    debts.into_values().collect()
}

#[cfg(test)]
mod tests {

    use super::*;
    use contracts::{kind, service};

    fn owed(service: Service, because: &str, micros: i64) -> Owed {
        let (one_of, since) = (vec![kind::PAYMENT_CHARGED], Timestamp::from_micros(micros));
        Owed { service, one_of, because: because.to_owned(), since }
    }

    #[test]
    fn debts_are_counted_for_each_cause_and_the_oldest_says_since_when() {
        let all = [
            owed(service::PAYMENT, "inventory.reserved", 30),
            owed(service::PAYMENT, "inventory.reserved", 20),
            owed(service::PAYMENT, "order.cancelled", 50),
        ];
        let debts = add_up(all.into_iter());
        let seen: Vec<_> =
            debts.iter().map(|d| (d.because.as_str(), d.orders, d.since.micros())).collect();
        assert_eq!(seen, [("inventory.reserved", 2, 20), ("order.cancelled", 1, 50)]);
    }
}
