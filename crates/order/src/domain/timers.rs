//! The two durable timers of an order: its deadline, and the end of its hand-over window.

use contracts::events::order::{Confirmed, EndReason};
use contracts::{Event, Id};
use engine::{Decision, Read, StateError};

use super::ended;
use crate::refusal::Refusal;
use crate::state::State;
use crate::tables;

/// Set while an order is `placed`.
pub(super) const DEADLINE: &str = "deadline";

/// Set while an order is `prepared`.
pub(super) const WINDOW: &str = "window";

pub(super) fn decide(
    state: &Read<'_>,
    name: &str,
    order_id: &Id,
) -> Result<Decision<Refusal>, StateError> {
    let unknown = || StateError::Contradiction(format!("timer {name} of no order {order_id}"));
    let order = tables::find(state, order_id)?.ok_or_else(unknown)?;
    let from = order.state.name();
    Ok(match (name, order.state) {
        (DEADLINE, State::Placed) => {
            let text = "not confirmed before its deadline".to_owned();
            let ended = ended(order_id, EndReason::DeadlinePassed, text);
            Decision::emit(from, Event::OrderCancelled(ended))
        }
        (WINDOW, State::Prepared) => {
            let confirmed = Confirmed { order_id: order_id.clone() };
            Decision::emit(from, Event::OrderConfirmed(confirmed))
        }
        // A timer outlived its state: the engine refuses this, and the timer is held.
        _ => Decision::nothing(from),
    })
}
