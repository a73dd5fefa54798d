//! What happens next to an order, and who is waited for, as far as the read model has come: the same that
//! follows from the events themselves.

use contracts::choreography::MURMURATION;
use contracts::service;
use protocol::choreography::next::{Occurrence, next};

use crate::history::{Fate, History};
use crate::rest::Stage;
use crate::stage::shop;

/// The events of one order, each service's in its order.
fn events(history: &History, order: &str) -> Vec<Occurrence> {
    let about = format!(".{order}");
    let rows = history.rows.values().flatten().filter(|row| row.subject.ends_with(&about));
    let mut all: Vec<Occurrence> =
        rows.map(|row| Occurrence::from(&row.parse::<contracts::Event>().unwrap())).collect();
    all.sort_by_key(|event| event.time);
    all
}

#[tokio::test]
async fn what_happens_next_follows_from_the_events_of_an_order_whatever_became_of_it() {
    let stage = Stage::over(shop(Fate::ALL.len())).await;
    let history = stage.streams.history();
    for nth in 0..Fate::ALL.len() {
        let order = format!("o-{nth}");
        let told = stage.get(&format!("/orders/{order}/next")).await;
        assert_eq!((told.status, &told.body["order_id"]), (200, &order.clone().into()));
        let expected = next(&MURMURATION, &events(&history, &order));
        let expected = serde_json::to_value(expected).unwrap();
        for (member, value) in expected.as_object().unwrap() {
            assert_eq!(&told.body[member], value, "{order}: {member}");
        }
    }
}

#[tokio::test]
async fn an_order_that_waits_names_who_is_awaited_and_how_it_can_end() {
    let stage = Stage::over(shop(7)).await;
    let told = stage.get("/orders/o-5/next").await.body;
    let by = |service: &str| {
        let owed = told["owed"].as_array().unwrap().iter();
        owed.filter(|one| one["service"] == service).cloned().collect::<Vec<_>>()
    };
    assert!(by("shipping")[0]["on"].as_str().unwrap().starts_with("payment.charged #"));
    assert_eq!(by("order")[0]["on"], "timer deadline");
    assert_eq!(told["is_over"], false);
    let ends: Vec<_> = told["ends"].as_array().unwrap().iter().map(|end| end.as_str()).collect();
    assert!(ends.contains(&Some("order.completed")) && ends.len() > 1, "{ends:?}");
    let over = stage.get("/orders/o-0/next").await.body;
    assert_eq!((&over["is_over"], &over["ends"][0]), (&true.into(), &"order.completed".into()));
    assert_eq!(stage.get("/orders/o-x/next").await.body["type"], "/problems/unknown-order");
}

#[tokio::test]
async fn who_is_waited_for_is_told_by_service_for_as_long_as_is_asked() {
    let stage = Stage::over(shop(7)).await;
    let told = stage.get("/stuck").await.body;
    assert_eq!((&told["in_flight"], &told["older_than_ms"]), (&2.into(), &30_000.into()));
    let stuck = told["stuck"].as_object().unwrap();
    let waited_for: Vec<_> = stuck.keys().map(String::as_str).collect();
    assert_eq!(waited_for, [service::INVENTORY.name(), service::SHIPPING.name()]);
    assert_eq!(stuck["shipping"][0]["order_id"], "o-5");
    assert_eq!(stuck["shipping"][0]["on"], "payment.charged");
    assert!(stuck["shipping"][0]["for_ms"].as_i64().unwrap() > 30_000);
    let century = stage.get("/stuck?older_than=36500d").await.body;
    assert_eq!(century["stuck"].as_object().unwrap().len(), 0);
    for wrong in ["/stuck?older_than=30", "/stuck?older=30s", "/orders/o-5/next?x=1"] {
        assert_eq!(stage.get(wrong).await.body["type"], "/problems/bad-query", "{wrong}");
    }
}
