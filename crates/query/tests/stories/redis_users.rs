//! What each user of Redis may do, and that nobody else is let in. All other stories fold as `projector` and
//! read as `reader`: what these need, they may.

use query::keys;
use query::projector_status::Phase;
use query::projector_status::monitor::ProjectorMonitor;
use query::store::{GenerationRole, Store};
use redis::{Client, RedisError};

use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::stage::{Running, clock, project, shop};

async fn said_to(client: &Client, words: &[&str]) -> Result<redis::Value, RedisError> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    redis::cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await
}

async fn assert_refused(client: &Client, all: &[&[&str]]) {
    for words in all {
        let said = said_to(client, words).await.expect_err(&words.join(" ")).to_string();
        let is_refusal = said.contains("NOPERM") || said.contains("no permissions");
        assert!(is_refusal, "{words:?}: {said}");
    }
}

/// What makes a server another one, or shows what is nobody's business.
const ADMINISTRATION: [&[&str]; 16] = [
    &["CONFIG", "SET", "maxmemory", "1mb"],
    &["CONFIG", "GET", "*"],
    &["FLUSHALL"],
    &["FLUSHDB"],
    &["SWAPDB", "0", "1"],
    &["SELECT", "1"],
    &["KEYS", "*"],
    &["ACL", "LIST"],
    &["ACL", "SETUSER", "default", "on", "nopass", "~*", "+@all"],
    &["REPLICAOF", "10.0.0.1", "6379"],
    &["SHUTDOWN", "NOSAVE"],
    &["LASTSAVE"],
    &["SAVE"],
    &["MONITOR"],
    &["CLIENT", "KILL", "TYPE", "normal"],
    &["EVAL", "return 1", "0"],
];

#[tokio::test]
async fn who_says_nothing_or_something_wrong_is_not_let_in() {
    let redis = RedisServer::start().await;
    let nobody = redis.url().replace("projector:projector@", "");
    for url in [nobody, redis.url_of("default", ""), redis.url_of("projector", "guessed")] {
        let client = query::store::client(&url).unwrap();
        let said = said_to(&client, &["GET", keys::POINTER]).await.unwrap_err().to_string();
        let said = said.to_lowercase();
        assert!(said.contains("noauth") || said.contains("authentication"), "{url}: {said}");
    }
}

#[tokio::test]
async fn who_folds_writes_the_read_model_and_nothing_else() {
    let (redis, streams) = (RedisServer::start().await, Streams::new(shop(3)));
    project(redis.client(), &streams).until_folded(&streams).await;
    let () = redis.run(&["SET", "orders:of-another", "1"]).await;
    let projector = redis.client();
    assert_refused(&projector, &ADMINISTRATION).await;
    let others: [&[&str]; 5] = [
        &["GET", "orders:of-another"],
        &["SET", "orders:of-another", "2"],
        &["UNLINK", "orders:of-another"],
        &["MGET", keys::POINTER, "orders:of-another"],
        &["ZADD", "{query2}:x", "1", "a"],
    ];
    assert_refused(&projector, &others).await;
    // Nor by a script, which is asked as who runs it.
    let script = redis::Script::new("return redis.call('SET', ARGV[1], '2')");
    let mut connection = projector.get_multiplexed_async_connection().await.unwrap();
    let said = script.arg("orders:of-another").invoke_async::<()>(&mut connection).await;
    assert!(said.unwrap_err().to_string().contains("executing the script can't"));
    assert_eq!(redis.run::<String>(&["GET", "orders:of-another"]).await, "1");
}

#[tokio::test]
async fn who_only_answers_changes_nothing() {
    let (redis, streams) = (RedisServer::start().await, Streams::new(shop(3)));
    project(redis.client(), &streams).until_folded(&streams).await;
    let reader = redis.reader();
    assert_refused(&reader, &ADMINISTRATION).await;
    let writes: [&[&str]; 8] = [
        &["SET", keys::POINTER, "v0-1"],
        &["DEL", keys::POINTER],
        &["UNLINK", keys::POINTER],
        &["EXPIRE", keys::POINTER, "1"],
        &["GETDEL", keys::POINTER],
        &["RENAME", keys::POINTER, "{query}:gone"],
        &["HSET", "{query}:x", "a", "1"],
        &["GET", "orders:of-another"],
    ];
    assert_refused(&reader, &writes).await;
    let live = redis.run::<String>(&["GET", keys::POINTER]).await;
    let script = redis::Script::new("return redis.call('SET', ARGV[1], '2')");
    let mut connection = reader.get_multiplexed_async_connection().await.unwrap();
    let said = script.arg(keys::POINTER).invoke_async::<()>(&mut connection).await;
    assert!(said.unwrap_err().to_string().contains("executing the script can't"));
    // The projector's own scripts, too.
    let store = Store::connect(&reader).await.unwrap();
    let mut store = store.in_role(GenerationRole::Live);
    let said = store.begin(Some(&live), clock()).await.unwrap_err().to_string();
    assert!(said.contains("docs/reference.md"), "{said}");
    assert_eq!(redis.run::<String>(&["GET", keys::POINTER]).await, live);
}

#[tokio::test]
async fn who_looks_after_it_may_do_that_and_no_more() {
    let redis = RedisServer::start().await;
    let operator = redis.client_of("operator");
    let () = redis.run(&["SET", "orders:of-another", "1"]).await;
    let needs: [&[&str]; 7] = [
        &["PING"],
        &["INFO", "memory"],
        &["DBSIZE"],
        &["CONFIG", "SET", "maxmemory-policy", "noeviction"],
        &["KEYS", "*order*"],
        &["SET", "{query}:edited", "by hand"],
        &["FLUSHALL"],
    ];
    for words in needs {
        said_to(&operator, words).await.unwrap();
    }
    let refused: [&[&str]; 6] = [
        &["ACL", "LIST"],
        &["SHUTDOWN", "NOSAVE"],
        &["REPLICAOF", "10.0.0.1", "6379"],
        &["SET", "orders:of-another", "1"],
        &["LASTSAVE"],
        &["MODULE", "LIST"],
    ];
    assert_refused(&operator, &refused).await;
}

/// Whether it is told that Redis is not fit, with these words.
async fn until_unfit(running: &mut Running, words: &str) {
    let is_away = |phase: &Phase| matches!(phase, Phase::Away(reason) if reason.contains(words));
    running.until(words, |standing| is_away(&standing.phase)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_becomes_unfit_while_it_is_used_is_told_with_what_to_do() {
    let (redis, streams) = (RedisServer::start().await, Streams::new(shop(3)));
    let mut projector = project(redis.client(), &streams);
    projector.until_folded(&streams).await;
    let monitor = ProjectorMonitor::new(redis.reader(), clock);
    let mut monitor = Running::of(monitor.standing(), tokio::spawn(monitor.run()));
    monitor.until_folded(&streams).await;
    let () = redis.run(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    for running in [&mut projector, &mut monitor] {
        until_unfit(running, "config set maxmemory-policy noeviction").await;
    }
    let () = redis.run(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    projector.until_folded(&streams).await;
    monitor.until_folded(&streams).await;
    // Its primary is away: it keeps what it has, and takes no writes.
    let () = redis.run(&["REPLICAOF", "127.0.0.1", "1"]).await;
    for running in [&mut projector, &mut monitor] {
        until_unfit(running, "name the primary with --redis").await;
    }
    let () = redis.run(&["REPLICAOF", "NO", "ONE"]).await;
    projector.until_folded(&streams).await;
    monitor.until_folded(&streams).await;
}
