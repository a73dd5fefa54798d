//! Redis loses what it held, gets back an older copy, or is edited by hand.

use contracts::service;
use query::keys;

use crate::history::History;
use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::stage::{Running, add_orders, assert_holds_the_fold, project, shop};

struct Stage {
    redis: RedisServer,
    streams: Streams,
    running: Running,
}

impl Stage {
    async fn with_orders(orders: usize) -> Self {
        Self::over(RedisServer::start().await, shop(orders)).await
    }

    async fn over(redis: RedisServer, history: History) -> Self {
        let streams = Streams::new(history);
        let mut running = project(redis.client(), &streams);
        running.until_folded(&streams).await;
        Self { redis, streams, running }
    }

    async fn position_key(&self) -> String {
        let generation: String = self.redis.run(&["GET", keys::POINTER]).await;
        format!("{{query}}:{generation}:position")
    }

    async fn generation(&self) -> String {
        self.redis.run(&["GET", keys::POINTER]).await
    }

    async fn assert_holds_the_fold(&mut self) {
        self.running.until_folded(&self.streams).await;
        assert_holds_the_fold(&self.redis.client(), &self.redis.database(1), &self.streams).await;
    }

    /// Waits until another generation than `old` is live.
    async fn until_built_anew(&mut self, old: &str) {
        let newer = |generation: &keys::Generation| generation.to_string() != old;
        self.running
            .until("a new generation", |standing| standing.generation.as_ref().is_some_and(newer))
            .await;
    }
}

#[tokio::test]
async fn a_flush_while_nothing_happens_is_noticed_and_all_is_built_anew() {
    let mut stage = Stage::with_orders(40).await;
    let old = stage.generation().await;
    let () = stage.redis.run(&["FLUSHALL"]).await;
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn a_flush_in_the_middle_of_orders_is_made_good() {
    let mut stage = Stage::with_orders(40).await;
    let old = stage.generation().await;
    for nth in 40..160 {
        stage.streams.change(|history| add_orders(history, nth, nth + 1));
        if nth == 100 {
            let () = stage.redis.run(&["FLUSHALL"]).await;
        }
        tokio::task::yield_now().await;
    }
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_is_filled_again() {
    let mut stage = Stage::with_orders(40).await;
    let old = stage.generation().await;
    stage.redis.kill();
    stage.streams.change(|history| add_orders(history, 40, 60));
    stage.redis.restart().await;
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn an_older_copy_is_folded_further_and_not_begun_anew() {
    let mut stage = Stage::with_orders(40).await;
    let () = stage.redis.run(&["SAVE"]).await;
    let generation = stage.generation().await;
    stage.streams.change(|history| add_orders(history, 40, 90));
    stage.running.until_folded(&stage.streams).await;
    stage.redis.kill();
    stage.streams.change(|history| add_orders(history, 90, 95));
    stage.redis.restart().await;
    stage.assert_holds_the_fold().await;
    assert_eq!(stage.generation().await, generation);
}

#[tokio::test]
async fn a_position_edited_into_nonsense_begins_a_new_generation() {
    let mut stage = Stage::with_orders(20).await;
    let (old, key) = (stage.generation().await, stage.position_key().await);
    let () = stage.redis.run(&["SET", &key, "nonsense"]).await;
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn a_position_moved_ahead_by_hand_is_found_out_by_its_chain() {
    let mut stage = Stage::with_orders(20).await;
    let (old, key) = (stage.generation().await, stage.position_key().await);
    let text: String = stage.redis.run(&["GET", &key]).await;
    let sequence = stage.streams.history().head(service::ORDER).sequence;
    let found = format!("\"ORDER\",\"sequence\":{sequence}");
    let ahead = format!("\"ORDER\",\"sequence\":{}", sequence + 1);
    assert!(text.contains(&found), "{text}");
    let () = stage.redis.run(&["SET", &key, &text.replace(&found, &ahead)]).await;
    stage.streams.change(|history| add_orders(history, 20, 30));
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn a_position_set_back_by_hand_is_found_out_by_the_records() {
    let mut stage = Stage::with_orders(20).await;
    let (old, key) = (stage.generation().await, stage.position_key().await);
    let earlier: String = stage.redis.run(&["GET", &key]).await;
    stage.streams.change(|history| add_orders(history, 20, 30));
    stage.running.until_folded(&stage.streams).await;
    let () = stage.redis.run(&["SET", &key, &earlier]).await;
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn a_record_edited_into_nonsense_begins_a_new_generation() {
    let mut stage = Stage::with_orders(20).await;
    let old = stage.generation().await;
    let key = format!("{{query}}:{old}:totals:ORDER");
    let () = stage.redis.run(&["SET", &key, "nonsense"]).await;
    // One that remembers nothing.
    stage.running = project(stage.redis.client(), &stage.streams);
    stage.streams.change(|history| add_orders(history, 20, 21));
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn a_record_edited_under_the_one_who_wrote_it_is_right_again_with_its_next_event() {
    let mut stage = Stage::with_orders(20).await;
    let old = stage.generation().await;
    let key = format!("{{query}}:{old}:totals:ORDER");
    let () = stage.redis.run(&["SET", &key, "nonsense"]).await;
    stage.streams.change(|history| add_orders(history, 20, 21));
    stage.assert_holds_the_fold().await;
    assert_eq!(stage.generation().await, old);
}

#[tokio::test]
async fn an_index_that_became_something_else_is_told_before_anything_is_written() {
    let mut stage = Stage::with_orders(20).await;
    let old = stage.generation().await;
    let key = format!("{{query}}:{old}:unsettled");
    let () = stage.redis.run(&["SET", &key, "nonsense"]).await;
    stage.streams.change(|history| add_orders(history, 20, 21));
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn streams_that_tell_another_history_replace_what_was_folded() {
    let mut stage = Stage::with_orders(20).await;
    let old = stage.generation().await;
    let mut other = History::begin(2);
    other.open_shop();
    add_orders(&mut other, 0, 25);
    stage.streams.change(|history| *history = other);
    stage.until_built_anew(&old).await;
    stage.assert_holds_the_fold().await;
}

#[tokio::test]
async fn what_older_generations_left_is_removed() {
    let mut stage = Stage::with_orders(20).await;
    let (old, key) = (stage.generation().await, stage.position_key().await);
    let () = stage.redis.run(&["DEL", &key]).await;
    stage.until_built_anew(&old).await;
    stage.running.until_folded(&stage.streams).await;
    drop(stage.running);
    let _again = project(stage.redis.client(), &stage.streams);
    let left = format!("{{query}}:{old}:*");
    let deadline = std::time::Instant::now() + crate::stage::SOON;
    while !stage.redis.run::<Vec<String>>(&["KEYS", &left]).await.is_empty() {
        assert!(std::time::Instant::now() < deadline, "keys of {old} are still there");
        tokio::task::yield_now().await;
    }
}
