//! How long an order took from step to step, by the clocks of the services that took them.

use contracts::{Kind, Timestamp};

use super::Saga;

/// A step of the saga: from one event to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stride {
    /// Its name in records and answers.
    pub name: &'static str,
    /// The event that it starts with.
    pub from: Kind,
    /// The event that it ends with.
    pub to: Kind,
}

/// A step as one order took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When it ended.
    pub end: Timestamp,
    /// How long it took. None is taken in no time at all, but clocks may differ.
    pub micros: u64,
}

const fn stride(name: &'static str, from: Kind, to: Kind) -> Stride {
    Stride { name, from, to }
}

/// The steps of an order that goes through, and the whole way. A hand-over window counts to the step
/// from the shipment's making to the order's confirmation.
pub const STRIDES: [Stride; 7] = [
    stride("placed-reserved", Kind::OrderPlaced, Kind::InventoryReserved),
    stride("reserved-charged", Kind::InventoryReserved, Kind::PaymentCharged),
    stride("charged-created", Kind::PaymentCharged, Kind::ShippingCreated),
    stride("created-confirmed", Kind::ShippingCreated, Kind::OrderConfirmed),
    stride("confirmed-dispatched", Kind::OrderConfirmed, Kind::ShippingDispatched),
    stride("dispatched-completed", Kind::ShippingDispatched, Kind::OrderCompleted),
    stride("whole", Kind::OrderPlaced, Kind::OrderCompleted),
];

impl Saga<'_> {
    /// Each of [`STRIDES`], if both of its events are there.
    #[must_use]
    pub fn pace(&self) -> [Option<Taken>; STRIDES.len()] {
        STRIDES.map(|stride| {
            let (start, end) = (self.time_of(stride.from)?, self.time_of(stride.to)?);
            let micros = end.micros().saturating_sub(start.micros());
            Some(Taken { end, micros: u64::try_from(micros).unwrap_or(0) })
        })
    }

    fn time_of(&self, kind: Kind) -> Option<Timestamp> {
        let step = self.steps(kind.service()).iter().find(|step| step.kind == kind)?;
        Some(step.time)
    }
}
