//! From what the old database holds to what is to be sent, in the order in which it has to be.
//!
//! History is not decided anew. What was paid goes before what was ordered, so that an order that went out
//! within its customer's limit is within it here, too; where the old system let a customer owe more, the
//! limit is that much higher until the end. Stock is what is on the shelves and what the orders take
//! that are moved. What is not at an end stays in the hands of the old system until it is left.
//!
//! Deliberately absent: sending. What is refused here is what no service could be asked for.

mod requests;

use std::collections::{BTreeMap, BTreeSet};

use contracts::Money;
use contracts::money::AMOUNT_MINOR_MAX;

use crate::item::{Entity, Item, Outcome};
use crate::progress::{Known, Progress, State as ItemState};
use crate::source::rows::{Customer, Order, Rows, State};
use crate::source::snapshot::{Scope, Snapshot};

/// How far the old system still is in charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It goes on: what is not at an end is its own.
    Moving,
    /// It refuses writes: the rest is handed over.
    Leaving,
}

/// What is to be done about things of one or a few kinds.
#[derive(Debug, Default)]
pub struct Plan {
    pub items: Vec<Item>,
    /// What needs no request, with what is to be noted of it.
    pub without_request: Vec<(Entity, String, String, Outcome)>,
    /// What never was in the services, and is gone.
    pub gone: Vec<(Entity, String)>,
}

/// What plans are made from.
#[derive(Debug)]
pub struct Planner<'a> {
    pub snapshot: &'a Snapshot,
    pub progress: &'a Progress,
    pub scope: Scope,
    pub stage: Stage,
}

