//! With a real broker: the streams are read through the runtime's own reading loop.

use contracts::Service;
use query::sources::Broker;
use query::standing::Phase;

use crate::history::History;
use crate::memory::Streams;
use crate::nats_server::NatsServer;
use crate::redis_server::RedisServer;
use crate::stage::{Running, add_orders, assert_holds_the_fold, project_from, shop};

struct Stage {
    nats: NatsServer,
    redis: RedisServer,
    running: Running,
}

impl Stage {
    async fn over(history: &History) -> Self {
        let (nats, redis) = (NatsServer::start(), RedisServer::start().await);
        nats.publish(history).await;
        let source = Broker::new(nats.connection().await);
        let running = project_from(redis.client(), source);
        Self { nats, redis, running }
    }

    async fn assert_holds_the_fold_of(&mut self, history: &History) {
        let streams = Streams::new(history.clone());
        self.running.until_folded(&streams).await;
        assert_holds_the_fold(&self.redis.client(), &self.redis.database(1), &streams).await;
    }
}

#[tokio::test]
async fn what_the_broker_holds_and_what_comes_is_folded() {
    let mut history = shop(30);
    let mut stage = Stage::over(&history).await;
    stage.assert_holds_the_fold_of(&history).await;
    add_orders(&mut history, 30, 60);
    stage.nats.publish(&history).await;
    stage.assert_holds_the_fold_of(&history).await;
}

#[tokio::test]
async fn a_broker_that_is_killed_and_comes_back_is_read_on() {
    let mut history = shop(10);
    let mut stage = Stage::over(&history).await;
    stage.assert_holds_the_fold_of(&history).await;
    stage.nats.kill();
    let cut_off =
        |standing: &query::standing::Standing| !standing.progress_of(Service::Order).connected;
    let deadline = std::time::Instant::now() + crate::stage::SOON;
    while !cut_off(&stage.running.standing.borrow()) {
        assert!(std::time::Instant::now() < deadline, "the loss is not told");
        tokio::task::yield_now().await;
    }
    stage.nats.restart();
    add_orders(&mut history, 10, 20);
    stage.nats.publish(&history).await;
    stage.assert_holds_the_fold_of(&history).await;
}

#[tokio::test]
async fn streams_that_were_begun_anew_replace_what_was_folded() {
    let mut stage = Stage::over(&shop(5)).await;
    stage.assert_holds_the_fold_of(&shop(5)).await;
    let old = stage.running.standing.borrow().generation.clone();
    let connection = stage.nats.connection().await;
    for service in Service::ALL {
        let context = connection.jetstream(service);
        context.delete_stream(service.stream()).await.unwrap();
    }
    let mut other = History::begin(2);
    other.open_shop();
    add_orders(&mut other, 0, 12);
    stage.nats.publish(&other).await;
    stage.running.until("a new generation", |standing| standing.generation != old).await;
    stage.assert_holds_the_fold_of(&other).await;
}

#[tokio::test]
async fn with_streams_missing_it_says_that_it_has_not_caught_up() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start().await);
    let source = Broker::new(nats.connection().await);
    let mut running = project_from(redis.client(), source);
    running.until("a beginning", |standing| standing.phase == Phase::Rebuilding).await;
    nats.publish(&shop(3)).await;
    running.until_folded(&Streams::new(shop(3))).await;
}
