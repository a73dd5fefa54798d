//! Cancelling by a command: possible, at once and finally, until the order is confirmed.

use contracts::events::order::EndReason;
use contracts::{Event, OrderId};
use engine::{Read, StateError};

use super::ended;
use crate::domain::Decision;
use crate::domain::state::OrderState;
use crate::{Refusal, tables};

pub(in crate::domain) fn cancel(state: &Read<'_>, id: &OrderId) -> Result<Decision, StateError> {
    let stage = tables::stage(state, id)?;
    Ok(match stage {
        OrderState::None => Decision::Refuse(Refusal::UnknownOrder(id.clone())),
        OrderState::Placed | OrderState::Prepared => {
            let detail = "the customer asked for it".to_owned();
            let ended = ended(id, EndReason::Requested, detail);
            Decision::emit(stage.name(), Event::OrderCancelled(ended))
        }
        OrderState::Confirmed | OrderState::Completed => {
            Decision::Refuse(Refusal::TooLate { order_id: id.clone(), stage })
        }
        OrderState::Rejected => Decision::Refuse(Refusal::AlreadyRejected(id.clone())),
        OrderState::Cancelled => Decision::nothing(stage.name()),
    })
}
