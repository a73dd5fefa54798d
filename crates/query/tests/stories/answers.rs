//! What clients are told, read from a real Redis.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::{kind, service};
use query::freshness::Freshness;
use query::keys;
use query::queries::customer_orders::customer_orders;
use query::queries::dashboard::dashboard;
use query::queries::order::order;
use query::query::NoAnswer;
use query::reader::{ReadError, Reader};

use crate::history::{Fate, History, QUANTITY, TOTAL, id};
use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::stage::{Running, clock, project, shop};

const STUCK_AFTER: Duration = Duration::from_secs(30);

struct Stage {
    redis: RedisServer,
    streams: Streams,
    running: Running,
    reader: Reader,
}

impl Stage {
    async fn over(history: History) -> Self {
        let redis = RedisServer::start().await;
        let streams = Streams::new(history);
        let mut running = project(redis.client(), &streams);
        running.until_folded(&streams).await;
        let reader = Reader::new(&redis.reader(), running.standing.clone()).unwrap();
        Self { redis, streams, running, reader }
    }
}

#[tokio::test]
async fn an_order_is_told_whole_with_its_timeline_and_who_owes_what() {
    let stage = Stage::over(shop(7)).await;
    let answer = order(stage.reader.once(), &id("o-5")).await.unwrap();
    let content = answer.content;
    assert_eq!((content.state, content.settled), ("placed", false));
    assert_eq!((content.stock.state, content.payment.state), ("reserved", "charged"));
    assert_eq!(content.customer.name, "Customer c-1");
    assert_eq!(content.lines[0].amount.minor, i128::from(TOTAL));
    let steps: Vec<_> = content.timeline.iter().map(|moment| moment.step.kind).collect();
    assert_eq!(steps, [kind::ORDER_PLACED, kind::INVENTORY_RESERVED, kind::PAYMENT_CHARGED]);
    assert_eq!(content.next[0].service, service::SHIPPING);
    assert_eq!(content.next[0].one_of, [kind::SHIPPING_CREATED, kind::SHIPPING_CANCELLED]);
    let freshness = Freshness::of(&answer.positions, &stage.reader.standing());
    assert_eq!((freshness.state, freshness.behind), ("following", 0));
}

#[tokio::test]
async fn what_was_undone_is_told_with_everything_that_undid_it() {
    let stage = Stage::over(shop(7)).await;
    let content = order(stage.reader.once(), &id("o-3")).await.unwrap().content;
    assert_eq!((content.state, content.settled), ("cancelled", true));
    assert_eq!(content.stock.state, "released");
    assert_eq!(content.payment.charged, content.payment.refunded);
    assert_eq!(content.shipment.state, "cancelled");
    assert!(content.next.is_empty(), "{:?}", content.next);
}

#[tokio::test]
async fn the_pages_of_a_customers_orders_show_each_order_once_newest_first() {
    let stage = Stage::over(shop(7)).await;
    let mut shown = Vec::new();
    let mut after = None;
    loop {
        let page =
            customer_orders(stage.reader.once(), &id("c-1"), 3, after).await.unwrap().content;
        assert_eq!(page.total, 7);
        assert!(page.items.len() <= 3);
        shown.extend(page.items.into_iter().map(|order| order.order_id));
        let Some(last) = page.last else { break };
        after = Some(last.parse().unwrap());
    }
    assert_eq!(shown, ["o-6", "o-5", "o-4", "o-3", "o-2", "o-1", "o-0"]);
}

#[tokio::test]
async fn the_dashboard_counts_money_and_orders_and_names_who_keeps_them_waiting() {
    let stage = Stage::over(shop(7)).await;
    let content = dashboard(stage.reader.once(), STUCK_AFTER, clock()).await.unwrap().content;
    let states = [("completed", 1), ("rejected", 2), ("cancelled", 2), ("placed", 2)];
    for (state, count) in states {
        assert_eq!(content.orders.by_state[state], count, "{state}");
    }
    assert_eq!(content.orders.by_state["prepared"], 0);
    assert_eq!(content.orders.revenue[0].minor, i128::from(TOTAL));
    assert_eq!(content.orders.units, u64::from(QUANTITY));
    assert_eq!(content.payments.outstanding[0].minor, i128::from(2 * TOTAL));
    assert_eq!((content.days[0].date.as_str(), content.days[0].sales.placed), ("2026-01-31", 7));
    assert_eq!((content.sagas.in_flight, content.sagas.stuck, content.parked), (2, 2, 0));
    assert_eq!(content.sagas.oldest_stuck[0].order_id, "o-5");
    assert_eq!(content.sagas.oldest_stuck[0].next[0].service, service::SHIPPING);
    assert_eq!((content.customers.live, content.products.live), (1, 1));
}