impl Planner<'_> {
    /// Customers, and products.
    ///
    /// # Errors
    /// When the progress cannot be read.
    pub fn masters(&self) -> rusqlite::Result<[Plan; 2]> {
        let [mut customers, mut products] = [Plan::default(), Plan::default()];
        let owed = owed(self.snapshot);
        for (key, customer) in &self.snapshot.customers {
            let Some(customer) = customers.readable(Entity::Customer, key, customer) else {
                continue;
            };
            let limit = match self.stage {
                Stage::Moving => room(customer, owed.get(customer.id.as_str()).copied()),
                Stage::Leaving => customer.limit,
            };
            let known = self.progress.known(Entity::Customer, key)?;
            let item = requests::customer(key, customer, limit, was_moved(known.as_ref()));
            self.add(&mut customers, known, item);
        }
        for (key, product) in &self.snapshot.products {
            let Some(product) = products.readable(Entity::Product, key, product) else { continue };
            let known = self.progress.known(Entity::Product, key)?;
            let item = requests::product(key, product, was_moved(known.as_ref()));
            self.add(&mut products, known, item);
        }
        self.add_gone(&mut customers, Entity::Customer, &self.snapshot.customers)?;
        self.add_gone(&mut products, Entity::Product, &self.snapshot.products)?;
        Ok([customers, products])
    }

    /// What was paid, once customers are there.
    ///
    /// # Errors
    /// When the progress cannot be read.
    pub fn payments(&self) -> rusqlite::Result<Plan> {
        let mut plan = Plan::default();
        for (key, payment) in &self.snapshot.payments {
            let Some(payment) = plan.readable(Entity::Payment, key, payment) else { continue };
            let known = self.progress.known(Entity::Payment, key)?;
            let item = requests::payment(key, payment);
            if !self.is_there(Entity::Customer, payment.customer.as_str())? {
                plan.refuse(&item, format!("its customer {} was not moved", payment.customer));
            } else {
                self.add_unchangeable(&mut plan, known, item);
            }
        }
        self.add_gone(&mut plan, Entity::Payment, &self.snapshot.payments)?;
        Ok(plan)
    }

    /// Orders, once customers and products are there: those that were cancelled first, before others take
    /// what they have to find on the shelves.
    ///
    /// # Errors
    /// When the progress cannot be read.
    pub fn orders(&self) -> rusqlite::Result<Plan> {
        let mut plan = Plan::default();
        let mut sorted: Vec<(&String, &Order)> = Vec::new();
        for (key, order) in &self.snapshot.orders {
            sorted.extend(plan.readable(Entity::Order, key, order).map(|order| (key, order)));
        }
        sorted.retain(|(_, order)| self.stage == Stage::Leaving || order.state != State::Open);
        sorted.sort_by_key(|(key, order)| (order.state, &order.day, *key));
        for (key, order) in sorted {
            let known = self.progress.known(Entity::Order, key)?;
            let item = requests::order(key, order);
            match self.missing(order)? {
                Some(reason) => plan.refuse(&item, reason),
                None => self.add_unchangeable(&mut plan, known, item),
            }
        }
        self.add_gone(&mut plan, Entity::Order, &self.snapshot.orders)?;
        Ok(plan)
    }

    /// Stock, before these orders are sent.
    ///
    /// # Errors
    /// When the progress cannot be read.
    pub fn stock(&self, orders: &Plan) -> rusqlite::Result<Plan> {
        let mut plan = Plan::default();
        let mut pending: BTreeMap<String, u64> = BTreeMap::new();
        for (sku, units) in orders.items.iter().flat_map(Item::takes) {
            *pending.entry(sku).or_default() += units;
        }
        let known = self.progress.keys(Entity::Stock)?;
        let skus: BTreeSet<&String> =
            self.snapshot.stock.keys().chain(pending.keys()).chain(&known).collect();
        for sku in skus {
            let on_hand = self.snapshot.stock.get(sku).unwrap_or(&Ok(0));
            let Some(on_hand) = plan.readable(Entity::Stock, sku, on_hand) else { continue };
            let units = self.progress.units(sku)?;
            let wanted = on_hand + units.taken + pending.get(sku).copied().unwrap_or_default();
            let known = self.progress.known(Entity::Stock, sku)?;
            let item = requests::stock(sku, wanted, wanted.saturating_sub(units.brought));
            if !self.is_there(Entity::Product, sku)? {
                plan.refuse(&item, "its product was not moved".to_owned());
            } else if wanted < units.brought {
                let many = units.brought - wanted;
                let reason = format!("{many} units too many are there: inventory takes none out");
                plan.refuse(&item, reason);
            } else if wanted > units.brought {
                self.add(&mut plan, known, item);
            } else if known.is_none_or(|known| known.state != ItemState::Moved) {
                plan.is_there(&item);
            }
        }
        Ok(plan)
    }

    /// What ends: after it, nothing of the kind can be ordered.
    ///
    /// # Errors
    /// When the progress cannot be read.
    pub fn ends(&self) -> rusqlite::Result<Plan> {
        let mut plan = Plan::default();
        if self.stage == Stage::Moving {
            return Ok(plan);
        }
        let customers = self.snapshot.customers.iter();
        let closed = customers.filter(|(_, one)| one.as_ref().is_ok_and(|one| one.closed));
        let closed = closed.map(|(key, _)| (Entity::Customer, requests::closed_customer(key)));
        let products = self.snapshot.products.iter();
        let ended = products.filter(|(_, one)| one.as_ref().is_ok_and(|one| one.discontinued));
        let ended = ended.map(|(key, _)| (Entity::Product, requests::discontinued_product(key)));
        for (of, item) in closed.chain(ended) {
            if self.is_there(of, &item.key)? {
                let known = self.progress.known(item.entity, &item.key)?;
                self.add(&mut plan, known, item);
            }
        }
        Ok(plan)
    }

    /// Adds what is not there yet as it should be.
    fn add(&self, plan: &mut Plan, known: Option<Known>, item: Item) {
        let is_same = known.as_ref().is_some_and(|known| known.wanted == item.wanted);
        match known.map(|known| known.state) {
            Some(ItemState::Moved) if is_same => {}
            // What was refused is asked for again when everything is.
            Some(ItemState::Refused) if is_same && self.scope != Scope::Everything => {}
            _ => plan.items.push(item),
        }
    }

    /// The same, for what no service changes once it is there.
    fn add_unchangeable(&self, plan: &mut Plan, known: Option<Known>, item: Item) {
        match known {
            Some(known) if known.was_moved => {
                if known.wanted != item.wanted {
                    let reason = "it was changed after it was moved; what is there stays";
                    plan.refuse(&item, reason.to_owned());
                } else if known.state != ItemState::Moved {
                    plan.is_there(&item);
                }
            }
            known => self.add(plan, known, item),
        }
    }

    /// What of it is known and no longer in the old database.
    fn add_gone<T>(&self, plan: &mut Plan, entity: Entity, rows: &Rows<T>) -> rusqlite::Result<()> {
        let changed = self.snapshot.changed.iter().filter(|(of, _)| *of == entity);
        let keys = match self.scope {
            // Of these, everything is read each time.
            _ if entity == Entity::Product => self.progress.keys(entity)?,
            Scope::Everything => self.progress.keys(entity)?,
            Scope::ChangesAfter(_) => changed.map(|(_, key)| key.clone()).collect(),
        };
        for key in keys.into_iter().filter(|key| !rows.contains_key(key)) {
            match self.progress.known(entity, &key)? {
                Some(known) if known.was_moved => {
                    let reason = "it is gone from the old database; what is there stays".to_owned();
                    let refused = Outcome::Refused(reason);
                    plan.without_request.push((entity, key, known.wanted, refused));
                }
                Some(_) => plan.gone.push((entity, key)),
                None => {}
            }
        }
        Ok(())
    }

    /// Why an order cannot be placed, as far as is known here.
    fn missing(&self, order: &Order) -> rusqlite::Result<Option<String>> {
        if !self.is_there(Entity::Customer, order.customer.as_str())? {
            return Ok(Some(format!("its customer {} was not moved", order.customer)));
        }
        for line in &order.lines {
            if !self.is_there(Entity::Product, line.sku.as_str())? {
                return Ok(Some(format!("its product {} was not moved", line.sku)));
            }
        }
        Ok(None)
    }

    fn is_there(&self, entity: Entity, key: &str) -> rusqlite::Result<bool> {
        Ok(was_moved(self.progress.known(entity, key)?.as_ref()))
    }
}

