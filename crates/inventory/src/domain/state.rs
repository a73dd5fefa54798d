//! What is on the shelves, and what is set aside for an order. Each state of a reservation has its name in the
//! choreography.

use contracts::{OrderId, Sku};
use std::collections::BTreeMap;

use contracts::events::Line;
use contracts::events::inventory::Units;
use engine::Validators;
use protocol::choreography::{NONE, State};

/// The stock of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    /// The product.
    pub sku: Sku,
    /// Units on the shelves, reserved ones included.
    pub on_hand: u64,
    /// Units that are set aside for orders.
    pub reserved: u64,
    /// Units that ever came in.
    pub stocked: u64,
    /// Units that ever left.
    pub committed: u64,
}

/// What became of an order's reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationState {
    /// All lines are set aside.
    Reserved,
    /// At least one line fell short; nothing was set aside.
    Rejected,
    /// The order ended without them: the units are free again.
    Released,
    /// The units have left.
    Committed,
}

/// The reservation of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The order.
    pub order_id: OrderId,
    /// What became of it.
    pub state: ReservationState,
    /// Units of each product, in the order of their SKUs.
    pub lines: Vec<Units>,
}

impl Stock {
    /// Units that can be reserved.
    #[must_use]
    pub const fn available(&self) -> u64 {
        self.on_hand.saturating_sub(self.reserved)
    }

    /// What tells this state from others. Orders change it too, so no one event stands for it.
    #[must_use]
    pub fn validators(&self) -> Validators {
        let Self { stocked, committed, reserved, .. } = self;
        Validators { tag: format!("{stocked}-{committed}-{reserved}"), modified: None }
    }
}

impl ReservationState {
    /// Every state that a reservation can be in.
    pub const ALL: [Self; 4] = [Self::Reserved, Self::Rejected, Self::Released, Self::Committed];

    /// Its name in the choreography.
    #[must_use]
    pub const fn name(self) -> State {
        match self {
            Self::Reserved => "reserved",
            Self::Rejected => "rejected",
            Self::Released => "released",
            Self::Committed => "committed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// The state of what may not be there, by its name in the choreography.
pub(super) fn state_of(reservation: Option<&Reservation>) -> State {
    reservation.map_or(NONE, |reservation| reservation.state.name())
}

/// Units of each product: it may stand in several lines. A row's bounded size bounds the number of
/// lines, so that no sum comes near the largest that 64 bits hold.
pub(super) fn sums(lines: &[Line]) -> BTreeMap<&Sku, u64> {
    let mut sums = BTreeMap::new();
    for line in lines.iter().filter(|line| line.quantity > 0) {
        let sum: &mut u64 = sums.entry(&line.sku).or_default();
        *sum = sum.saturating_add(u64::from(line.quantity));
    }
    sums
}
