//! What the lists of customers' orders have to say.

use std::collections::BTreeMap;

use contracts::{Id, Kind, Service};
use serde_json::{Value, json};

use super::state;
use crate::fold::Fold;
use crate::fold::order::OrderFold;

/// Orders of one customer that are compared: the newest, as many as one page holds.
pub const ITEMS_MAX: usize = 500;

/// Each customer: its newest state, how many orders it placed, and the newest of them.
#[must_use]
pub fn customers(fold: &Fold) -> BTreeMap<Id, Value> {
    let mut orders: BTreeMap<&Id, Vec<(u64, Value)>> = BTreeMap::new();
    for (id, order) in &fold.orders {
        let placed = order.of(Kind::OrderPlaced);
        if let (Some(agreed), Some(placed)) = (&order.agreed, placed.first()) {
            let listed = (placed.sequence, item(id, order));
            orders.entry(&agreed.customer).or_default().push(listed);
        }
    }
    let expected = |(id, versions): (&Id, &BTreeMap<u64, _>)| {
        let mut listed = orders.remove(id).unwrap_or_default();
        listed.sort_unstable_by_key(|(sequence, _)| std::cmp::Reverse(*sequence));
        let total = listed.len();
        let items: Vec<_> = listed.into_iter().take(ITEMS_MAX).map(|(_, item)| item).collect();
        let newest = versions.values().next_back();
        (id.clone(), json!({ "customer": newest, "total": total, "items": items }))
    };
    fold.customers.iter().map(expected).collect()
}

fn item(id: &Id, order: &OrderFold) -> Value {
    let agreed = order.agreed.as_ref();
    json!({
        "order_id": id,
        "state": state(order, Service::Order),
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
        let fold = completed().fold();
        let expected = customers(&fold);
        let of_ada = expected.values().next().unwrap();
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