impl Plan {
    /// A row, unless it cannot be read: then that is noted.
    fn readable<'r, T>(
        &mut self,
        entity: Entity,
        key: &str,
        row: &'r Result<T, String>,
    ) -> Option<&'r T> {
        let reason = match row {
            Ok(row) => return Some(row),
            Err(reason) => reason.clone(),
        };
        self.without_request.push((
            entity,
            key.to_owned(),
            String::new(),
            Outcome::Refused(reason),
        ));
        None
    }

    fn refuse(&mut self, item: &Item, reason: String) {
        let Item { entity, key, wanted, .. } = item;
        let refused = (*entity, key.clone(), wanted.clone(), Outcome::Refused(reason));
        self.without_request.push(refused);
    }

    fn is_there(&mut self, item: &Item) {
        let Item { entity, key, wanted, .. } = item;
        self.without_request.push((*entity, key.clone(), wanted.clone(), Outcome::Moved));
    }
}

fn was_moved(known: Option<&Known>) -> bool {
    known.is_some_and(|known| known.was_moved)
}

/// What each customer comes to owe while the orders are moved: what was shipped or is cancelled again, less
/// what was paid.
fn owed(snapshot: &Snapshot) -> BTreeMap<&str, i128> {
    let mut owed: BTreeMap<&str, i128> = BTreeMap::new();
    for order in snapshot.orders.values().flatten().filter(|order| order.state != State::Open) {
        *owed.entry(order.customer.as_str()).or_default() += i128::from(order.total.minor);
    }
    for payment in snapshot.payments.values().flatten() {
        *owed.entry(payment.customer.as_str()).or_default() -= i128::from(payment.amount.minor);
    }
    owed
}

/// The limit by which every order that was taken is taken here.
fn room(customer: &Customer, owed: Option<i128>) -> Money {
    let limit = customer.limit;
    let owed = i64::try_from(owed.unwrap_or_default()).unwrap_or(AMOUNT_MINOR_MAX);
    Money::new(limit.minor.max(owed.min(AMOUNT_MINOR_MAX)), limit.currency)
}

#[cfg(test)]
mod tests;
