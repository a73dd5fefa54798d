//! One order across all services: four records joined, by rules that do not care which came first.

pub mod pace;

use contracts::choreography::MURMURATION;
use contracts::service;
use protocol::choreography::{NONE, State, Trigger};
use protocol::{Cause, Kind, Service, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::projections::orders::OrderRecord;
use crate::projections::payments::PaymentRecord;
use crate::projections::reservations::StockRecord;
use crate::projections::shipments::ShipmentRecord;
use crate::records::Step;

/// What the four streams say of one order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Saga<'a> {
    /// What ORDER says.
    pub order: Option<&'a OrderRecord>,
    /// What INVENTORY says.
    pub stock: Option<&'a StockRecord>,
    /// What PAYMENT says.
    pub payment: Option<&'a PaymentRecord>,
    /// What SHIPPING says.
    pub shipment: Option<&'a ShipmentRecord>,
}

/// An event that a service owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Owed {
    /// Who owes it.
    pub service: Service,
    /// One of these.
    pub one_of: Vec<Kind>,
    /// What calls for it: an event, or a timer of its own.
    pub because: String,
    /// Since when, or, for a timer, from when on.
    pub since: Timestamp,
}

impl<'a> Saga<'a> {
    /// The steps that one service took.
    #[must_use]
    pub fn steps(&self, service: Service) -> &'a [Step] {
        let steps = match service {
            service::ORDER => self.order.map(|order| order.steps.as_slice()),
            service::INVENTORY => self.stock.map(|stock| stock.steps.as_slice()),
            service::PAYMENT => self.payment.map(|payment| payment.steps.as_slice()),
            service::SHIPPING => self.shipment.map(|shipment| shipment.steps.as_slice()),
            _ => None,
        };
        steps.unwrap_or_default()
    }

    fn state(&self, service: Service) -> State {
        match service {
            service::ORDER => self.order.map_or(NONE, OrderRecord::state),
            service::INVENTORY => self.stock.map_or(NONE, StockRecord::state),
            service::PAYMENT => self.payment.map_or(NONE, PaymentRecord::state),
            service::SHIPPING => self.shipment.map_or(NONE, ShipmentRecord::state),
            _ => NONE,
        }
    }

    /// Which events are owed, by whom and since when, as the choreography says.
    #[must_use]
    pub fn owed(&self) -> Vec<Owed> {
        let mut owed: Vec<Owed> = Vec::new();
        for service in service::ALL {
            owed.extend(self.owed_by(service));
        }
        if owed.is_empty() {
            owed.extend(self.owed_by_timer());
        }
        owed
    }

    /// A service in a state owes a reaction to an event exactly as long as the choreography has one
    /// for that pair: once it has reacted, it is in another state.
    fn owed_by(&self, service: Service) -> Option<Owed> {
        let (first, _) = self.calls_on(service).min_by_key(|(step, _)| step.time)?;
        let mut one_of: Vec<Kind> = Vec::new();
        for kind in self.calls_on(service).flat_map(|(_, kinds)| kinds) {
            if !one_of.contains(kind) {
                one_of.push(*kind);
            }
        }
        Some(Owed { service, one_of, because: first.kind.name().to_owned(), since: first.time })
    }

    /// The steps that call for a reaction of a service in its present state, and what it may be.
    fn calls_on(&self, service: Service) -> impl Iterator<Item = (&'a Step, &'static [Kind])> {
        let state = self.state(service);
        service::ALL.into_iter().flat_map(|other| self.steps(other)).filter_map(move |step| {
            let kinds = MURMURATION.emits(service, state, Trigger::Event(step.kind))?;
            Some((step, kinds))
        })
    }

    /// With no event to react to, an open hand-over window is what the order waits for.
    fn owed_by_timer(&self) -> Option<Owed> {
        const WINDOW: &str = "window";
        let order = self.order?;
        let on = Trigger::Timer(WINDOW);
        let kinds = MURMURATION.emits(service::ORDER, order.state(), on)?;
        Some(Owed {
            service: service::ORDER,
            one_of: kinds.to_vec(),
            because: on.to_string(),
            since: order.until?,
        })
    }

    /// Whether the order has ended and nobody owes anything: no reservation is held without reason,
    /// no charge waits to be paid back, no shipment waits to be cancelled.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.order.is_some_and(OrderRecord::ended) && self.owed().is_empty()
    }

    /// All steps of all services: causes before their effects, and otherwise by time. The clocks of
    /// services may differ, so time alone can show an effect before its cause.
    #[must_use]
    pub fn timeline(&self) -> Vec<&'a Step> {
        let mut queues = service::ALL.map(|service| self.steps(service));
        let mut line = Vec::with_capacity(queues.iter().map(|steps| steps.len()).sum());
        loop {
            let waiting = queues;
            let heads = queues.iter_mut().filter(|steps| !steps.is_empty());
            let free =
                heads.filter(|steps| !steps.first().is_some_and(|s| is_caused_in(s, &waiting)));
            let Some(next) = free.min_by_key(|steps| steps.first().map(|step| step.time)) else {
                break;
            };
            line.extend(next.split_off_first());
        }
        // A circle of causes cannot be; damaged records are shown all the same.
        line.extend(queues.into_iter().flatten());
        line
    }
}

/// Whether the step's cause is one of those that are still waiting for their place.
fn is_caused_in(step: &Step, waiting: &[&[Step]]) -> bool {
    let Cause::Event { service, sequence } = &step.cause else { return false };
    let is_cause = |other: &Step| other.service() == *service && other.sequence == *sequence;
    waiting.iter().any(|steps| steps.iter().any(is_cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::kind;

    fn step(sequence: u64, kind: Kind, micros: i64, cause: &str) -> Step {
        let time = Timestamp::from_micros(micros);
        Step { sequence, kind, time, cause: cause.parse().unwrap() }
    }

    #[test]
    fn a_clock_that_is_slow_does_not_put_an_effect_before_its_cause() {
        let stock = StockRecord {
            shortages: Vec::new(),
            steps: vec![step(9, kind::INVENTORY_RESERVED, 50, "ORDER/3")],
        };
        let payment = PaymentRecord {
            steps: vec![step(4, kind::PAYMENT_CHARGED, 10, "INVENTORY/9")],
            ..PaymentRecord::default()
        };
        let saga = Saga { stock: Some(&stock), payment: Some(&payment), ..Saga::default() };
        let kinds: Vec<_> = saga.timeline().into_iter().map(|step| step.kind).collect();
        assert_eq!(kinds, [kind::INVENTORY_RESERVED, kind::PAYMENT_CHARGED]);
    }

    #[test]
    fn steps_that_name_each_other_as_cause_are_shown_all_the_same() {
        let stock = StockRecord {
            shortages: Vec::new(),
            steps: vec![step(9, kind::INVENTORY_RESERVED, 50, "PAYMENT/4")],
        };
        let payment = PaymentRecord {
            steps: vec![step(4, kind::PAYMENT_CHARGED, 10, "INVENTORY/9")],
            ..PaymentRecord::default()
        };
        let saga = Saga { stock: Some(&stock), payment: Some(&payment), ..Saga::default() };
        assert_eq!(saga.timeline().len(), 2);
    }

    #[test]
    fn an_order_that_only_others_have_heard_of_is_not_settled() {
        let saga = Saga::default();
        assert!(!saga.settled());
        assert_eq!(saga.owed(), []);
    }
}
