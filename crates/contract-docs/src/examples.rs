//! What the payload of each event looks like: one customer, one product, one order.

use contracts::{kind, service};
use protocol::Kind;
use protocol::choreography::Publication;
use serde_json::{Value, json};

const ORDER: &str = "o-17";

/// The payload of an event of this kind.
#[must_use]
pub fn payload(kind: Kind) -> Value {
    let service = kind.service();
    if kind.is_recovered() {
        return json!({ "service": service.name(), "rows": 12, "up_to": 412 });
    }
    match service {
        service::CUSTOMER => customer(kind == kind::CUSTOMER_CLOSED),
        service::PRODUCT => product(kind == kind::PRODUCT_DISCONTINUED),
        service::ORDER => of_order(kind),
        service::INVENTORY => of_inventory(kind),
        service::PAYMENT => of_payment(kind),
        service::SHIPPING => of_shipping(kind),
        _ => json!({}),
    }
}

/// What the event is about, as the last token of its subject.
#[must_use]
pub fn id(publication: &Publication) -> String {
    payload(publication.kind)[publication.id_field].as_str().unwrap_or_default().to_owned()
}

fn of_order(kind: Kind) -> Value {
    match kind {
        kind::ORDER_PLACED => json!({
            "order_id": ORDER, "customer": snapshot(), "lines": lines(), "total": money(2590),
            "deadline": "2026-01-31T09:00:30.000000Z", "hand_over_ms": 0, "business_date": "2026-01-31",
        }),
        kind::ORDER_PREPARED => {
            json!({ "order_id": ORDER, "until": "2026-01-31T09:15:00.000000Z" })
        }
        kind::ORDER_COMPLETED => ended("dispatched", "the goods have left"),
        kind::ORDER_REJECTED => ended("payment_declined", ""),
        kind::ORDER_CANCELLED => ended("requested", ""),
        _ => json!({ "order_id": ORDER }),
    }
}

fn of_inventory(kind: Kind) -> Value {
    match kind {
        kind::INVENTORY_STOCKED => json!({ "sku": "tea-1", "quantity": 24, "on_hand": 40 }),
        kind::INVENTORY_RESERVED => json!({
            "order_id": ORDER, "customer": snapshot(), "lines": lines(), "total": money(2590),
        }),
        kind::INVENTORY_REJECTED => json!({
            "order_id": ORDER, "shortages": [{ "sku": "tea-1", "wanted": 2, "available": 1 }],
        }),
        _ => json!({ "order_id": ORDER, "lines": [{ "sku": "tea-1", "quantity": 2 }] }),
    }
}

fn of_payment(kind: Kind) -> Value {
    match kind {
        kind::PAYMENT_CHARGED => json!({
            "order_id": ORDER, "customer": snapshot(), "lines": lines(), "amount": money(2590),
            "outstanding": money(2590),
        }),
        kind::PAYMENT_DECLINED => json!({
            "order_id": ORDER, "customer_id": "c-3", "reason": "over_limit", "amount": money(2590),
            "outstanding": money(9000), "limit": money(10_000), "customer_version": 7,
        }),
        kind::PAYMENT_REFUNDED => json!({
            "order_id": ORDER, "customer_id": "c-3", "amount": money(2590), "outstanding": money(0),
        }),
        kind::PAYMENT_SETTLED => {
            json!({ "customer_id": "c-3", "amount": money(2590), "outstanding": money(0) })
        }
        _ => json!({ "order_id": ORDER }),
    }
}

fn of_shipping(kind: Kind) -> Value {
    match kind {
        kind::SHIPPING_CREATED => json!({
            "order_id": ORDER, "customer_id": "c-3", "name": "Ada Lovelace", "address": address(),
            "units": 2, "customer_version": 7,
        }),
        kind::SHIPPING_CANCELLED => json!({ "order_id": ORDER, "reason": "order_cancelled" }),
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
    use contracts::choreography::MURMURATION;
    use protocol::Event as _;

    use super::*;

    #[test]
    fn each_example_is_what_its_type_writes() {
        for publication in &MURMURATION.publications {
            let (kind, version) = (publication.kind, publication.version);
            let example = payload(kind);
            let event = Event::parse(kind, version, example.to_string().as_bytes()).unwrap();
            let written: Value = serde_json::from_slice(&event.to_payload().unwrap()).unwrap();
            assert_eq!(written, example, "{kind}");
            assert_eq!(event.id().as_str(), id(publication), "{kind}");
        }
    }
}
