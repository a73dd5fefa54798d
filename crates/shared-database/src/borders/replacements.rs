//! What stands in the place of a crossing: routes that the processes have. Each is described in the
//! `/openapi.json` of its process.

use std::collections::BTreeSet;

use contracts::service::{CUSTOMER, INVENTORY, ORDER, PAYMENT, PRODUCT, SHIPPING};
use protocol::Service;
use serde::Serialize;

/// One route, and how it replaces what crossed the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Api {
    /// `order`, `query`, …
    pub process: &'static str,
    /// The method and the path, as they are described.
    pub route: &'static str,
    /// How it replaces it.
    pub how: &'static str,
}

const fn api(process: &'static str, route: &'static str, how: &'static str) -> Api {
    Api { process, route, how }
}

const SAGA: Api = api(
    "order",
    "POST /orders",
    "one command begins it; stock, money and shipment follow by events, or are given back",
);
const JOINED: Api = api("query", "GET /orders/{id}", "the read model has the order joined");
const SALES: Api = api(
    "query",
    "GET /reports/sales",
    "the read model adds up by day, product, customer or country",
);

/// In the place of a foreign key.
pub(super) fn of_foreign_key(from: Service, to: Service) -> Vec<Api> {
    const REPLICA: &str = "it decides by its own replica, which the owner's events keep up to date";
    const EVENT: &str = "it is made by the event of the order, so that there is none without it";
    vec![match (from, to) {
        (ORDER, CUSTOMER) => api("order", "GET /replicas/customers/{id}", REPLICA),
        (ORDER, PRODUCT) => api("order", "GET /replicas/products/{sku}", REPLICA),
        (INVENTORY, PRODUCT) => {
            api("inventory", "POST /stock/{sku}", "refused where its replica knows no such product")
        }
        (INVENTORY, ORDER) => api("inventory", "GET /reservations/{order_id}", EVENT),
        (PAYMENT, ORDER) => api("payment", "GET /charges/{order_id}", EVENT),
        (PAYMENT, CUSTOMER) => api("payment", "GET /accounts/{customer_id}", REPLICA),
        (SHIPPING, ORDER | CUSTOMER) => api("shipping", "GET /shipments/{order_id}", EVENT),
        (_, other) => return of_owner(other).into_iter().collect(),
    }]
}

/// In the place of SQL that reads what these own, and of what adds it up.
pub(super) fn of_reading(owners: &BTreeSet<Service>, adds_up: bool) -> Vec<Api> {
    const ABOUT_PRODUCTS: [Service; 3] = [PRODUCT, INVENTORY, ORDER];
    const ABOUT_ACCOUNTS: [Service; 3] = [CUSTOMER, PAYMENT, ORDER];
    let within = |all: &[Service]| owners.iter().all(|owner| all.contains(owner));
    if within(&ABOUT_PRODUCTS) {
        let route = "GET /products/{sku}/sales";
        let one = api("query", route, "the read model has a product with its stock and sales");
        if !owners.contains(&ORDER) {
            let listed = "its owner lists all of it, page by page";
            return vec![one, api("inventory", "GET /stock", listed)];
        }
        return if adds_up { vec![SALES, one] } else { vec![one] };
    }
    if within(&ABOUT_ACCOUNTS) && owners.contains(&PAYMENT) {
        let owed = "payment knows what is owed, paid in, and the limit";
        return vec![api("payment", "GET /accounts/{customer_id}", owed)];
    }
    // The report knows neither what was paid nor what is in stock.
    if within(&[CUSTOMER, PRODUCT, ORDER]) && owners.contains(&ORDER) && adds_up {
        return vec![SALES];
    }
    if within(&[CUSTOMER, ORDER]) {
        let list = "the read model lists a customer's orders";
        return vec![api("query", "GET /customers/{id}/orders", list)];
    }
    if owners.contains(&ORDER) {
        let composed = "the composer asks the owners, where the present state is wanted";
        return vec![JOINED, api("composer", "GET /order-details/{id}", composed)];
    }
    owners.iter().filter_map(|owner| of_owner(*owner)).collect()
}

/// In the place of SQL that writes what some own, knowing what others do.
pub(super) fn of_writing(written: &BTreeSet<Service>, known: &BTreeSet<Service>) -> Vec<Api> {
    // Stock and money move because of an order: whoever writes both writes a part of its saga.
    if written.contains(&ORDER) || known.contains(&ORDER) {
        return vec![SAGA];
    }
    written.iter().filter_map(|owner| command_of(*owner)).collect()
}

fn of_owner(owner: Service) -> Option<Api> {
    const ASKED: &str = "its owner is asked";
    Some(match owner {
        CUSTOMER => api("customer", "GET /customers/{id}", ASKED),
        PRODUCT => api("product", "GET /products/{sku}", ASKED),
        ORDER => api("order", "GET /orders/{id}", ASKED),
        INVENTORY => api("inventory", "GET /stock/{sku}", ASKED),
        PAYMENT => api("payment", "GET /accounts/{customer_id}", ASKED),
        SHIPPING => api("shipping", "GET /shipments/{order_id}", ASKED),
        _ => return None,
    })
}

fn command_of(owner: Service) -> Option<Api> {
    const COMMANDED: &str = "its owner is commanded, and alone decides";
    Some(match owner {
        CUSTOMER => api("customer", "PUT /customers/{id}", COMMANDED),
        PRODUCT => api("product", "PUT /products/{sku}", COMMANDED),
        INVENTORY => api("inventory", "POST /stock/{sku}", COMMANDED),
        PAYMENT => api("payment", "POST /accounts/{customer_id}/settle", COMMANDED),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_set_of_owners_is_read_some_route_answers() {
        let all = contracts::service::ALL;
        for mask in 1_u32..64 {
            let some = all.iter().enumerate().filter(|(nth, _)| mask >> nth & 1 == 1);
            let owners: BTreeSet<Service> = some.map(|(_, owner)| *owner).collect();
            for adds_up in [false, true] {
                assert!(!of_reading(&owners, adds_up).is_empty(), "{owners:?}");
            }
        }
        for (from, to) in all.iter().flat_map(|from| all.map(|to| (*from, to))) {
            assert!(!of_foreign_key(from, to).is_empty(), "{from} {to}");
        }
    }
}
