//! The request of each thing, as the APIs describe them.

use contracts::{Money, service};
use protocol::Service;
use serde_json::{Value, json};

use crate::item::{Ending, Entity, Item, Request};
use crate::source::rows::{Customer, Order, Payment, Product, State};

/// When an order that is not confirmed is cancelled, in milliseconds. Long, since services may be away.
const DEADLINE_MS: u32 = 600_000;
/// How long an order that is to be cancelled can be, in milliseconds.
const CANCELLABLE_MS: u32 = 600_000;

pub(super) fn customer(key: &str, customer: &Customer, limit: Money, change: bool) -> Item {
    let Customer { id, name, street, city, country, .. } = customer;
    let details = json!({
        "name": name,
        "address": { "street": street, "city": city, "country": country },
        "credit_limit": limit,
    });
    let request = master(service::CUSTOMER, "/customers", ("id", id.as_str()), &details, change);
    Item { entity: Entity::Customer, key: key.to_owned(), wanted: details.to_string(), request }
}

pub(super) fn product(key: &str, product: &Product, change: bool) -> Item {
    let Product { sku, name, price, .. } = product;
    let details = json!({ "name": name, "price": price });
    let request = master(service::PRODUCT, "/products", ("sku", sku.as_str()), &details, change);
    Item { entity: Entity::Product, key: key.to_owned(), wanted: details.to_string(), request }
}

pub(super) fn payment(key: &str, payment: &Payment) -> Item {
    let path = format!("/accounts/{}/settle", payment.customer);
    let body = json!({ "amount": payment.amount });
    let wanted = format!("{path} {body}");
    let request = command(service::PAYMENT, path, Some(body));
    Item { entity: Entity::Payment, key: key.to_owned(), wanted, request }
}

/// So many more units than are there, to make it `wanted` in all. What one command does not hold comes
/// with the next round.
pub(super) fn stock(sku: &str, wanted: u64, more: u64) -> Item {
    let body = json!({ "quantity": more.min(u32::MAX.into()) });
    let request = command(service::INVENTORY, format!("/stock/{sku}"), Some(body));
    Item { entity: Entity::Stock, key: sku.to_owned(), wanted: wanted.to_string(), request }
}

pub(super) fn order(key: &str, order: &Order) -> Item {
    let Order { id, customer, day, state, lines, .. } = order;
    let lines = lines.iter().map(
        |line| json!({ "sku": line.sku, "quantity": line.quantity, "unit_price": line.unit_price }),
    );
    let (ending, hand_over_ms) = match state {
        State::Cancelled => (Ending::Cancelled, CANCELLABLE_MS),
        State::Shipped => (Ending::Completed, 0),
        State::Open => (Ending::HandedOver, 0),
    };
    let body = json!({
        "id": id,
        "customer_id": customer,
        "lines": lines.collect::<Vec<_>>(),
        "business_date": day,
        "deadline_ms": DEADLINE_MS,
        "hand_over_ms": hand_over_ms,
    });
    let wanted = format!("{} {body}", state.name());
    let request = Request {
        found_at: Some(format!("/orders/{id}")),
        ending: Some(ending),
        ..command(service::ORDER, "/orders".to_owned(), Some(body))
    };
    Item { entity: Entity::Order, key: key.to_owned(), wanted, request }
}

pub(super) fn closed_customer(key: &str) -> Item {
    let request = command(service::CUSTOMER, format!("/customers/{key}/close"), None);
    let (entity, wanted) = (Entity::ClosedCustomer, "closed".to_owned());
    Item { entity, key: key.to_owned(), wanted, request }
}

pub(super) fn discontinued_product(key: &str) -> Item {
    let request = command(service::PRODUCT, format!("/products/{key}/discontinue"), None);
    let (entity, wanted) = (Entity::DiscontinuedProduct, "discontinued".to_owned());
    Item { entity, key: key.to_owned(), wanted, request }
}

/// Makes one of these details under its id, or changes it wholly.
fn master(
    service: Service,
    path: &str,
    (name, id): (&str, &str),
    details: &Value,
    change: bool,
) -> Request {
    let one = format!("{path}/{id}");
    if change {
        let method = "PUT".to_owned();
        return Request { method, ..command(service, one, Some(details.clone())) };
    }
    let mut body = details.clone();
    body[name] = json!(id);
    Request { found_at: Some(one), ..command(service, path.to_owned(), Some(body)) }
}

fn command(service: Service, path: String, body: Option<Value>) -> Request {
    let method = "POST".to_owned();
    Request { service, method, path, body, found_at: None, ending: None }
}
