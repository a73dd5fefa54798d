//! What the lists of customers' orders have to say.

use contracts::{CustomerId, OrderId, service};
use serde_json::{Value, json};

use super::state;
use crate::fold::Fold;
use crate::fold::order::OrderFold;

/// Orders of one customer that are compared: the newest, as many as one page holds.
pub const ITEMS_MAX: usize = 500;

/// One customer: its newest state, how many orders it placed, and the newest of them.
#[must_use]
pub fn customer(fold: &Fold, id: &CustomerId) -> Value {
    let orders = fold.orders_of.get(id).map_or(&[][..], Vec::as_slice);
    let newest_first = orders.iter().rev().take(ITEMS_MAX);
    let listed = newest_first.filter_map(|id| Some(item(id, fold.orders.get(id)?)));
    let newest = fold.customers.get(id).and_then(|versions| versions.values().next_back());
    json!({ "customer": newest, "total": orders.len(), "items": listed.collect::<Vec<_>>() })
}

fn item(id: &OrderId, order: &OrderFold) -> Value {
    let agreed = order.agreed.as_ref();
    json!({
        "order_id": id,
        "state": state(order, service::ORDER),
        "total": agreed.map(|agreed| agreed.total),
        "units": agreed.map(|agreed| agreed.units.values().sum::<u64>()),
        "business_date": agreed.map(|agreed| &agreed.business_date),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::histories::completed;
    use crate::views::difference;

    #[test]
    fn a_customers_orders_are_listed_with_their_states() {
        let of_ada = &customer(&completed().fold(), &"c-1".parse().unwrap());
        assert_eq!(
            (&of_ada["total"], &of_ada["items"][0]["state"]),
            (&1.into(), &"completed".into())
        );
        let mut seen = of_ada.clone();
        assert_eq!(difference(of_ada, &seen), None);
        seen["items"] = json!([]);
        assert!(difference(of_ada, &seen).is_some());
    }
}
