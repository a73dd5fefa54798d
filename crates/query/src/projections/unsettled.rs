//! The index of orders that somebody still owes an event: a rule over the four records of each.

use crate::fold::IndexChange;
use crate::keys;
use crate::saga::Saga;

/// Whether the order belongs among those that are not settled. Says nothing of an order that ORDER has
/// not told of yet: its `order.placed` will come, and bring it here again.
pub(crate) fn entry(id: &str, saga: &Saga<'_>) -> Option<IndexChange> {
    let since = saga.order?.expected_from();
    let score = (!saga.settled()).then_some(since.micros() / 1_000);
    Some(IndexChange { index: keys::UNSETTLED.to_owned(), member: id.to_owned(), score })
}
