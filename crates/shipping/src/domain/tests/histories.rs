//! Any mixture of the three streams, against a model of one customer and a few orders.

use std::collections::BTreeMap;

use contracts::events::order::{Confirmed, Ended};
use contracts::events::payment::Charged;
use contracts::{Event, kind};
use proptest::prelude::*;
use protocol::Kind;

use super::world::{World, all, charge, customer, ended, id, new_engine, outbox};

const ORDERS: [&str; 3] = ["o-1", "o-2", "o-3"];

/// What CUSTOMER holds in the end: the country at each version, and whether the last one closes.
#[derive(Clone, Debug)]
struct Life {
    countries: Vec<&'static str>,
    closed: bool,
}

/// The next event that arrives.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The next of CUSTOMER, while there is one.
    Customer,
    /// A charge by that version of the customer: perhaps one that is not heard of here yet.
    Charge {
        order: usize,
        version: usize,
    },
    Confirm {
        order: usize,
    },
    Cancel {
        order: usize,
    },
}

/// What shipping must come to: the events of each order.
struct Model<'a> {
    life: &'a Life,
    heard: usize,
    published: BTreeMap<usize, Vec<Kind>>,
    /// For each parcel, the version of the customer that it was made by.
    parcels: BTreeMap<usize, usize>,
}

impl Life {
    fn any() -> impl Strategy<Value = Self> {
        let country = prop::sample::select(vec!["GB", "GB", "FR", "XX"]);
        let countries = prop::collection::vec(country, 1..6);
        (countries, any::<bool>()).prop_map(|(countries, closed)| Self { countries, closed })
    }

    fn is_closed_at(&self, version: usize) -> bool {
        self.closed && version == self.countries.len()
    }

    fn country_at(&self, version: usize) -> &'static str {
        self.countries[version - 1]
    }

    fn event(&self, version: usize) -> Event {
        let closed = self.is_closed_at(version);
        let customer = customer(self.country_at(version), closed);
        match (version, closed) {
            (_, true) => Event::CustomerClosed(customer),
            (1, false) => Event::CustomerRegistered(customer),
            (_, false) => Event::CustomerChanged(customer),
        }
    }

    fn charge(&self, order: usize, version: usize) -> Event {
        let customer = customer(self.country_at(version), self.is_closed_at(version));
        let charge = charge(u64::try_from(version).unwrap(), customer);
        Event::PaymentCharged(Charged { order_id: id(ORDERS[order]), ..charge })
    }
}

impl Step {
    fn any() -> impl Strategy<Value = Self> {
        let order = 0..ORDERS.len();
        prop_oneof![
            Just(Self::Customer),
            (order.clone(), 0_usize..5)
                .prop_map(|(order, nth)| Self::Charge { order, version: nth + 1 }),
            order.clone().prop_map(|order| Self::Confirm { order }),
            order.prop_map(|order| Self::Cancel { order }),
        ]
    }

    /// The event, if the customer lives long enough for it.
    fn event(self, life: &Life, heard: usize) -> Option<Event> {
        let lived = life.countries.len();
        match self {
            Self::Customer => (heard < lived).then(|| life.event(heard + 1)),
            Self::Charge { order, version } => {
                (version <= lived).then(|| life.charge(order, version))
            }
            Self::Confirm { order } => {
                Some(Event::OrderConfirmed(Confirmed { order_id: id(ORDERS[order]) }))
            }
            Self::Cancel { order } => {
                let order_id = id(ORDERS[order]);
                Some(Event::OrderCancelled(Ended { order_id, ..ended() }))
            }
        }
    }
}

impl<'a> Model<'a> {
    fn new(life: &'a Life) -> Self {
        Self { life, heard: 0, published: BTreeMap::new(), parcels: BTreeMap::new() }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Customer => self.heard += 1,
            Step::Charge { order, version } if self.last(order).is_none() => {
                self.charge(order, version.max(self.heard));
            }
            Step::Confirm { order } if self.last(order) == Some(kind::SHIPPING_CREATED) => {
                let leaves = self.can_leave(order);
                let kind =
                    if leaves { kind::SHIPPING_DISPATCHED } else { kind::SHIPPING_CANCELLED };
                self.publish(order, kind);
            }
            Step::Cancel { order }
                if matches!(self.last(order), None | Some(kind::SHIPPING_CREATED)) =>
            {
                self.publish(order, kind::SHIPPING_CANCELLED);
            }
            Step::Charge { .. } | Step::Confirm { .. } | Step::Cancel { .. } => {}
        }
    }

    fn charge(&mut self, order: usize, newest: usize) {
        let country = self.life.country_at(newest);
        if country == "XX" || self.life.is_closed_at(newest) {
            return self.publish(order, kind::SHIPPING_CANCELLED);
        }
        self.parcels.insert(order, newest);
        self.publish(order, kind::SHIPPING_CREATED);
    }

    fn can_leave(&self, order: usize) -> bool {
        let moved_away =
            self.heard > self.parcels[&order] && self.life.country_at(self.heard) == "XX";
        !moved_away && !self.life.is_closed_at(self.heard)
    }

    fn last(&self, order: usize) -> Option<Kind> {
        self.published.get(&order)?.last().copied()
    }

    fn publish(&mut self, order: usize, kind: Kind) {
        self.published.entry(order).or_default().push(kind);
    }
}

/// What was published about each order.
fn published(world: &World) -> BTreeMap<usize, Vec<Kind>> {
    let mut published: BTreeMap<usize, Vec<Kind>> = BTreeMap::new();
    for row in outbox(&world.engine) {
        let event = row.parse::<Event>().unwrap().event;
        let order = ORDERS.iter().position(|order| *order == event.id().as_str()).unwrap();
        published.entry(order).or_default().push(event.kind());
    }
    published
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn shipments_follow_a_plain_model_and_come_back_from_their_rows(
        life in Life::any(),
        steps in prop::collection::vec(Step::any(), 0..40),
    ) {
        let (mut world, mut model) = (World::new(), Model::new(&life));
        for step in steps {
            let Some(event) = step.event(&life, model.heard) else { continue };
            world.hear(event);
            model.step(step);
            prop_assert_eq!(&published(&world), &model.published, "{:?}", step);
        }

        let mut restored = new_engine();
        restored.restore(&outbox(&world.engine)).unwrap();
        prop_assert_eq!(all(&restored), all(&world.engine));
    }

    #[test]
    fn the_shipment_of_an_order_that_was_cancelled_never_leaves(
        life in Life::any(),
        before in prop::collection::vec(Step::any(), 0..20),
        after in prop::collection::vec(Step::any(), 0..20),
    ) {
        // ORDER confirms or cancels, never both: here it cancels `o-1`.
        let cancel = [Step::Cancel { order: 0 }];
        let mut world = World::new();
        let mut heard = 0;
        for step in before.into_iter().chain(cancel).chain(after) {
            if matches!(step, Step::Confirm { order: 0 }) {
                continue;
            }
            let Some(event) = step.event(&life, heard) else { continue };
            heard += usize::from(matches!(step, Step::Customer));
            world.hear(event);
        }
        prop_assert_eq!(world.state(), "cancelled");
        prop_assert!(!published(&world)[&0].contains(&kind::SHIPPING_DISPATCHED));
    }
}
