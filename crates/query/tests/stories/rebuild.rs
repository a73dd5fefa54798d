//! A generation built beside the live one: compared, switched to, gone back to, and taken away.

use std::time::Instant;

use contracts::service;
use query::generations::compare::compare;
use query::generations::{Builder, Refused};
use query::keys::{self, Generation, VIEWS_VERSION};
use query::reader::Reader;
use tokio::task::JoinHandle;

use crate::history::TOTAL;
use crate::memory::{MemorySource, Streams};
use crate::redis_server::RedisServer;
use crate::stage::{Running, SOON, add_orders, assert_holds_the_fold, clock, project, shop};

struct Stage {
    redis: RedisServer,
    streams: Streams,
    running: Running,
    builder: Builder<MemorySource>,
    building: JoinHandle<()>,
}

impl Stage {
    async fn with_orders(orders: usize) -> Self {
        Self::over(RedisServer::start().await, orders).await
    }

    async fn over(redis: RedisServer, orders: usize) -> Self {
        let streams = Streams::new(shop(orders));
        let mut running = project(redis.client(), &streams);
        running.until_folded(&streams).await;
        let builder = Builder::new(redis.client(), streams.source(), clock);
        let building = tokio::spawn(builder.clone().run());
        Self { redis, streams, running, builder, building }
    }

    async fn live(&self) -> Generation {
        self.redis.run::<String>(&["GET", keys::POINTER]).await.parse().unwrap()
    }

    async fn until_built(&self) {
        let deadline = Instant::now() + SOON;
        while !self.builder.overview().await.unwrap().next.is_some_and(|next| next.built) {
            assert!(Instant::now() < deadline, "it is not built");
            tokio::task::yield_now().await;
        }
    }

