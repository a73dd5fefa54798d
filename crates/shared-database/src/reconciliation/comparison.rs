//! Compares what the old database holds with what the services do.

mod money;

use std::collections::BTreeMap;

use contracts::Currency;

use super::services::{Order as OrderThere, Sample, Services};
use super::{Difference, Figure, Reconciliation};
use crate::source::rows::{Customer, Order, Rows, State};
use crate::source::snapshot::Snapshot;

/// Amounts of several currencies, in minor units. They are never added up.
type Amounts = BTreeMap<Currency, i128>;

/// What is compared, and what was found so far.
struct Comparison<'a> {
    old: &'a Snapshot,
    services: &'a Services,
    /// Whether the old database was left, so that nothing waits any more.
    is_left: bool,
    found: Reconciliation,
}

/// Compares all of it.
pub fn compare(old: &Snapshot, services: &Services, is_left: bool) -> Reconciliation {
    let found = Reconciliation::default();
    let mut comparison = Comparison { old, services, is_left, found };
    comparison.customers();
    comparison.products();
    comparison.stock();
    comparison.orders();
    comparison.accounts();
    comparison.revenue();
    comparison.samples();
    comparison.found
}

impl<'a> Comparison<'a> {
    fn customers(&mut self) {
        let (old, services) = (self.old, self.services);
        let (mut limits, mut there) = (Amounts::new(), Amounts::new());
        for (id, customer) in readable(&old.customers, "customer", &mut self.found) {
            add(&mut limits, customer.limit.currency, customer.limit.minor.into());
            let Some(found) = services.customers.get(id) else {
                self.differs("customer", id, "it is not there");
                continue;
            };
            add(&mut there, found.credit_limit.currency, found.credit_limit.minor.into());
            let Customer { name, street, city, country, limit, closed, .. } = customer;
            let address = &found.address;
            if (name, street, city, country)
                != (&found.name, &address.street, &address.city, &address.country)
            {
                self.differs("customer", id, "name or address are not the same");
            }
            if *limit != found.credit_limit {
                let what =
                    format!("the limit is {}, and {limit} in the old database", found.credit_limit);
                // While it is moved, what was taken over the limit has to have room.
                self.differs_at_the_end(
                    "customer",
                    id,
                    &what,
                    found.credit_limit.minor > limit.minor,
                );
            }
            if *closed != found.closed {
                self.differs_at_the_end("customer", id, "it is closed on one side only", *closed);
            }
        }
        self.count(
            "customers",
            old.customers.len(),
            |id| services.customers.contains_key(id),
            old.customers.keys(),
        );
        self.amounts("credit limits", &limits, &there);
    }

    fn products(&mut self) {
        let (old, services) = (self.old, self.services);
        let (mut prices, mut there) = (Amounts::new(), Amounts::new());
        for (sku, product) in readable(&old.products, "product", &mut self.found) {
            add(&mut prices, product.price.currency, product.price.minor.into());
            let Some(found) = services.products.get(sku) else {
                self.differs("product", sku, "it is not there");
                continue;
            };
            add(&mut there, found.price.currency, found.price.minor.into());
            if (&product.name, product.price) != (&found.name, found.price) {
                self.differs("product", sku, "name or price are not the same");
            }
            if product.discontinued != found.discontinued {
                let what = "it is discontinued on one side only";
                self.differs_at_the_end("product", sku, what, product.discontinued);
            }
        }
        self.count(
            "products",
            old.products.len(),
            |sku| services.products.contains_key(sku),
            old.products.keys(),
        );
        self.amounts("prices", &prices, &there);
    }

    /// What was handed over has left our shelves, and those of the old system never.
    fn stock(&mut self) {
        let (old, services) = (self.old, self.services);
        let mut handed_over: BTreeMap<&str, u64> = BTreeMap::new();
        for order in self.completed().into_iter().filter(|order| order.state == State::Open) {
            for line in &order.lines {
                *handed_over.entry(line.sku.as_str()).or_default() += u64::from(line.quantity);
            }
        }
        let (mut units, mut there) = (0, 0);
        for (sku, on_hand) in readable(&old.stock, "stock", &mut self.found) {
            let left = handed_over.get(sku.as_str()).copied().unwrap_or_default();
            let expected = on_hand.saturating_sub(left);
            let found = services.stock.get(sku).map_or(0, |stock| stock.on_hand);
            units += expected;
            there += found;
            if expected != found {
                let what = format!("{found} units are on hand, and {expected} have to be");
                self.differs("stock", sku, &what);
            }
        }
        self.figure("units on hand", units, there);
    }

