//! The commands of the load, and the customers and products that they are about.
//!
//! Some customers may owe little, one lives where nobody delivers, and one product is scarce, so that
//! orders end in every way.

use client::http::{Call, CallError, IDEMPOTENCY_KEY, idempotency_key};
use client::run_file::RunFile;
use contracts::service;
use hyper::Method;
use protocol::{Id, Service};
use serde_json::{Value, json};

use crate::dice::Dice;

const CUSTOMERS: u64 = 12;
const PRODUCTS: u64 = 8;
/// Units of a product; of the scarce one there are few.
const STOCK: u32 = 100_000;
const STOCK_SCARCE: u32 = 40;
/// What customers may owe, in minor units; two may owe little.
const LIMIT_MINOR: i64 = 100_000_000;
const LIMIT_LOW_MINOR: i64 = 20_000;
/// After which an order that is stuck is cancelled.
const DEADLINE_MS: u64 = 20_000;
/// For how long orders wait that can be cancelled once all is taken: so that some always wait.
const HAND_OVER_MS: u64 = 600;

/// What an accepted command has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It made one event that carries its key.
    Event,
    /// It, or something before it, cancelled the order.
    Cancelled,
}

#[derive(Clone, Debug)]
pub struct Command {
    pub service: Service,
    /// Its name in the choreography.
    pub name: &'static str,
    /// What it is about.
    pub id: Id,
    /// Of all that is asked: a seed that runs again meets other states, and asks other things.
    pub key: String,
    pub effect: Effect,
    method: Method,
    path: String,
    body: Option<Value>,
}

/// Customers and products of one run.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    run: String,
}

impl Command {
    pub fn call(&self, running: &RunFile) -> anyhow::Result<Call> {
        let url = format!("{}{}", running.url(self.service)?, self.path);
        let call = Call::new(self.method.clone(), url).header(IDEMPOTENCY_KEY, &self.key);
        match &self.body {
            Some(body) => call.body(body).map_err(|error: CallError| error.into()),
            None => Ok(call),
        }
    }

    /// What is asked, as text.
    pub fn request(&self) -> String {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        format!("{} {} {body}", self.method, self.path)
    }
}

