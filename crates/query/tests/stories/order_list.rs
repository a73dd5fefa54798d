//! Lists of orders: what each filter leaves, page by page, and what is refused.

use contracts::Money;
use contracts::events::{Line, Product};
use contracts::{Event, Sku, service};
use query::http::operations::document;
use serde_json::Value;

use crate::history::{Fate, History, customer, id};
use crate::rest_client::get;
use crate::schema;
use crate::search::Stage;
use crate::stage::shop;

/// The orders that are listed, in their order.
async fn listed(stage: &mut Stage, query: &str) -> Vec<String> {
    let answer = stage.seen(&format!("/orders?{query}")).await;
    schema::check(document().value(), "/orders", &answer.body);
    let items = answer.body["items"].as_array().unwrap().iter();
    items.map(|item| item["order_id"].as_str().unwrap().to_owned()).collect()
}

/// Seven orders, one of each fate, and one of another customer in another currency.
fn two_customers() -> History {
    let mut history = shop(Fate::ALL.len());
    let mut bea = customer("c-2");
    bea.credit_limit = Money::new(1, "EUR".parse().unwrap());
    history.command(Event::CustomerRegistered(bea.clone()));
    let price = Money::new(90_000, "EUR".parse().unwrap());
    let (sku, name): (Sku, _) = (id("CUP"), "Cup".to_owned());
    let cup = Product { sku: sku.clone(), name: name.clone(), price, discontinued: false };
    history.command(Event::ProductListed(cup));
    let line = Line { sku, name, quantity: 1, unit_price: price };
    history.sell("o-eur", &bea, "2026-02-10", &[line]);
    history
}

#[tokio::test]
async fn each_filter_leaves_the_orders_for_which_it_holds_the_newest_first() {
    let mut stage = Stage::over(two_customers()).await;
    let all = ["o-eur", "o-6", "o-5", "o-4", "o-3", "o-2", "o-1", "o-0"];
    for (query, expected) in [
        ("", &all[..]),
        ("state=placed", &["o-6", "o-5"]),
        ("state=rejected", &["o-2", "o-1"]),
        ("reason=out_of_stock", &["o-1"]),
        ("reason=deadline_passed&state=cancelled", &["o-4"]),
        ("reason=deadline_passed&state=placed", &[]),
        ("customer=c-2", &["o-eur"]),
        ("customer=c-9", &[]),
        ("currency=EUR", &["o-eur"]),
        ("currency=GBP&min=2500&max=2500&state=completed", &["o-0"]),
        ("currency=GBP&min=2501", &[]),
        ("from=2026-02-01&to=2026-02-28", &["o-eur"]),
        ("older_than=1s", &all),
        ("newer_than=1s", &[]),
        ("newer_than=9999d&older_than=1h&customer=c-2", &["o-eur"]),
        ("state=", &all),
    ] {
        assert_eq!(listed(&mut stage, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_keep_their_filters() {
    let mut stage = Stage::over(two_customers()).await;
    let (mut path, mut seen) = ("/orders?customer=c-1&limit=3".to_owned(), Vec::new());
    loop {
        let page = stage.seen(&path).await;
        let items = page.body["items"].as_array().unwrap().iter();
        seen.push(items.map(|item| item["order_id"].clone()).collect::<Vec<Value>>());
        let link = page.header("link").map(|link| link.trim_start_matches('<').to_owned());
        assert_eq!(link.is_none(), page.body["next"].is_null());
        let Some(link) = link else { break };
        path = link.split('>').next().unwrap().to_owned();
        assert!(path.contains("customer=c-1"), "{path}");
    }
    assert_eq!(seen, [vec!["o-6", "o-5", "o-4"], vec!["o-3", "o-2", "o-1"], vec!["o-0"]]);
}

#[tokio::test]
async fn one_order_is_listed_with_what_is_known_of_it() {
    let mut stage = Stage::over(two_customers()).await;
    let body = stage.seen("/orders?reason=payment_declined").await.body;
    let order = &body["items"][0];
    assert_eq!(order["customer_name"], "Customer c-1");
    assert_eq!(
        (&order["state"], &order["reason"]),
        (&"rejected".into(), &"payment_declined".into())
    );
    assert_eq!(order["total"]["minor"], 2_500);
    assert_eq!(order["business_date"], "2026-01-31");
    assert!(order["placed_at"].as_str().unwrap().starts_with("2026-01-31T"), "{order}");
    assert!(body["freshness"]["streams"][service::ORDER.stream()].is_object(), "{body}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_what_to_use_instead() {
    let stage = Stage::over(shop(1)).await;
    for (query, said) in [
        ("state=asleep", "use one of placed"),
        ("state=none", "use one of placed"),
        ("reason=bored", "use one of dispatched"),
        ("customer=a%20b", "customer is no id"),
        ("currency=pounds", "currency"),
        ("currency=GBP&min=1.5", "min is no number of minor units"),
        ("min=100", "currency=GBP"),
        ("currency=GBP&min=5&max=4", "min is more than max"),
        ("older_than=soon", "use one such as 90s"),
        ("older_than=5", "use one such as 90s"),
        ("older_than=-5m", "use one such as 90s"),
        ("newer_than=99999999999999999d", "use one such as 90s"),
        ("older_than=2h&newer_than=1h", "no order is older"),
        ("from=2026-02-30", "is no day"),
        ("from=2026-02-02&to=2026-02-01", "from is later than to"),
        ("stat=placed", "is no part of this query"),
        ("cursor=6f", "take it from the page before"),
    ] {
        let answer = get(&stage.address, &format!("/orders?{query}"), &[]).await;
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        assert!(detail.contains(said), "{query}: {detail}");
    }
}
