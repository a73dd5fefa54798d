//! What each own event changes: the row of its order, and the timers.

use contracts::events::order::{Ended, Placed, Prepared};
use contracts::{Event, OrderId, StoredEvent};
use engine::seeded::{self, Bug};
use engine::{StateError, Write};

use super::{DEADLINE, WINDOW};
use crate::domain::state::OrderState;
use crate::tables::{self, Change};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the events of other services, none of which is applied here"
)]
pub(super) fn apply(state: &mut Write<'_>, stored: &StoredEvent) -> Result<(), StateError> {
    match &stored.event {
        Event::OrderPlaced(placed) => apply_placed(state, stored, placed),
        Event::OrderPrepared(prepared) => apply_prepared(state, stored, prepared),
        Event::OrderConfirmed(confirmed) => {
            change(state, stored, &confirmed.order_id, Change::to(OrderState::Confirmed))
        }
        Event::OrderCompleted(ended) => end(state, stored, ended, OrderState::Completed),
        Event::OrderRejected(ended) => end(state, stored, ended, OrderState::Rejected),
        Event::OrderCancelled(ended) => end(state, stored, ended, OrderState::Cancelled),
        other => Err(StateError::Contradiction(format!("{} is no order's event", other.kind()))),
    }
}

fn apply_placed(
    state: &mut Write<'_>,
    stored: &StoredEvent,
    placed: &Placed,
) -> Result<(), StateError> {
    tables::insert(state, placed, &stored.headers)?;
    let mut deadline = placed.deadline;
    if seeded::on(Bug::ApplyReadsClock) {
        let given = deadline.millis_since(stored.headers.time);
        deadline = seeded::clock().plus_millis(u32::try_from(given).unwrap_or(0));
    }
    state.set_timer(DEADLINE, &placed.order_id, deadline)
}

fn apply_prepared(
    state: &mut Write<'_>,
    stored: &StoredEvent,
    prepared: &Prepared,
) -> Result<(), StateError> {
    let to = Change { until: Some(prepared.until), ..Change::to(OrderState::Prepared) };
    change(state, stored, &prepared.order_id, to)?;
    state.set_timer(WINDOW, &prepared.order_id, prepared.until)
}

fn end(
    state: &mut Write<'_>,
    stored: &StoredEvent,
    ended: &Ended,
    stage: OrderState,
) -> Result<(), StateError> {
    let to = Change { end: Some((ended.reason, &ended.detail)), ..Change::to(stage) };
    change(state, stored, &ended.order_id, to)
}

/// Moves an order on. Whatever it waited for in its stage is over, and so are that stage's timers.
fn change(
    state: &mut Write<'_>,
    stored: &StoredEvent,
    id: &OrderId,
    to: Change<'_>,
) -> Result<(), StateError> {
    tables::change(state, id, &to, &stored.headers)?;
    state.clear_timer(DEADLINE, id)?;
    state.clear_timer(WINDOW, id)
}
