//! With a real broker: the streams are read through the runtime's own reading loop.

use std::time::Instant;

use contracts::service;
use futures_util::TryStreamExt as _;
use query::projector::Projector;
use query::projector_status::Phase;
use query::search::{STREAMS, Search, follower};
use query::sources::Broker;
use query::sources::feed::Feed;
use runtime::nats::Connection;

use crate::history::History;
use crate::memory::Streams;
use crate::nats_server::NatsServer;
use crate::redis_server::RedisServer;
use crate::stage::{Running, SOON, add_orders, assert_holds_the_fold, clock, project_from, shop};

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
    let cut_off = |standing: &query::projector_status::ProjectorStatus| {
        !standing.progress_of(service::ORDER).connected
    };
    let deadline = Instant::now() + SOON;
    while !cut_off(&stage.running.standing.borrow()) {
        assert!(Instant::now() < deadline, "the loss is not told");
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
    for service in service::ALL {
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

/// Consumers of each stream at which somebody waits for messages. One that was given up is kept for a
/// while.
async fn waited_at(broker: &Connection) -> [usize; service::ALL.len()] {
    let mut all = [0; service::ALL.len()];
    for (service, waited_at) in service::ALL.into_iter().zip(&mut all) {
        let stream = broker.jetstream(service).get_stream(service.stream()).await.unwrap();
        let consumers: Vec<_> = stream.consumers().try_collect().await.unwrap();
        *waited_at = consumers.iter().filter(|consumer| consumer.num_waiting > 0).count();
    }
    all
}

async fn until_waited_at(broker: &Connection, expected: [usize; service::ALL.len()]) {
    let deadline = Instant::now() + SOON;
    loop {
        let found = waited_at(broker).await;
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{found:?}, and not {expected:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_projector_and_the_search_have_one_consumer_a_stream_between_them() {
    let (nats, mut redis) = (NatsServer::start(), RedisServer::start().await);
    let mut history = shop(10);
    nats.publish(&history).await;
    let broker = nats.connection().await;
    let (source, feed) = (Broker::new(broker.clone()), Feed::of(&STREAMS));
    let projector = Projector::new(redis.client(), feed.tap(source.clone()), clock);
    let standing = projector.standing();
    let mut running = Running::of(standing, tokio::spawn(projector.run()));
    let search = Search::new().unwrap();
    let own = source.only(&STREAMS);
    let following = tokio::spawn(follower::run(own, feed, search.clone()));
    until_waited_at(&broker, [1; service::ALL.len()]).await;
    redis.kill();
    let searched = service::ALL.map(|service| usize::from(STREAMS.contains(&service)));
    until_waited_at(&broker, searched).await;
    redis.restart().await;
    until_waited_at(&broker, [1; service::ALL.len()]).await;
    add_orders(&mut history, 10, 20);
    nats.publish(&history).await;
    let wanted = STREAMS.into_iter().map(|of| (of, history.head(of).sequence)).collect();
    search.wait_for(&wanted, SOON).await.unwrap();
    running.until_folded(&Streams::new(history)).await;
    assert_eq!(waited_at(&broker).await, [1; service::ALL.len()]);
    following.abort();
}
