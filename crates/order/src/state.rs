//! The states of an order, by their names in the choreography.

use contracts::choreography;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Accepted; stock, money and shipment are being taken.
    Placed,
    /// All is taken; people may still change their minds.
    Prepared,
    /// It may leave the house; too late to cancel.
    Confirmed,
    /// It has left: an end.
    Completed,
    /// Stock or credit was refused: an end.
    Rejected,
    /// Cancelled by a customer, the deadline or a failed shipment: an end.
    Cancelled,
}

impl State {
    /// Every state there is.
    pub const ALL: [Self; 6] = [
        Self::Placed,
        Self::Prepared,
        Self::Confirmed,
        Self::Completed,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// The name.
    #[must_use]
    pub const fn name(self) -> choreography::State {
        match self {
            Self::Placed => "placed",
            Self::Prepared => "prepared",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}
