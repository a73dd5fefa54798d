//! One SKU: its movements, in the order of the INVENTORY stream.

use contracts::{Event, OrderId, Sku, StoredEvent};

use super::order::{add_up, of_units};

/// One SKU.
#[derive(Debug, Default)]
pub struct StockFold {
    /// What happened to it, in the stream's order.
    pub movements: Vec<Movement>,
}

/// One movement of a SKU.
#[derive(Clone, Debug)]
pub struct Movement {
    /// The row of INVENTORY that says so.
    pub sequence: u64,
    /// Which way.
    pub what: What,
    /// Units.
    pub quantity: u64,
}

/// Which way units moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// They came in; so many are on hand afterwards, it is said.
    Stocked {
        /// On hand afterwards.
        on_hand: u64,
    },
    /// They were set aside for an order.
    Reserved(OrderId),
    /// They are no longer set aside.
    Released(OrderId),
    /// They left with an order.
    Committed(OrderId),
}

/// What is left of a SKU after its movements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// On the shelves, reserved ones included. Negative when more left than came in.
    pub on_hand: i128,
    /// Set aside. Negative when more was given back than was set aside.
    pub reserved: i128,
}

impl Level {
    /// The level after one more movement.
    pub fn after(self, movement: &Movement) -> Self {
        let units = i128::from(movement.quantity);
        let Self { on_hand, reserved } = self;
        match movement.what {
            What::Stocked { .. } => Self { on_hand: on_hand + units, reserved },
            What::Reserved(_) => Self { on_hand, reserved: reserved + units },
            What::Released(_) => Self { on_hand, reserved: reserved - units },
            What::Committed(_) => Self { on_hand: on_hand - units, reserved: reserved - units },
        }
    }
}

/// The movements that one event makes, at most one for each SKU.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other events move nothing")]
pub(super) fn movements(event: &StoredEvent) -> Vec<(Sku, Movement)> {
    let sequence = event.headers.sequence;
    let (units, what) = match &event.event {
        Event::InventoryStocked(stocked) => {
            let one = add_up([(&stocked.sku, stocked.quantity)].into_iter());
            (one, What::Stocked { on_hand: stocked.on_hand })
        }
        Event::InventoryReserved(reserved) => {
            let lines = reserved.lines.iter().map(|line| (&line.sku, line.quantity));
            (add_up(lines), What::Reserved(reserved.order_id.clone()))
        }
        Event::InventoryReleased(back) => {
            (of_units(&back.lines), What::Released(back.order_id.clone()))
        }
        Event::InventoryCommitted(gone) => {
            (of_units(&gone.lines), What::Committed(gone.order_id.clone()))
        }
        _ => return Vec::new(),
    };
    let movement = |(sku, quantity)| (sku, Movement { sequence, what: what.clone(), quantity });
    units.into_iter().map(movement).collect()
}
