//! What clients want: customers, products, stock, orders that go well and orders that do not.

use contracts::OrderId;
use contracts::events::Address;

use super::{Clients, Request};
use crate::agenda::{MILLISECOND, SECOND};
use crate::env::Env;
use crate::fault::Fault;
use crate::services::{Ask, NOT_SERVED, What, gbp, id};

/// How much there is of everything in one world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    customers: u64,
    products: u64,
    orders: u64,
    /// When the last order is placed.
    pub(crate) ends_at: u64,
}

/// When the first order is placed: by then customers and products are known, if all goes well.
const ORDERS_BEGIN_AT: u64 = SECOND;

impl Workload {
    /// Some workload of about so many orders.
    pub(crate) fn of(env: &mut Env, orders: u64) -> Self {
        let customers = env.random.between(2, 5);
        let products = env.random.between(2, 4);
        let span = env.random.between(500, 12_000) * MILLISECOND;
        Self { customers, products, orders, ends_at: ORDERS_BEGIN_AT + span }
    }

    /// Puts all of it down.
    pub(crate) fn plan(&self, env: &mut Env, clients: &mut Clients) {
        for number in 1..=self.customers {
            self.plan_customer(env, clients, number);
        }
        for number in 1..=self.products {
            self.plan_product(env, clients, number);
        }
        for number in 1..=self.orders {
            self.plan_order(env, clients, number);
        }
        for _ in 0..self.orders / 8 + 1 {
            self.plan_change(env, clients);
        }
    }

    fn plan_customer(&self, env: &mut Env, clients: &mut Clients, number: u64) {
        let details = customer_details(env, number);
        let register = customer::domain::Command::Create { id: id('c', number), details };
        self.ask(env, clients, 0, What::Customer(register), true);
    }

    fn plan_product(&self, env: &mut Env, clients: &mut Clients, number: u64) {
        let price = gbp(i64::try_from(env.random.between(100, 3_000)).unwrap_or(100));
        let details = product::domain::Details { name: format!("Product {number}"), price };
        let list = product::domain::Command::Create { id: id('p', number), details };
        self.ask(env, clients, 0, What::Product(list), true);
        let quantity = u32::try_from(env.random.between(1, self.orders * 4)).unwrap_or(1);
        let stock = inventory::domain::Command::Stock { sku: id('p', number), quantity };
        self.ask(env, clients, 300 * MILLISECOND, What::Inventory(stock), true);
    }

    fn plan_order(&self, env: &mut Env, clients: &mut Clients, number: u64) {
        let at = env.random.between(ORDERS_BEGIN_AT, self.ends_at);
        let order_id: OrderId = id('o', number);
        let lines = (0..env.random.between(1, 3)).map(|_| order::domain::NewLine {
            sku: id('p', env.random.between(1, self.products)),
            quantity: i64::try_from(env.random.between(1, 4)).unwrap_or(1),
            unit_price: None,
        });
        let lines = lines.collect();
        let hand_over = env.random.chance(25).then(|| env.random.between(50, 3_000));
        let deadline = env.random.chance(20).then(|| env.random.between(100, 2_500));
        let millis = |millis: u64| u32::try_from(millis).unwrap_or(u32::MAX);
        let place = order::Command::Place(order::domain::PlaceOrder {
            id: order_id.clone(),
            customer_id: id('c', env.random.between(1, self.customers)),
            lines,
            deadline_ms: deadline.map(millis),
            hand_over_ms: hand_over.map(millis),
            business_date: None,
        });
        self.ask(env, clients, at, What::Order(place), false);
        if env.random.chance(if hand_over.is_some() { 50 } else { 20 }) {
            let wait = env.random.between(0, 2_000) * MILLISECOND;
            let cancel = What::Order(order::Command::Cancel(order_id));
            if env.random.chance(60) {
                let again = wait + env.random.between(0, 50) * MILLISECOND;
                let ask = Ask { what: cancel.clone(), key: None, requires_replicated: false };
                clients.plan(env, at + again, Request::new(ask.clone()));
                let keyed = Ask { key: Some(format!("a-{}", clients.requests.len())), ..ask };
                clients.plan(env, at + again + MILLISECOND, Request::new(keyed));
            }
            self.ask(env, clients, at + wait, cancel, false);
        }
    }

    /// Something changes while orders run.
    fn plan_change(&self, env: &mut Env, clients: &mut Clients) {
        let at = env.random.between(ORDERS_BEGIN_AT, self.ends_at);
        let customer = env.random.between(1, self.customers);
        let product = env.random.between(1, self.products);
        let what = match env.random.below(12) {
            0..=3 => What::Payment(payment::Command::Settle {
                customer_id: id('c', customer),
                amount: gbp(i64::try_from(env.random.between(1, 20_000)).unwrap_or(1)),
            }),
            4 | 5 => What::Customer(customer::domain::Command::Change {
                id: id('c', customer),
                details: customer_details(env, customer),
            }),
            6 => What::Customer(customer::domain::Command::End { id: id('c', customer) }),
            7 | 8 => What::Product(product::domain::Command::Change {
                id: id('p', product),
                details: product::domain::Details {
                    name: format!("Product {product}"),
                    price: gbp(i64::try_from(env.random.between(100, 3_000)).unwrap_or(100)),
                },
            }),
            9 => What::Product(product::domain::Command::End { id: id('p', product) }),
            _ => What::Inventory(inventory::domain::Command::Stock {
                sku: id('p', product),
                quantity: 20,
            }),
        };
        self.ask(env, clients, at, what, false);
    }

    fn ask(&self, env: &mut Env, clients: &mut Clients, at: u64, what: What, insists: bool) {
        let number = clients.requests.len();
        let keyed = insists || env.random.chance(85);
        let requires_replicated = env.random.chance(30);
        let ask = Ask { what, key: keyed.then(|| format!("k-{number}")), requires_replicated };
        let mut request = Request { insists, ..Request::new(ask) };
        if keyed && env.random.chance(5) {
            env.tally.plan(Fault::KeyRepeatedAtOnce);
            let many = env.random.between(2, 6);
            request = request.at_once(many);
        }
        clients.plan(env, at, request);
    }
}

/// Another request of the same kind, which must not pass for the first one.
pub(crate) fn something_else(what: &What) -> Option<What> {
    match what {
        What::Order(order::Command::Place(place)) => {
            let mut other = place.clone();
            other.business_date = Some("2026-02-01".to_owned());
            Some(What::Order(order::Command::Place(other)))
        }
        What::Inventory(inventory::domain::Command::Stock { sku, quantity }) => {
            let (sku, quantity) = (sku.clone(), quantity + 1);
            Some(What::Inventory(inventory::domain::Command::Stock { sku, quantity }))
        }
        What::Order(order::Command::Cancel(_))
        | What::Customer(_)
        | What::Product(_)
        | What::Payment(_) => None,
    }
}

fn customer_details(env: &mut Env, number: u64) -> customer::domain::Details {
    let country = if env.random.chance(10) { NOT_SERVED } else { "Ireland" };
    let limit = env.random.between(2_000, 200_000);
    customer::domain::Details {
        name: format!("Customer {number}"),
        address: Address {
            street: String::new(),
            city: String::new(),
            country: country.to_owned(),
        },
        credit_limit: gbp(i64::try_from(limit).unwrap_or(0)),
    }
}

/// The order that a request without a key would make.
pub(crate) fn placed_order(what: &What) -> Option<&OrderId> {
    if let What::Order(order::Command::Place(place)) = what { Some(&place.id) } else { None }
}