    fn orders(&mut self) {
        let (old, services) = (self.old, self.services);
        let mut counts: BTreeMap<State, [usize; 2]> = BTreeMap::new();
        let [mut totals, mut there] = [const { BTreeMap::<State, Amounts>::new() }; 2];
        for (id, order) in readable(&old.orders, "order", &mut self.found) {
            let (state, currency) = (order.state, order.total.currency);
            let count = counts.entry(state).or_default();
            count[0] += 1;
            add(totals.entry(state).or_default(), currency, order.total.minor.into());
            let Some(found) = services.orders.get(id) else {
                self.differs_at_the_end("order", id, "it is not there", state == State::Open);
                continue;
            };
            count[1] += 1;
            add(there.entry(state).or_default(), found.total.currency, found.total.minor.into());
            if !is_the_same(order, found) {
                self.differs("order", id, "customer, day, lines or total are not the same");
            }
            let wanted = if state == State::Cancelled { "cancelled" } else { "completed" };
            if found.state != wanted {
                let what = format!("it is {}, and has to be {wanted}", found.state);
                self.differs("order", id, &what);
            }
        }
        let nothing = Amounts::new();
        for (state, [in_old, found]) in counts {
            self.figure(&format!("orders {}", state.name()), in_old, found);
            let [totals, there] = [&totals, &there].map(|all| all.get(&state).unwrap_or(&nothing));
            self.amounts(&format!("orders {}, total", state.name()), totals, there);
        }
    }

    fn samples(&mut self) {
        let old = self.old;
        let mut same = 0;
        for (id, sample) in &self.services.samples {
            let order = old.orders.get(id).and_then(|order| order.as_ref().ok());
            if order.is_some_and(|order| is_shown(order, sample)) {
                same += 1;
            } else {
                self.differs("sample", id, "the read model does not show it as it is");
            }
        }
        self.figure("sampled orders in the read model", self.services.samples.len(), same);
    }

    /// The orders of the old database that are completed here.
    fn completed(&self) -> Vec<&'a Order> {
        let orders =
            self.old.orders.iter().filter_map(|(id, order)| Some((id, order.as_ref().ok()?)));
        let there = |id: &str| self.services.orders.get(id);
        let completed =
            orders.filter(|(id, _)| there(id).is_some_and(|there| there.state == "completed"));
        completed.map(|(_, order)| order).collect()
    }

    fn differs(&mut self, thing: &str, key: &str, what: &str) {
        let thing = format!("{thing} {key}");
        self.found.differences.push(Difference { thing, what: what.to_owned() });
    }

    /// The same, for what may differ until the old database was left.
    fn differs_at_the_end(&mut self, thing: &str, key: &str, what: &str, may_differ: bool) {
        if self.is_left || !may_differ {
            return self.differs(thing, key, what);
        }
        let (thing, what) = (format!("{thing} {key}"), format!("{what}: the switch does that"));
        self.found.left.push(Difference { thing, what });
    }

    fn figure(&mut self, what: &str, old: impl ToString, services: impl ToString) {
        let (old, services) = (old.to_string(), services.to_string());
        self.found.figures.push(Figure { what: what.to_owned(), old, services });
    }

    fn count<'k>(
        &mut self,
        what: &str,
        old: usize,
        is_there: impl Fn(&str) -> bool,
        keys: impl Iterator<Item = &'k String>,
    ) {
        self.figure(what, old, keys.filter(|key| is_there(key)).count());
    }

    fn amounts(&mut self, what: &str, old: &Amounts, services: &Amounts) {
        let currencies: std::collections::BTreeSet<_> = old.keys().chain(services.keys()).collect();
        for currency in currencies {
            let [old, services] = [old, services].map(|all| {
                let minor = all.get(currency).copied().unwrap_or_default();
                format!("{} {currency}", currency.decimal(minor))
            });
            self.figure(what, old, services);
        }
    }
}

/// The rows that make sense. The others are differences: they are nowhere else.
fn readable<'a, T>(
    rows: &'a Rows<T>,
    thing: &str,
    found: &mut Reconciliation,
) -> Vec<(&'a String, &'a T)> {
    let mut all = Vec::with_capacity(rows.len());
    for (key, row) in rows {
        match row {
            Ok(row) => all.push((key, row)),
            Err(reason) => {
                let (thing, what) = (format!("{thing} {key}"), format!("not moved: {reason}"));
                found.differences.push(Difference { thing, what });
            }
        }
    }
    all
}

fn is_the_same(order: &Order, there: &OrderThere) -> bool {
    let lines = order.lines.iter().map(|line| (&line.sku, line.quantity, line.unit_price));
    let found = there.lines.iter().map(|line| (&line.sku, line.quantity, line.unit_price));
    order.customer == there.customer_id
        && order.day == there.business_date
        && order.total == there.total
        && lines.eq(found)
}

fn is_shown(order: &Order, sample: &Sample) -> bool {
    let state = if order.state == State::Cancelled { "cancelled" } else { "completed" };
    // One that was cancelled may have been charged, and was paid back then.
    let is_charged = order.state == State::Cancelled || sample.payment.charged == Some(order.total);
    is_charged
        && sample.state == state
        && sample.total == order.total
        && sample.business_date == order.day
        && sample.customer.id == order.customer
}

fn add(amounts: &mut Amounts, currency: Currency, minor: i128) {
    *amounts.entry(currency).or_default() += minor;
}

#[cfg(test)]
mod tests;
