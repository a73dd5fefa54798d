//! What the INVENTORY stream says of one order.

use contracts::events::inventory::Shortage;
use contracts::{Event, StoredEvent};
use protocol::choreography::State;
use serde::{Deserialize, Serialize};

use crate::records::step::{Step, state_after};

/// An order's reservation, as the inventory service tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRecord {
    /// The lines that fell short, if the reservation was rejected.
    pub shortages: Vec<Shortage>,
    pub steps: Vec<Step>,
}

impl StockRecord {
    /// Folds one event of the INVENTORY stream about one order.
    pub fn fold(record: &mut Option<Self>, event: &StoredEvent) {
        let stock = record.get_or_insert_default();
        if let Event::InventoryRejected(rejected) = &event.event {
            stock.shortages.clone_from(&rejected.shortages);
        }
        stock.steps.push(Step::of(event));
    }

    /// Its state, by the choreography's name.
    #[must_use]
    pub fn state(&self) -> State {
        state_after(&self.steps)
    }
}
