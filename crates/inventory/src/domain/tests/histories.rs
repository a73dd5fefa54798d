//! Any history of inputs, against a model that keeps nothing but sums.

use std::collections::BTreeMap;

use contracts::Event;
use contracts::events::order::{Confirmed, Ended, Placed};
use engine::{Outcome, QueuedInput, Request};
use proptest::prelude::*;

use super::world::{World, ended, id, new_engine, order, outbox, tables_of};
use crate::domain::Command;
use crate::domain::state::ReservationState;

const SKUS: [&str; 3] = ["a", "b", "c"];
const ORDERS: [&str; 4] = ["o-1", "o-2", "o-3", "o-4"];

/// One input.
#[derive(Clone, Debug)]
enum Step {
    Stock { sku: usize, quantity: u32 },
    Place { order: usize, lines: Vec<(usize, u32)> },
    Confirm { order: usize },
    Cancel { order: usize },
    Reject { order: usize },
    Complete { order: usize },
}

/// What inventory must come to, told in the plainest way.
#[derive(Default)]
struct Model {
    stocked: BTreeMap<&'static str, u64>,
    orders: BTreeMap<&'static str, (ReservationState, BTreeMap<&'static str, u64>)>,
}

impl Step {
    fn any() -> impl Strategy<Value = Self> {
        let order = 0..ORDERS.len();
        let lines = prop::collection::vec((0..SKUS.len(), 0_u32..6), 1..5);
        prop_oneof![
            (0..SKUS.len(), 0_u32..8).prop_map(|(sku, quantity)| Self::Stock { sku, quantity }),
            (order.clone(), lines).prop_map(|(order, lines)| Self::Place { order, lines }),
            order.clone().prop_map(|order| Self::Confirm { order }),
            order.clone().prop_map(|order| Self::Cancel { order }),
            order.clone().prop_map(|order| Self::Reject { order }),
            order.prop_map(|order| Self::Complete { order }),
        ]
    }

    fn work(&self, world: &mut World) -> QueuedInput<Command, Event> {
        let event = match self {
            Self::Stock { sku, quantity } => {
                let command = Command::Stock { sku: id(SKUS[*sku]), quantity: *quantity };
                return QueuedInput::Command { command, request: Request::default() };
            }
            Self::Place { order: nth, lines } => {
                let lines: Vec<_> = lines.iter().map(|(sku, n)| (SKUS[*sku], *n)).collect();
                Event::OrderPlaced(Placed { order_id: id(ORDERS[*nth]), ..order(&lines) })
            }
            Self::Confirm { order } => {
                Event::OrderConfirmed(Confirmed { order_id: id(ORDERS[*order]) })
            }
            Self::Cancel { order } => Event::OrderCancelled(end_of(*order)),
            Self::Reject { order } => Event::OrderRejected(end_of(*order)),
            Self::Complete { order } => Event::OrderCompleted(end_of(*order)),
        };
        QueuedInput::Event(Box::new(world.orders.next(event)))
    }
}

impl Model {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Stock { quantity: 0, .. } | Step::Confirm { .. } => {}
            Step::Stock { sku, quantity } => {
                *self.stocked.entry(SKUS[*sku]).or_default() += u64::from(*quantity);
            }
            Step::Place { order, lines } => self.place(ORDERS[*order], lines),
            Step::Cancel { order } | Step::Reject { order } => {
                self.end(ORDERS[*order], ReservationState::Released);
            }
            Step::Complete { order } => self.end(ORDERS[*order], ReservationState::Committed),
        }
    }

    fn end(&mut self, order: &str, end: ReservationState) {
        let Some((state, _)) = self.orders.get_mut(order) else { return };
        if *state == ReservationState::Reserved {
            *state = end;
        }
    }

    fn place(&mut self, order: &'static str, lines: &[(usize, u32)]) {
        let mut wanted = BTreeMap::new();
        for (sku, quantity) in lines.iter().filter(|(_, quantity)| *quantity > 0) {
            *wanted.entry(SKUS[*sku]).or_default() += u64::from(*quantity);
        }
        let fits = |(sku, wanted): (&&'static str, &u64)| {
            let [on_hand, reserved, ..] = self.counts(sku);
            on_hand - reserved >= *wanted
        };
        let placed = if wanted.iter().all(fits) {
            (ReservationState::Reserved, wanted)
        } else {
            (ReservationState::Rejected, BTreeMap::new())
        };
        self.orders.entry(order).or_insert(placed);
    }

    /// On hand, reserved, stocked and committed.
    fn counts(&self, sku: &str) -> [u64; 4] {
        let sum = |of: ReservationState| -> u64 {
            let orders = self.orders.values().filter(|(state, _)| *state == of);
            orders.filter_map(|(_, lines)| lines.get(sku)).sum()
        };
        let stocked = self.stocked.get(sku).copied().unwrap_or_default();
        let committed = sum(ReservationState::Committed);
        [stocked - committed, sum(ReservationState::Reserved), stocked, committed]
    }

    fn check(&self, world: &World) {
        for sku in self.stocked.keys() {
            let counts @ [on_hand, reserved, stocked, committed] = world.counts(sku);
            assert_eq!(counts, self.counts(sku), "{sku}");
            assert!(reserved <= on_hand && on_hand == stocked - committed, "{sku}: {counts:?}");
        }
        let (_, reservations) = tables_of(&world.engine, &ORDERS);
        for (order, found) in ORDERS.iter().zip(reservations) {
            let found = found.map(|reservation| reservation.state);
            assert_eq!(found, self.orders.get(order).map(|(state, _)| *state), "{order}");
        }
    }
}

fn end_of(order: usize) -> Ended {
    Ended { order_id: id(ORDERS[order]), ..ended() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn stock_follows_a_plain_model_and_nothing_is_oversold(
        steps in prop::collection::vec(Step::any(), 0..60),
    ) {
        let (mut world, mut model) = (World::new(), Model::default());
        for step in &steps {
            let work = step.work(&mut world);
            let batch = world.run(&[work]);
            prop_assert!(!matches!(batch.outcomes[..], [Outcome::Held { .. }]), "{step:?}");
            model.step(step);
            model.check(&world);
        }
    }

    #[test]
    fn batches_and_a_restored_database_come_to_the_same(
        steps in prop::collection::vec(Step::any(), 0..60),
        batch in 1_usize..20,
    ) {
        let (mut world, mut batched) = (World::new(), World::new());
        for steps in steps.chunks(batch) {
            let inputs: Vec<_> = steps.iter().map(|step| step.work(&mut batched)).collect();
            batched.run(&inputs);
            for step in steps {
                let work = step.work(&mut world);
                world.run(&[work]);
            }
        }
        prop_assert_eq!(outbox(&batched.engine), outbox(&world.engine));

        let mut restored = new_engine();
        restored.restore(&outbox(&world.engine)).unwrap();
        prop_assert_eq!(tables_of(&restored, &ORDERS), tables_of(&world.engine, &ORDERS));
    }
}