#[tokio::test]
async fn an_order_that_is_young_enough_is_in_flight_and_not_stuck() {
    let stage = Stage::over(shop(7)).await;
    let century = Duration::from_hours(24 * 36_525);
    let content = dashboard(stage.reader.once(), century, clock()).await.unwrap().content;
    assert_eq!((content.sagas.in_flight, content.sagas.stuck), (2, 0));
}

#[tokio::test]
async fn what_nobody_has_heard_of_is_unknown_and_says_how_fresh_that_is() {
    let stage = Stage::over(shop(1)).await;
    let unknown = order(stage.reader.once(), &id("o-x")).await.unwrap_err();
    let NoAnswer::Unknown { what: "order", positions, .. } = unknown else { panic!("{unknown}") };
    assert!(!Freshness::of(&positions, &stage.reader.standing()).is_incomplete());
    let unknown = customer_orders(stage.reader.once(), &id("c-x"), 10, None).await.unwrap_err();
    assert!(matches!(unknown, NoAnswer::Unknown { what: "customer", .. }));
}

#[tokio::test]
async fn a_flushed_redis_is_told_as_such_and_not_as_an_empty_shop() {
    let stage = Stage::over(shop(3)).await;
    let reader = stage.reader.clone();
    drop(stage.running);
    let () = stage.redis.run(&["FLUSHALL"]).await;
    let error = dashboard(reader.once(), STUCK_AFTER, clock()).await.unwrap_err();
    assert!(matches!(error, NoAnswer::Unreadable(ReadError::Nothing)), "{error}");
}

#[tokio::test]
async fn values_and_pages_are_read_at_one_moment_also_when_redis_has_forgotten_the_script() {
    let stage = Stage::over(shop(3)).await;
    dashboard(stage.reader.once(), STUCK_AFTER, clock()).await.unwrap();
    for command in [&["PING"][..], &["SCRIPT", "FLUSH"]] {
        let _: String = stage.redis.run(command).await;
        let () = stage.redis.run(&["CONFIG", "RESETSTAT"]).await;
        let content = dashboard(stage.reader.once(), STUCK_AFTER, clock()).await.unwrap().content;
        assert_eq!(content.orders.placed, 3);
        let calls: String = stage.redis.run(&["INFO", "commandstats"]).await;
        assert!(calls.contains("cmdstat_exec:calls="), "no transaction after {command:?}: {calls}");
    }
}

#[tokio::test]
async fn readers_follow_to_a_new_generation() {
    let mut stage = Stage::over(shop(3)).await;
    let stale = stage.running.standing.borrow().clone();
    let old = stale.generation.clone();
    let (_keep, frozen) = tokio::sync::watch::channel(stale);
    let reader = Reader::new(&stage.redis.reader(), frozen).unwrap();
    let key = old.as_ref().unwrap().position_key();
    let () = stage.redis.run(&["DEL", &key]).await;
    stage.running.until("a new generation", |standing| standing.generation != old).await;
    stage.running.until_folded(&stage.streams).await;
    assert_eq!(order(reader.once(), &id("o-0")).await.unwrap().content.state, "completed");
}

#[tokio::test]
async fn a_token_is_waited_for_and_what_is_missing_is_told() {
    let stage = Stage::over(shop(2)).await;
    let head = stage.streams.history().head(service::ORDER).sequence;
    let wanted = BTreeMap::from([(service::ORDER, head + 1)]);
    let patience = Duration::from_millis(20);
    let missing = stage.reader.wait_for(&wanted, patience).await.unwrap_err();
    assert_eq!((missing[0].wanted, missing[0].folded), (head + 1, head));
    let (reader, wanted) = (stage.reader.clone(), wanted.clone());
    let waiting = tokio::spawn(async move { reader.wait_for(&wanted, crate::stage::SOON).await });
    stage.streams.change(|history| history.order("o-new", Fate::JustPlaced));
    waiting.await.unwrap().unwrap();
    assert_eq!(order(stage.reader.once(), &id("o-new")).await.unwrap().content.state, "placed");
}

#[tokio::test]
async fn a_damaged_record_is_an_error_and_no_guess() {
    let stage = Stage::over(shop(1)).await;
    let generation: String = stage.redis.run(&["GET", keys::POINTER]).await;
    let key = format!("{{query}}:{generation}:order:ORDER:o-0");
    let () = stage.redis.run(&["SET", &key, "nonsense"]).await;
    let error = order(stage.reader.once(), &id("o-0")).await.unwrap_err();
    assert!(matches!(error, NoAnswer::Unreadable(ReadError::Damaged(_))), "{error}");
}