    async fn until_live(&mut self, wanted: &Generation) {
        let is_live = |standing: &query::projector_status::ProjectorStatus| {
            standing.generation.as_ref() == Some(wanted)
        };
        self.running.until("the switch", is_live).await;
        self.running.until_folded(&self.streams).await;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.building.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_is_built_beside_the_live_one_compared_and_switched_to_under_load() {
    let mut stage = Stage::with_orders(60).await;
    let old = stage.live().await;
    let new = stage.builder.start().await.unwrap();
    for nth in 60..120 {
        stage.streams.change(|history| add_orders(history, nth, nth + 1));
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.live().await, old);
    stage.until_built().await;
    let compared = compare(&stage.redis.reader(), &old, &new, None).await.unwrap();
    assert!(compared.same, "{compared:?}");
    assert!(compared.views["order"].same > 200, "{compared:?}");
    stage.builder.activate(&new.to_string()).await.unwrap();
    stage.until_live(&new).await;
    let overview = stage.builder.overview().await.unwrap();
    assert_eq!(overview.previous.unwrap().id, old.to_string());
    assert!(overview.next.is_none());
    assert_holds_the_fold(&stage.redis.client(), &stage.redis.database(1), &stage.streams).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_found_and_shown() {
    let stage = Stage::with_orders(20).await;
    let old = stage.live().await;
    let new = stage.builder.start().await.unwrap();
    stage.until_built().await;
    let order = old.key(&keys::record(keys::ORDER, "o-3"));
    let text: String = stage.redis.run(&["GET", &order]).await;
    let edited = text.replace("2026-01-31", "2026-01-30");
    assert_ne!(edited, text);
    let () = stage.redis.run(&["SET", &order, &edited]).await;
    let () = stage.redis.run(&["DEL", &old.key(&keys::record(keys::STOCK, "o-4"))]).await;
    let () = stage.redis.run(&["ZADD", &old.key(keys::DAYS), "20260101", "2026-01-01"]).await;
    let compared = compare(&stage.redis.reader(), &old, &new, None).await.unwrap();
    assert!(!compared.same);
    let orders = &compared.views["order"];
    assert_eq!((orders.different, orders.only_new, orders.only_old), (1, 1, 0), "{compared:?}");
    assert_eq!(orders.samples[0].name, "order:ORDER:o-3");
    assert_eq!(compared.views["days"].different, 1, "{compared:?}");
    let one = compare(&stage.redis.reader(), &old, &new, Some("days")).await.unwrap();
    assert_eq!(one.views.keys().collect::<Vec<_>>(), ["days"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_that_differ_only_in_digits_that_no_float_has_are_told_apart() {
    let mut stage = Stage::with_orders(1).await;
    stage.streams.change(|history| {
        (0..3).for_each(|nth| history.decline_one(&format!("d-{nth}"), 9_000_000_000_000_000_000));
    });
    stage.running.until_folded(&stage.streams).await;
    let old = stage.live().await;
    let new = stage.builder.start().await.unwrap();
    stage.until_built().await;
    let totals = old.key(&keys::totals(service::ORDER));
    let text: String = stage.redis.run(&["GET", &totals]).await;
    let sum = format!("{}", 27_000_000_000_000_000_000_i128 + i128::from(TOTAL));
    let edited = text.replace(&sum, "27000000000000002501");
    assert_ne!(edited, text);
    let () = stage.redis.run(&["SET", &totals, &edited]).await;
    let compared = compare(&stage.redis.reader(), &old, &new, Some("totals")).await.unwrap();
    let totals = &compared.views["totals"];
    assert_eq!(totals.different, 1, "{compared:?}");
    let shown = serde_json::to_string(&totals.samples).unwrap();
    assert!(shown.contains(&sum) && shown.contains("27000000000000002501"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generation_before_can_be_gone_back_to_and_catches_up() {
    let mut stage = Stage::with_orders(20).await;
    let old = stage.live().await;
    let new = stage.builder.start().await.unwrap();
    stage.until_built().await;
    stage.builder.activate(&new.to_string()).await.unwrap();
    stage.until_live(&new).await;
    stage.streams.change(|history| add_orders(history, 20, 40));
    stage.running.until_folded(&stage.streams).await;
    stage.builder.activate(&old.to_string()).await.unwrap();
    stage.until_live(&old).await;
    assert_holds_the_fold(&stage.redis.client(), &stage.redis.database(1), &stage.streams).await;
    let previous = stage.builder.overview().await.unwrap().previous.unwrap();
    assert_eq!(previous.id, new.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_make_no_sense_are_refused_with_a_reason() {
    let stage = Stage::with_orders(20).await;
    let live = stage.live().await;
    let refused = stage.builder.activate(&live.to_string()).await.unwrap_err();
    assert!(matches!(refused, Refused::Live(_)), "{refused}");
    let refused = stage.builder.discard("nonsense").await.unwrap_err();
    assert!(matches!(refused, Refused::Unknown(_)), "{refused}");
    let next = stage.builder.start().await.unwrap();
    let refused = stage.builder.start().await.unwrap_err();
    assert!(matches!(refused, Refused::UnderWay(_)), "{refused}");
    stage.builder.discard(&next.to_string()).await.unwrap();
    assert!(stage.builder.overview().await.unwrap().next.is_none());
    assert_eq!(stage.live().await, live);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_is_not_built_is_not_switched_to() {
    let mut stage = Stage::with_orders(20).await;
    stage.building.abort();
    let next = stage.builder.start().await.unwrap();
    stage.until_built().await;
    let () = stage.redis.run(&["DEL", &next.built_key()]).await;
    let refused = stage.builder.activate(&next.to_string()).await.unwrap_err();
    assert!(matches!(refused, Refused::Unbuilt(_)), "{refused}");
    let live = stage.live().await;
    stage.until_live(&live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_was_built_while_its_process_ended_is_built_on_by_the_next() {
    let stage = Stage::with_orders(20).await;
    let next = stage.builder.start().await.unwrap();
    drop(stage.builder.clone());
    stage.until_built().await;
    let other = Builder::new(stage.redis.client(), stage.streams.source(), clock);
    let running = tokio::spawn(other.clone().run());
    stage.streams.change(|history| add_orders(history, 20, 30));
    let deadline = Instant::now() + SOON;
    let rows = stage.streams.history().len() as u64;
    while other.overview().await.unwrap().next.unwrap().folded != Some(rows) {
        assert!(Instant::now() < deadline, "{next} is not folded further");
        tokio::task::yield_now().await;
    }
    running.abort();
}

/// As an older build has left it.
async fn make_older(redis: &RedisServer) -> Generation {
    let live: Generation = redis.run::<String>(&["GET", keys::POINTER]).await.parse().unwrap();
    let name = live.to_string().replace(&format!("v{VIEWS_VERSION}-"), "v0-");
    let older: Generation = name.parse().unwrap();
    for key in redis.run::<Vec<String>>(&["KEYS", &live.key("*")]).await {
        let () = redis.run(&["RENAME", &key, &key.replace(&live.to_string(), &name)]).await;
    }
    let () = redis.run(&["SET", keys::POINTER, &name]).await;
    older
}

#[tokio::test(flavor = "multi_thread")]
async fn views_of_an_older_version_are_read_on_until_new_ones_are_built_by_themselves() {
    let stage = Stage::with_orders(20).await;
    let (redis, streams) = (&stage.redis, &stage.streams);
    stage.building.abort();
    let mut running = project(redis.client(), streams);
    running.until_folded(streams).await;
    drop(running);
    // Nobody folds while the build changes.
    let mut stage = stage;
    stage.running.end();
    let older = make_older(&stage.redis).await;
    let mut running = project(stage.redis.client(), &stage.streams);
    running.until("the older version", |standing| standing.phase.name() == "stale_version").await;
    let reader = Reader::new(&stage.redis.reader(), running.standing.clone()).unwrap();
    let totals = keys::totals(service::ORDER);
    let look = reader.once().look(std::slice::from_ref(&totals), &[]).await.unwrap();
    assert_eq!(look.dependencies, [older.key(&totals)]);
    assert!(look.records[0].is_some());
    let automatic = tokio::spawn(stage.builder.clone().run());
    running.until_folded(&stage.streams).await;
    assert_ne!(running.standing.borrow().generation.as_ref(), Some(&older));
    let refused = stage.builder.activate(&older.to_string()).await.unwrap_err();
    assert!(matches!(refused, Refused::OtherVersion(_)), "{refused}");
    automatic.abort();
}
