//! What the payload of each event looks like: one customer, one product, one order.

use contracts::{Kind, Service};
use serde_json::{Value, json};

const ORDER: &str = "o-17";

/// The payload of an event of this kind.
#[must_use]
pub fn payload(kind: Kind) -> Value {
    let service = kind.service();
    if kind == Kind::recovered(service) {
        return json!({ "service": service.name(), "rows": 12, "up_to": 412 });
    }
    match service {
        Service::Customer => customer(kind == Kind::CustomerClosed),
        Service::Product => product(kind == Kind::ProductDiscontinued),
        Service::Order => of_order(kind),
        Service::Inventory => of_inventory(kind),
        Service::Payment => of_payment(kind),
        Service::Shipping => of_shipping(kind),
    }
}

/// What the event is about, as the last token of its subject.
#[must_use]
pub fn id(kind: Kind) -> String {
    let payload = payload(kind);
    payload[kind.id_field()].as_str().unwrap_or_default().to_owned()
}

fn of_order(kind: Kind) -> Value {
    match kind {
        Kind::OrderPlaced => json!({
            "order_id": ORDER, "customer": snapshot(), "lines": lines(), "total": money(2590),
            "deadline": "2026-01-31T09:00:30.000000Z", "hand_over_ms": 0, "business_date": "2026-01-31",
        }),
        Kind::OrderPrepared => json!({ "order_id": ORDER, "until": "2026-01-31T09:15:00.000000Z" }),
        Kind::OrderCompleted => ended("dispatched", "the goods have left"),
        Kind::OrderRejected => ended("payment_declined", ""),
        Kind::OrderCancelled => ended("requested", ""),
        _ => json!({ "order_id": ORDER }),
    }
}

fn of_inventory(kind: Kind) -> Value {
    match kind {
        Kind::InventoryStocked => json!({ "sku": "tea-1", "quantity": 24, "on_hand": 40 }),
        Kind::InventoryReserved => json!({
            "order_id": ORDER, "customer": snapshot(), "lines": lines(), "total": money(2590),
        }),
        Kind::InventoryRejected => json!({
            "order_id": ORDER, "shortages": [{ "sku": "tea-1", "wanted": 2, "available": 1 }],
        }),
        _ => json!({ "order_id": ORDER, "lines": [{ "sku": "tea-1", "quantity": 2 }] }),
    }
}

fn of_payment(kind: Kind) -> Value {
    match kind {
        Kind::PaymentCharged => json!({
            "order_id": ORDER, "customer": snapshot(), "lines": lines(), "amount": money(2590),
            "outstanding": money(2590),
        }),
        Kind::PaymentDeclined => json!({
            "order_id": ORDER, "customer_id": "c-3", "reason": "over_limit", "amount": money(2590),
            "outstanding": money(9000), "limit": money(10_000), "customer_version": 7,
        }),
        Kind::PaymentRefunded => json!({
            "order_id": ORDER, "customer_id": "c-3", "amount": money(2590), "outstanding": money(0),
        }),
        Kind::PaymentSettled => {
            json!({ "customer_id": "c-3", "amount": money(2590), "outstanding": money(0) })
        }
        _ => json!({ "order_id": ORDER }),
    }
}

fn of_shipping(kind: Kind) -> Value {
    match kind {
        Kind::ShippingCreated => json!({
            "order_id": ORDER, "customer_id": "c-3", "name": "Ada Lovelace", "address": address(),
            "units": 2, "customer_version": 7,
        }),
        Kind::ShippingCancelled => json!({ "order_id": ORDER, "reason": "order_cancelled" }),
        _ => json!({ "order_id": ORDER }),
    }
}

fn ended(reason: &str, detail: &str) -> Value {
    json!({ "order_id": ORDER, "reason": reason, "detail": detail })
}

fn money(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "GBP" })
}

fn lines() -> Value {
    json!([{ "sku": "tea-1", "name": "Tea", "quantity": 2, "unit_price": money(1295) }])
}

fn address() -> Value {
    json!({ "street": "12 St James's Square", "city": "London", "country": "GB" })
}

fn customer(closed: bool) -> Value {
    json!({
        "id": "c-3", "name": "Ada Lovelace", "address": address(), "credit_limit": money(10_000),
        "closed": closed,
    })
}

fn snapshot() -> Value {
    json!({
        "version": 7, "id": "c-3", "name": "Ada Lovelace", "address": address(),
        "credit_limit": money(10_000), "closed": false,
    })
}

fn product(discontinued: bool) -> Value {
    json!({ "sku": "tea-1", "name": "Tea", "price": money(1295), "discontinued": discontinued })
}

#[cfg(test)]
mod tests {
    use contracts::Event;

    use super::*;

    #[test]
    fn each_example_is_what_its_type_writes() {
        for kind in Kind::ALL.iter().copied() {
            let example = payload(kind);
            let event = Event::parse(kind, example.to_string().as_bytes()).unwrap();
            let written: Value = serde_json::from_slice(&event.to_payload().unwrap()).unwrap();
            assert_eq!(written, example, "{kind}");
            assert_eq!(event.id().as_str(), id(kind), "{kind}");
        }
    }
}
