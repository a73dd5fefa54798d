//! Accounts as they were.

use contracts::{CustomerId, kind};
use engine::history::{self, Moment};
use engine::{Database, Read, StateError, outbox};
use protocol::{Id, Row};

use crate::PaymentDomain;

/// The database with the customer's account as it was at that moment, folded from its events; none if
/// nothing had happened on it.
///
/// # Errors
/// When the database cannot be read, or a row is damaged.
pub fn account(
    state: &Read<'_>,
    customer_id: &CustomerId,
    moment: Moment,
) -> Result<Option<Database>, StateError> {
    let sql = "SELECT order_id FROM charges WHERE customer_id = ?1";
    let orders: Vec<String> = state.all(sql, [customer_id.as_str()], |row| row.get(0))?;
    let wrong = |error: protocol::ids::InvalidId| StateError::Contradiction(error.to_string());
    let ids = orders.iter().map(|id| id.parse().map_err(wrong)).collect::<Result<Vec<Id>, _>>()?;
    let mut rows = outbox::of_ids(state, &ids)?;
    // What a customer pays in is about the customer, who may have the name of an order.
    let is_payment = |row: &Row| row.subject.starts_with(kind::PAYMENT_SETTLED.name());
    rows.retain(|row| !is_payment(row));
    rows.extend(outbox::of_id(state, customer_id)?.into_iter().filter(is_payment));
    rows.sort_unstable_by_key(|row| row.sequence);
    history::folded(&PaymentDomain, &rows, moment)
}
