//! What the OpenAPI document says of the answers, held against them at the edges: nothing yet, nothing in
//! the range, refunds only, the first and the last page, two currencies.

use contracts::events::payment::Refunded;
use contracts::{Event, Money};
use protocol::Cause;
use query::http::operations::document;
use serde_json::Value;

use crate::history::{Fate, History, PRICE, TOTAL, customer, gbp, id};
use crate::rest::Stage;
use crate::rest_client::Answer;
use crate::schema;
use crate::stage::shop;

const STATES: [&str; 6] = ["cancelled", "completed", "confirmed", "placed", "prepared", "rejected"];

/// Asks, and holds the answer against what is promised of `template`.
async fn promised(stage: &Stage, template: &str, path: &str) -> Answer {
    let answer = stage.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    schema::check(document().value(), template, &answer.body);
    answer
}

async fn report(stage: &Stage, query: &str) -> Value {
    promised(stage, "/reports/sales", &format!("/reports/sales?{query}")).await.body
}

fn assert_names_every_state(by_state: &Value, sum: u64) {
    let states: Vec<&String> = by_state.as_object().unwrap().keys().collect();
    assert_eq!(states, STATES);
    let counts = by_state.as_object().unwrap().values().map(|count| count.as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), sum);
}

#[tokio::test]
async fn a_system_in_which_nothing_has_happened_yet_answers_as_described() {
    let stage = Stage::over(History::begin(1)).await;
    let body = promised(&stage, "/dashboard", "/dashboard").await.body;
    assert_names_every_state(&body["orders"]["by_state"], 0);
    assert_eq!((&body["orders"]["ended"], &body["customers"]["live"]), (&0.into(), &0.into()));
    for list in ["days", "minutes", "hours", "top_products", "top_customers"] {
        assert_eq!(body[list].as_array().unwrap().len(), 0, "{list}");
    }
    assert_eq!(body["latencies"][6]["all"]["p50_us"], Value::Null);
    for by in ["day", "product", "customer", "country"] {
        let report = report(&stage, &format!("from=1999-12-31&to=1999-12-31&by={by}")).await;
        assert_names_every_state(&report["placed"]["by_state"], 0);
        assert_eq!((&report["rows"], &report["totals"]), (&Value::from([0; 0]), &report["rows"]));
    }
    promised(&stage, "/status", "/status").await;
}

#[tokio::test]
async fn a_range_in_which_nothing_was_sold_names_every_state_all_the_same() {
    let stage = Stage::over(shop(7)).await;
    for (range, placed) in [
        ("from=1999-12-31&to=1999-12-31", 0),
        ("from=2026-01-30&to=2026-01-30", 0),
        ("from=2026-01-31&to=2026-01-31", 7),
        ("from=9999-01-01&to=9999-12-30", 0),
        ("from=0001-01-01&to=0001-12-31", 0),
    ] {
        for by in ["day", "product", "customer", "country"] {
            let report = report(&stage, &format!("{range}&by={by}")).await;
            assert_names_every_state(&report["placed"]["by_state"], placed);
            assert_eq!(report["placed"]["value"].as_array().unwrap().is_empty(), placed == 0);
        }
    }
}

#[tokio::test]
async fn every_kind_of_order_and_every_page_is_answered_as_described() {
    let stage = Stage::over(shop(7)).await;
    for nth in 0..Fate::ALL.len() {
        promised(&stage, "/orders/{id}", &format!("/orders/o-{nth}")).await;
    }
    for (template, path) in [
        ("/customers/{id}/orders", "/customers/c-1/orders?limit=3"),
        ("/mobile/orders", "/mobile/orders?customer=c-1&limit=3"),
    ] {
        let (mut path, mut pages) = (path.to_owned(), 0);
        loop {
            let page = promised(&stage, template, &path).await;
            pages += 1;
            let link = page.header("link").map(|link| link.trim_start_matches('<').to_owned());
            assert_eq!(link.is_none(), page.body["next"].is_null(), "{path}");
            let Some(link) = link else { break };
            path = link.split('>').next().unwrap().to_owned();
        }
        assert_eq!(pages, 3, "{template}");
    }
    let body = promised(&stage, "/dashboard", "/dashboard").await.body;
    let reasons = body["orders"]["by_reason"].as_array().unwrap().iter();
    let ended: u64 = reasons.map(|reason| reason["orders"].as_u64().unwrap()).sum();
    assert_eq!((ended, &body["orders"]["ended"]), (5, &5.into()));
    promised(&stage, "/products/{sku}/sales", "/products/MUG/sales").await;
}

