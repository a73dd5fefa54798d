//! Two projectors over one Redis.

use std::collections::BTreeMap;

use contracts::service;
use query::freshness::Freshness;
use query::projector_status::monitor::ProjectorMonitor;
use query::reader::Reader;

use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::stage::{Running, SOON, add_orders, assert_holds_the_fold, clock, dump, project, shop};

#[tokio::test(flavor = "multi_thread")]
async fn two_projectors_at_once_do_no_harm() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(shop(200));
    let mut one = project(redis.client(), &streams);
    let mut two = project(redis.client(), &streams);
    for nth in 200..500 {
        streams.change(|history| add_orders(history, nth, nth + 1));
        tokio::task::yield_now().await;
    }
    one.until_folded(&streams).await;
    two.until_folded(&streams).await;
    assert_holds_the_fold(&redis.client(), &redis.database(1), &streams).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_projector_goes_on_when_the_first_one_ends() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(shop(50));
    let mut one = project(redis.client(), &streams);
    let mut two = project(redis.client(), &streams);
    one.until_folded(&streams).await;
    two.until_folded(&streams).await;
    drop(one);
    streams.change(|history| add_orders(history, 50, 60));
    two.until_folded(&streams).await;
    assert_holds_the_fold(&redis.client(), &redis.database(1), &streams).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_between_two_projectors_ends_in_one_generation() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(shop(100));
    let mut one = project(redis.client(), &streams);
    let mut two = project(redis.client(), &streams);
    one.until_folded(&streams).await;
    let before = one.standing.borrow().generation.clone();
    let () = redis.run(&["FLUSHALL"]).await;
    streams.change(|history| add_orders(history, 100, 150));
    one.until("a new generation", |standing| standing.generation != before).await;
    two.until("a new generation", |standing| standing.generation != before).await;
    one.until_folded(&streams).await;
    two.until_folded(&streams).await;
    assert_eq!(one.standing.borrow().generation, two.standing.borrow().generation);
    assert!(!dump(&redis.client()).await.contains_key("parked"));
    assert_holds_the_fold(&redis.client(), &redis.database(1), &streams).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_only_answers_sees_what_another_one_folds() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(shop(50));
    let mut projector = project(redis.client(), &streams);
    let monitor = ProjectorMonitor::new(redis.reader(), clock);
    let standing = monitor.standing();
    let looking = tokio::spawn(monitor.run());
    let mut monitor = Running::of(standing.clone(), looking);
    monitor.until_folded(&streams).await;
    assert_eq!(Freshness::of(&standing.borrow().positions, &standing.borrow()).behind, 0);
    let reader = Reader::new(&redis.reader(), standing.clone()).unwrap();
    let head = streams.history().head(service::ORDER).sequence;
    let wanted = BTreeMap::from([(service::ORDER, head + 1)]);
    let waiting = tokio::spawn(async move { reader.wait_for(&wanted, SOON).await });
    streams.change(|history| add_orders(history, 50, 51));
    waiting.await.unwrap().unwrap();
    let () = redis.run(&["FLUSHALL"]).await;
    projector.end();
    monitor.until("the rebuilding", |standing| standing.phase.name() == "rebuilding").await;
    let _again = project(redis.client(), &streams);
    monitor.until_folded(&streams).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_only_answers_tells_when_nobody_folds() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(shop(5));
    let mut projector = project(redis.client(), &streams);
    let monitor = ProjectorMonitor::new(redis.reader(), clock);
    let mut monitor = Running::of(monitor.standing(), tokio::spawn(monitor.run()));
    monitor.until_folded(&streams).await;
    projector.end();
    monitor.until("the silence", |standing| standing.phase.name() == "away").await;
}
