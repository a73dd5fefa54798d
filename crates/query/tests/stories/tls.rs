//! Broker and Redis over TLS: whom the process believes, and what it says of whom it does not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;

use crate::nats_server::NatsServer;
use crate::process::{command, free_address, says};
use crate::redis_server::RedisServer;
use crate::rest_client::try_get;
use crate::stage::{SOON, shop};

/// Files as `scripts/test-certificates` makes them.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/test-certificates");
    let made = Command::new(script).arg(files_in(&folder)).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

fn files_in(folder: &TempDir) -> PathBuf {
    folder.path().join("tls")
}

fn authority_in(folder: &TempDir) -> String {
    files_in(folder).join("ca.pem").to_string_lossy().into_owned()
}

fn broker(folder: &TempDir) -> NatsServer {
    let file = |name: &str| files_in(folder).join(name).to_string_lossy().into_owned();
    let (certificate, key) = (file("certificate.pem"), file("key.pem"));
    NatsServer::start_with(&["--tls", "--tlscert", &certificate, "--tlskey", &key])
}

#[tokio::test]
async fn broker_and_redis_are_used_over_tls_if_their_authority_is_believed() {
    let folder = certificates();
    let (nats, redis) = (broker(&folder), RedisServer::start_over_tls(&files_in(&folder)).await);
    let authority = authority_in(&folder);
    nats.publish_over_tls(&shop(7), Path::new(&authority)).await;
    let address = free_address();
    let redis = redis.url().replace("redis://", "rediss://");
    let redis = format!("{redis} --redis-ca {authority}");
    let broker = format!("{} --nats-ca {authority}", nats.url());
    let mut child = command(&redis, &broker, &address).spawn().unwrap();
    let deadline = Instant::now() + SOON;
    while try_get(&address, "/readyz", &[]).await.is_none_or(|answer| answer.status != 200) {
        assert!(Instant::now() < deadline, "it does not become ready");
        tokio::task::yield_now().await;
    }
    // The cache has a connection of its own.
    for _ in 0..3 {
        let order = try_get(&address, "/orders/o-0", &[]).await.unwrap();
        assert_eq!(order.body["state"], "completed");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn who_is_not_believed_or_speaks_no_tls_is_told_with_what_to_do() {
    let (folder, others) = (certificates(), certificates());
    let (nats, redis) = (broker(&folder), RedisServer::start_over_tls(&files_in(&folder)).await);
    let (own, foreign) = (authority_in(&folder), authority_in(&others));
    let secure = redis.url().replace("redis://", "rediss://");
    let broker = format!("{} --nats-ca {own}", nats.url());
    for (redis, words) in [
        (format!("{secure} --redis-ca {foreign}"), ["certificate", "--redis-ca"]),
        (secure.clone(), ["certificate", "--redis-ca"]),
        (redis.url(), ["Redis at 127.0.0.1:", "write rediss://"]),
    ] {
        says(&redis, &broker, &words).await;
    }
    let redis = format!("{secure} --redis-ca {own}");
    for (broker, words) in [
        (format!("{} --nats-ca {foreign}", nats.url()), ["certificate", "--nats-ca"]),
        (nats.url(), ["certificate", "--nats-ca"]),
    ] {
        says(&redis, &broker, &words).await;
    }
    let (plain_nats, plain_redis) = (NatsServer::start(), RedisServer::start().await);
    let broker = format!("{} --nats-ca {own}", plain_nats.url());
    says(&redis, &broker, &["TLS fails", "leave --nats-ca out"]).await;
    let redis = plain_redis.url().replace("redis://", "rediss://");
    let redis = format!("{redis} --redis-ca {own}");
    says(&redis, &plain_nats.url(), &["write redis://"]).await;
}
