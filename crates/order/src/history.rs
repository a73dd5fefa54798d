//! Orders as they were.

use contracts::OrderId;
use engine::history::{self, Moment};
use engine::{Read, StateError, outbox};

use crate::OrderDomain;
use crate::tables::{self, OrderRow};

/// The order as it was at that moment, folded from its events; none if it was not placed by then.
///
/// # Errors
/// When the database cannot be read, or a row is damaged.
pub fn order(
    state: &Read<'_>,
    id: &OrderId,
    moment: Moment,
) -> Result<Option<OrderRow>, StateError> {
    // What only decides is not asked.
    let domain = OrderDomain { deadline_ms: 0, hand_over_ms: 0 };
    let then = history::folded(&domain, &outbox::of_id(state, id)?, moment)?;
    then.map_or(Ok(None), |then| tables::order(&then.read(), id))
}
