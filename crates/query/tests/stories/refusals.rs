//! Servers that are not fit to hold the read model are told apart, with what to do.

use query::keys::{self, VIEWS_VERSION};
use query::projector_status::{Phase, ProjectorStatus};
use query::store::Store;

use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::stage::{Running, project, shop};

async fn until_away(running: &mut Running, words: &[&str]) {
    let is_refused = |standing: &ProjectorStatus| {
        let Phase::Away(reason) = &standing.phase else { return false };
        words.iter().all(|word| reason.contains(word))
    };
    running.until(&words.join(", "), is_refused).await;
}

#[tokio::test]
async fn an_evicting_server_is_refused_until_it_is_set_right() {
    let redis = RedisServer::start_with(&["--maxmemory-policy", "allkeys-lru"]).await;
    let Err(error) = Store::connect(&redis.client()).await else { panic!("it is fit") };
    assert!(error.to_string().contains("config set maxmemory-policy noeviction"), "{error}");
    let streams = Streams::new(shop(5));
    let mut running = project(redis.client(), &streams);
    until_away(&mut running, &["allkeys-lru"]).await;
    let () = redis.run(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    running.until_folded(&streams).await;
}

#[tokio::test]
async fn a_read_model_of_a_newer_build_is_left_alone() {
    let redis = RedisServer::start().await;
    let newer = format!("v{}-1", VIEWS_VERSION + 1);
    let () = redis.run(&["SET", keys::POINTER, &newer]).await;
    let streams = Streams::new(shop(5));
    let mut running = project(redis.client(), &streams);
    until_away(&mut running, &["run the newer build"]).await;
    assert_eq!(redis.run::<String>(&["GET", keys::POINTER]).await, newer);
}

#[tokio::test]
async fn a_read_model_of_an_older_build_is_built_anew() {
    let redis = RedisServer::start().await;
    let () = redis.run(&["SET", keys::POINTER, "v0-1"]).await;
    let streams = Streams::new(shop(5));
    let mut running = project(redis.client(), &streams);
    running.until_folded(&streams).await;
    assert!(
        running.standing.borrow().generation.as_ref().is_some_and(|g| g.version() == VIEWS_VERSION)
    );
}

#[tokio::test]
async fn a_full_redis_takes_nothing_and_goes_on_when_there_is_room() {
    let redis = RedisServer::start().await;
    let streams = Streams::new(shop(20));
    let mut running = project(redis.client(), &streams);
    running.until_folded(&streams).await;
    let () = redis.run(&["CONFIG", "SET", "maxmemory", "1mb"]).await;
    streams.change(|history| crate::stage::add_orders(history, 20, 40));
    until_away(&mut running, &["maxmemory"]).await;
    let () = redis.run(&["CONFIG", "SET", "maxmemory", "0"]).await;
    running.until_folded(&streams).await;
    crate::stage::assert_holds_the_fold(&redis.client(), &redis.database(1), &streams).await;
}