impl Fixture {
    /// The ids of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { run: format!("x{seed}") }
    }

    /// What makes customers, products and stock.
    pub(crate) fn masters(&self) -> anyhow::Result<Vec<Command>> {
        let mut commands = Vec::new();
        for nth in 0..CUSTOMERS {
            commands.push(self.register(nth)?);
        }
        for nth in 0..PRODUCTS {
            commands.push(self.list(nth)?);
        }
        for nth in 0..PRODUCTS {
            let units = if nth == 0 { STOCK_SCARCE } else { STOCK };
            commands.push(self.stock(nth, units, &format!("{}-s{nth}", self.run))?);
        }
        Ok(commands)
    }

    /// What is sent next: mostly an order; a third of the time something else of somebody else.
    pub(crate) fn next(&self, number: u64, dice: &mut Dice) -> anyhow::Result<Vec<Command>> {
        let key = format!("{}-k{number}", self.run);
        match dice.below(12) {
            0 => Ok(vec![self.settle(dice.below(CUSTOMERS), &key)?]),
            1 => Ok(vec![self.stock(1 + dice.below(PRODUCTS - 1), 5, &key)?]),
            2 => Ok(vec![self.change_customer(dice.below(CUSTOMERS), number, &key)?]),
            3 => Ok(vec![self.change_product(dice.below(PRODUCTS), number, &key)?]),
            4 | 5 => Ok(vec![self.place(number, dice)?, self.cancel(number)?]),
            _ => Ok(vec![self.place(number, dice)?]),
        }
    }

    /// An order that is certain to be completed.
    pub(crate) fn probe(&self, number: u64) -> anyhow::Result<Command> {
        let (run, id) = (&self.run, format!("{}-probe{number}", self.run));
        let body = json!({
            "id": id,
            "customer_id": format!("{run}-c5"),
            "lines": [{ "sku": format!("{run}-p3"), "quantity": 1 }],
            "deadline_ms": DEADLINE_MS,
        });
        post(service::ORDER, "place", &id, &id, "/orders".to_owned(), Some(body))
    }

    fn place(&self, number: u64, dice: &mut Dice) -> anyhow::Result<Command> {
        let (run, id) = (&self.run, format!("{}-o{number}", self.run));
        let line = |dice: &mut Dice| {
            let product = dice.below(PRODUCTS);
            json!({ "sku": format!("{run}-p{product}"), "quantity": 1 + dice.below(3) })
        };
        let first = line(dice);
        let hand_over_ms = if dice.below(3) == 0 { HAND_OVER_MS } else { 0 };
        let body = json!({
            "id": id,
            "customer_id": format!("{run}-c{}", dice.below(CUSTOMERS)),
            "lines": [first],
            "deadline_ms": DEADLINE_MS,
            "hand_over_ms": hand_over_ms,
        });
        post(service::ORDER, "place", &id, &id, "/orders".to_owned(), Some(body))
    }

    fn cancel(&self, number: u64) -> anyhow::Result<Command> {
        let id = format!("{}-o{number}", self.run);
        let (key, path) = (format!("{id}-cancel"), format!("/orders/{id}/cancel"));
        let command = post(service::ORDER, "cancel", &id, &key, path, None)?;
        Ok(Command { effect: Effect::Cancelled, ..command })
    }

    fn settle(&self, customer: u64, key: &str) -> anyhow::Result<Command> {
        let id = format!("{}-c{customer}", self.run);
        let body = json!({ "amount": money(1_500) });
        let path = format!("/accounts/{id}/settle");
        post(service::PAYMENT, "settle", &id, key, path, Some(body))
    }

    fn stock(&self, product: u64, units: u32, key: &str) -> anyhow::Result<Command> {
        let sku = format!("{}-p{product}", self.run);
        let body = json!({ "quantity": units });
        post(service::INVENTORY, "stock", &sku, key, format!("/stock/{sku}"), Some(body))
    }

    fn register(&self, nth: u64) -> anyhow::Result<Command> {
        let id = format!("{}-c{nth}", self.run);
        let mut body = customer(nth, "first");
        body["id"] = json!(id);
        post(service::CUSTOMER, "register", &id, &id, "/customers".to_owned(), Some(body))
    }

    fn change_customer(&self, nth: u64, number: u64, key: &str) -> anyhow::Result<Command> {
        let id = format!("{}-c{nth}", self.run);
        let body = customer(nth, &format!("number {number}"));
        put(service::CUSTOMER, "change", &id, key, format!("/customers/{id}"), body)
    }

    fn list(&self, nth: u64) -> anyhow::Result<Command> {
        let sku = format!("{}-p{nth}", self.run);
        let body = json!({ "sku": sku, "name": sku, "price": money(250) });
        post(service::PRODUCT, "list", &sku, &sku, "/products".to_owned(), Some(body))
    }

    fn change_product(&self, nth: u64, number: u64, key: &str) -> anyhow::Result<Command> {
        let sku = format!("{}-p{nth}", self.run);
        let price = 200 + i64::try_from(number % 100)?;
        let body = json!({ "name": format!("{sku}, number {number}"), "price": money(price) });
        put(service::PRODUCT, "change", &sku, key, format!("/products/{sku}"), body)
    }
}

fn post(
    service: Service,
    name: &'static str,
    id: &str,
    scope: &str,
    path: String,
    body: Option<Value>,
) -> anyhow::Result<Command> {
    let asked = body.as_ref().map(Value::to_string).unwrap_or_default();
    let key = idempotency_key::of(scope, "POST", &path, "", asked.as_bytes());
    let (id, effect, method) = (id.parse()?, Effect::Event, Method::POST);
    Ok(Command { service, name, id, key, effect, method, path, body })
}

fn put(
    service: Service,
    name: &'static str,
    id: &str,
    scope: &str,
    path: String,
    body: Value,
) -> anyhow::Result<Command> {
    let key = idempotency_key::of(scope, "PUT", &path, "", body.to_string().as_bytes());
    let command = post(service, name, id, scope, path, Some(body))?;
    Ok(Command { method: Method::PUT, key, ..command })
}

fn customer(nth: u64, name: &str) -> Value {
    let country = if nth == 2 { "Atlantis" } else { "Ireland" };
    let limit = if nth < 2 { LIMIT_LOW_MINOR } else { LIMIT_MINOR };
    json!({ "name": name, "address": { "country": country }, "credit_limit": money(limit) })
}

fn money(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "GBP" })
}
