//! 7: what answers of the read model have to say, from the fold: the dashboard's counts and sums,
//! orders, customers, products and a report. What they are made from is compared whole
//! ([`crate::records`]); this looks at what clients are told.

mod listed;
mod sold;

use std::collections::BTreeMap;

use contracts::choreography::MURMURATION;
use contracts::{Currency, Money, kind, service};
use protocol::choreography::{NONE, Trigger};
use protocol::{Kind, Service};
use serde_json::{Value, json};

use crate::fold::Fold;
use crate::fold::account::What;
use crate::fold::order::{Moment, OrderFold};
use crate::fold::stock;
use crate::subset;

pub use listed::{ITEMS_MAX, customer};
pub use sold::{Report, product};

/// The parts of the dashboard that a fold of the streams can say.
pub fn dashboard(fold: &Fold) -> BTreeMap<String, Value> {
    let parts = [
        ("orders", sales(fold.orders.values())),
        ("payments", payments(fold)),
        ("stock", stock(fold)),
        ("shipments", shipments(fold)),
        (
            "customers",
            json!({ "live": open(fold), "ended": fold.customers.len() as u64 - open(fold) }),
        ),
        ("parked", json!(0)),
    ];
    parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What is different in the read model's view of one order.
pub fn difference_of_order(order: &OrderFold, seen: &Value) -> Option<String> {
    let expected = json!({
        "state": state(order, service::ORDER),
        "settled": is_settled(order),
        "total": order.agreed.as_ref().map(|agreed| agreed.total),
        "stock": { "state": state(order, service::INVENTORY) },
        "payment": { "state": state(order, service::PAYMENT) },
        "shipment": { "state": state(order, service::SHIPPING) },
    });
    difference(&expected, seen)
}

/// What is different from what is expected; a view may always say more.
#[must_use]
pub fn difference(expected: &Value, seen: &Value) -> Option<String> {
    let seen = subset::of(seen, expected);
    (seen != *expected).then(|| format!("expected {expected}, the read model says {seen}"))
}

/// Whether it has ended, and the choreography has nobody react any more to what was told of it. Unlike
/// [`OrderFold::is_settled`], which looks at whole histories, this is a rule for every cut of them.
fn is_settled(order: &OrderFold) -> bool {
    let reacts = |service| {
        let state = state(order, service);
        let reaction =
            |moment: &Moment| MURMURATION.emits(service, state, Trigger::Event(moment.kind));
        order.moments.iter().any(|moment| reaction(moment).is_some())
    };
    order.end().is_some() && !service::ALL.into_iter().any(reacts)
}

fn state(order: &OrderFold, service: Service) -> &'static str {
    let last = order.by(service).last();
    last.and_then(|moment| MURMURATION.state_after(moment.kind)).unwrap_or(NONE)
}

fn sales<'a>(orders: impl Iterator<Item = &'a OrderFold> + Clone) -> Value {
    let placed = orders.clone().filter(|order| order.agreed.is_some());
    let completed = orders.filter(|order| order.has(kind::ORDER_COMPLETED));
    let total = |order: &OrderFold| order.agreed.as_ref().map(|agreed| agreed.total);
    let units = completed.clone().filter_map(|order| order.agreed.as_ref());
    let units: u64 = units.flat_map(|agreed| agreed.units.values()).sum();
    let states = MURMURATION.states.iter().filter(|(service, _)| *service == service::ORDER);
    let states = states.flat_map(|(_, states)| states.iter()).filter(|name| **name != NONE);
    let by_state: BTreeMap<_, _> = states
        .map(|name| {
            let there = placed.clone().filter(|order| state(order, service::ORDER) == *name);
            (*name, there.count())
        })
        .collect();
    json!({
        "placed": placed.clone().count(),
        "by_state": by_state,
        "value": sums(placed.filter_map(total)),
        "revenue": sums(completed.filter_map(total)),
        "units": units,
    })
}

fn payments(fold: &Fold) -> Value {
    let movements = fold.accounts.values().flat_map(|account| &account.movements);
    let of = |wanted: fn(&What) -> bool| {
        sums(movements.clone().filter(|m| wanted(&m.what)).map(|movement| movement.amount))
    };
    json!({
        "charged": of(|what| matches!(what, What::Charged { .. })),
        "refunded": of(|what| matches!(what, What::Refunded(_))),
        "settled": of(|what| matches!(what, What::Settled)),
        "charges": count(fold, kind::PAYMENT_CHARGED),
        "declines": count(fold, kind::PAYMENT_DECLINED),
        "refunds": count(fold, kind::PAYMENT_REFUNDED),
        "voids": count(fold, kind::PAYMENT_VOIDED),
    })
}

fn stock(fold: &Fold) -> Value {
    let movements = fold.stock.values().flat_map(|stock| &stock.movements);
    let units = |wanted: fn(&stock::What) -> bool| -> u64 {
        movements.clone().filter(|m| wanted(&m.what)).map(|movement| movement.quantity).sum()
    };
    json!({
        "units_stocked": units(|what| matches!(what, stock::What::Stocked { .. })),
        "units_committed": units(|what| matches!(what, stock::What::Committed(_))),
        "reserved": count(fold, kind::INVENTORY_RESERVED),
        "rejected": count(fold, kind::INVENTORY_REJECTED),
        "released": count(fold, kind::INVENTORY_RELEASED),
        "committed": count(fold, kind::INVENTORY_COMMITTED),
    })
}

fn shipments(fold: &Fold) -> Value {
    json!({
        "created": count(fold, kind::SHIPPING_CREATED),
        "dispatched": count(fold, kind::SHIPPING_DISPATCHED),
        "cancelled": count(fold, kind::SHIPPING_CANCELLED),
    })
}

fn open(fold: &Fold) -> u64 {
    let newest = fold.customers.values().filter_map(|versions| versions.values().next_back());
    newest.filter(|customer| !customer.closed).count() as u64
}

fn count(fold: &Fold, kind: Kind) -> usize {
    fold.orders.values().map(|order| order.of(kind).len()).sum()
}

/// One sum for each currency, in the order of the currencies.
fn sums(amounts: impl Iterator<Item = Money>) -> Value {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for amount in amounts {
        *sums.entry(amount.currency).or_default() += i128::from(amount.minor);
    }
    let sum = |(currency, minor)| json!({ "minor": number(minor), "currency": currency });
    sums.into_iter().map(sum).collect()
}

/// A number as a reader of JSON has it, however large it is.
fn number(number: i128) -> Value {
    serde_json::from_str(&number.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::histories::{cancelled_after_all, completed};

    #[test]
    fn a_completed_order_is_revenue_and_a_cancelled_one_is_not() {
        let one = dashboard(&completed().fold());
        let twenty = json!([{ "minor": 2_000, "currency": "GBP" }]);
        assert_eq!(one["orders"]["revenue"], twenty);
        assert_eq!(one["stock"]["units_committed"], 3);
        let other = dashboard(&cancelled_after_all().fold());
        assert_eq!(other["orders"]["revenue"], json!([]));
        assert_eq!(other["orders"]["value"], twenty);
        assert_eq!(other["payments"]["refunded"], twenty);
    }

    #[test]
    fn a_view_with_another_state_is_told() {
        let fold = completed().fold();
        let order = fold.orders.values().next().unwrap();
        let difference = difference_of_order(order, &json!({ "state": "placed" })).unwrap();
        assert!(difference.contains("completed") && difference.contains("placed"), "{difference}");
    }
}
