//! Undisturbed, and while orders keep coming.

use contracts::service;

use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::stage::{add_orders, assert_holds_the_fold, dump, project, shop};

#[tokio::test]
async fn what_is_appended_while_the_projector_follows_is_folded() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(shop(10));
    let mut running = project(redis.client(), &streams);
    running.until_folded(&streams).await;
    for nth in 10..60 {
        streams.change(|history| add_orders(history, nth, nth + 1));
    }
    running.until_folded(&streams).await;
    assert_holds_the_fold(&redis.client(), &redis.database(1), &streams).await;
}

#[tokio::test]
async fn a_projector_that_starts_again_goes_on_where_the_first_one_was_stopped() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(shop(300));
    let mut running = project(redis.client(), &streams);
    running.until("a first batch", |standing| standing.written_at.is_some()).await;
    drop(running);
    let mut running = project(redis.client(), &streams);
    running.until_folded(&streams).await;
    assert_holds_the_fold(&redis.client(), &redis.database(1), &streams).await;
}

#[tokio::test]
async fn a_row_that_no_build_understands_is_parked_and_passed() {
    let redis = RedisServer::start().await;
    let mut history = shop(7);
    let rows = history.rows.get_mut(&service::SHIPPING).unwrap();
    rows[0].headers = rows[0].headers.replace(".v1", ".v9");
    let streams = Streams::new(history);
    let mut running = project(redis.client(), &streams);
    running.until_folded(&streams).await;
    let parked = dump(&redis.client()).await.remove("parked").unwrap();
    assert_eq!(parked[0], "SHIPPING/1");
    assert!(parked[1].contains("version 9"), "{parked:?}");
}
