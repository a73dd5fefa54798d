//! How long an order took from step to step, by the clocks of the services that took them.

use contracts::kind;
use protocol::{Kind, Timestamp};

use super::Saga;
use crate::records::Step;

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
pub static STRIDES: [Stride; 7] = [
    stride("placed-reserved", kind::ORDER_PLACED, kind::INVENTORY_RESERVED),
    stride("reserved-charged", kind::INVENTORY_RESERVED, kind::PAYMENT_CHARGED),
    stride("charged-created", kind::PAYMENT_CHARGED, kind::SHIPPING_CREATED),
    stride("created-confirmed", kind::SHIPPING_CREATED, kind::ORDER_CONFIRMED),
    stride("confirmed-dispatched", kind::ORDER_CONFIRMED, kind::SHIPPING_DISPATCHED),
    stride("dispatched-completed", kind::SHIPPING_DISPATCHED, kind::ORDER_COMPLETED),
    stride("whole", kind::ORDER_PLACED, kind::ORDER_COMPLETED),
];

impl<'a> Saga<'a> {
    /// Those of [`STRIDES`] that are known since an event of this kind was folded, the last of its
    /// stream, and were not before.
    pub(crate) fn steps_completed_by(
        &self,
        kind: Kind,
    ) -> impl Iterator<Item = (&'static Stride, Taken)> {
        let saga = *self;
        // The first of its kind is the one that counts.
        let is_first = saga.of_kind(kind).count() == 1;
        let strides = STRIDES
            .iter()
            .filter(move |stride| is_first && (stride.from == kind || stride.to == kind));
        strides.filter_map(move |stride| Some((stride, saga.taken(stride)?)))
    }

    fn taken(&self, stride: &Stride) -> Option<Taken> {
        let (start, end) = (self.time_of(stride.from)?, self.time_of(stride.to)?);
        let micros = end.micros().saturating_sub(start.micros());
        Some(Taken { end, micros: u64::try_from(micros).unwrap_or(0) })
    }

    fn time_of(&self, kind: Kind) -> Option<Timestamp> {
        self.of_kind(kind).next().map(|step| step.time)
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'a Step> + use<'a> {
        self.steps(kind.service()).iter().filter(move |step| step.kind == kind)
    }
}