#[tokio::test]
async fn who_has_not_bought_yet_is_known_and_has_empty_lists() {
    let mut history = shop(0);
    history.command(Event::CustomerRegistered(customer("c-new")));
    let stage = Stage::over(history).await;
    let orders = promised(&stage, "/customers/{id}/orders", "/customers/c-new/orders").await.body;
    assert_eq!((&orders["total"], &orders["next"]), (&0.into(), &Value::Null));
    promised(&stage, "/mobile/orders", "/mobile/orders?customer=c-new").await;
    let sales = promised(&stage, "/products/{sku}/sales", "/products/MUG/sales").await.body;
    assert_eq!((&sales["sold_as"], &sales["total"]), (&Value::Null, &Value::from([0; 0])));
    assert_eq!(sales["stock"]["available"], 1_000);
}

#[tokio::test]
async fn a_group_of_refunds_only_has_a_name_and_no_sales() {
    let mut history = shop(0);
    history.order("o-0", Fate::CancelledInWindow);
    let stage = Stage::over(history).await;
    let range = "from=2026-01-31&to=2026-01-31";
    let customers = report(&stage, &format!("{range}&by=customer")).await;
    let row = &customers["rows"][0];
    assert_eq!((&row["key"], &row["label"]), (&"c-1".into(), &"Customer c-1".into()));
    assert_eq!((&row["orders"], &row["refunded_minor"]), (&0.into(), &TOTAL.into()));
    assert_eq!(report(&stage, &format!("{range}&by=product")).await["rows"], Value::from([0; 0]));
    assert_eq!(report(&stage, &format!("{range}&by=country")).await["rows"][0]["refunds"], 1);
    let total = &report(&stage, range).await["totals"][0];
    assert_eq!((&total["orders"], &total["refunds"]), (&0.into(), &1.into()));
}

#[tokio::test]
async fn a_refund_of_a_charge_that_was_never_told_is_in_no_country() {
    let mut history = shop(0);
    history.place("o-0", "c-1", "2026-01-31", 0);
    let (order_id, customer_id) = (id("o-0"), id("c-1"));
    let refunded = Refunded { order_id, customer_id, amount: gbp(TOTAL), outstanding: gbp(0) };
    history.emit(Event::PaymentRefunded(refunded), Cause::Command("test".into()));
    let stage = Stage::over(history).await;
    let report = report(&stage, "from=2026-01-31&to=2026-01-31&by=country").await;
    assert_eq!(
        (&report["rows"], &report["totals"][0]["refunds"]),
        (&Value::from([0; 0]), &1.into())
    );
}

#[tokio::test]
async fn an_average_is_over_the_orders_in_its_own_currency() {
    let mut history = shop(0);
    let euros = Money::new(PRICE, "EUR".parse().unwrap());
    for (nth, price) in [gbp(300), gbp(500), gbp(1_000), euros].into_iter().enumerate() {
        let mut buyer = customer(&format!("c-{nth}"));
        buyer.credit_limit.currency = price.currency;
        let (sku, name) = (id("MUG"), "Mug".to_owned());
        let line = contracts::events::Line { sku, name, quantity: 1, unit_price: price };
        history.sell(&format!("o-{nth}"), &buyer, "2026-01-31", &[line]);
    }
    let stage = Stage::over(history).await;
    let body = promised(&stage, "/dashboard", "/dashboard").await.body;
    for sales in [&body["orders"], &body["days"][0]] {
        let averages = sales["average_order"].as_array().unwrap();
        let averages: Vec<_> =
            averages.iter().map(|sum| (sum["currency"].as_str(), sum["minor"].as_i64())).collect();
        assert_eq!(averages, [(Some("EUR"), Some(PRICE)), (Some("GBP"), Some(600))]);
    }
}

#[tokio::test]
async fn business_days_of_a_range_say_what_was_placed_and_why_it_ended() {
    let stage = Stage::over(shop(7)).await;
    let body = promised(&stage, "/days", "/days?from=2026-01-01&to=2026-12-31").await.body;
    let days = body["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[0]["date"]), (1, &"2026-01-31".into()));
    assert_names_every_state(&days[0]["by_state"], 7);
    let reasons = days[0]["by_reason"].as_array().unwrap().iter();
    assert_eq!(reasons.map(|one| one["orders"].as_u64().unwrap()).sum::<u64>(), 5);
    let nothing = promised(&stage, "/days", "/days?from=1999-01-01&to=1999-12-31").await.body;
    assert_eq!(nothing["days"], Value::from([0; 0]));
    for wrong in
        ["from=2026-01-01", "from=2026-02-01&to=2026-01-01", "from=2024-01-01&to=2026-01-01"]
    {
        assert_eq!(stage.get(&format!("/days?{wrong}")).await.status, 400, "{wrong}");
    }
}
