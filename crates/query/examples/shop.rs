//! A read side with orders in it, to measure against: a broker, a Redis and the query service of
//! their own, on free ports. Prints the service's address, and ends with its standard input.
//!
//! `cargo build --release && cargo run --release -p query --example shop -- 2000 --cache off`
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a stage for measurements that stops at the first surprise; it shares the tests' support"
)]

#[path = "../tests/support/history.rs"]
mod history;
#[path = "../tests/support/nats_server.rs"]
mod nats_server;
#[path = "../tests/support/redis_server.rs"]
mod redis_server;
#[path = "../tests/support/rest_client.rs"]
mod rest_client;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use history::{Fate, History};
use nats_server::NatsServer;
use redis_server::RedisServer;
use rest_client::try_get;
use tokio::io::AsyncReadExt as _;

/// Longest wait for the service to follow the streams.
const READY_MAX: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let orders: usize = arguments.next().map_or(2_000, |text| text.parse().unwrap());
    let (nats, redis) = (NatsServer::start(), RedisServer::start().await);
    nats.publish(&shop(orders)).await;
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut query = query(&nats, &redis, &address, arguments.collect());
    until_ready(&address).await;
    println!("{address}");
    tokio::io::stdin().read_to_end(&mut Vec::new()).await.unwrap();
    query.kill().unwrap();
    query.wait().unwrap();
}

fn shop(orders: usize) -> History {
    let mut history = History::begin(1);
    history.open_shop();
    for nth in 0..orders {
        history.order(&format!("o-{nth}"), Fate::Completed);
    }
    history
}

/// The service as it was built beside this program.
fn query(nats: &NatsServer, redis: &RedisServer, address: &str, more: Vec<String>) -> Child {
    let beside = std::env::current_exe().unwrap().with_file_name("../murmur");
    Command::new(beside)
        .args([
            "serve",
            "query",
            "--redis",
            &redis.url(),
            "--nats",
            &nats.url(),
            "--listen",
            address,
        ])
        .args(more)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

async fn until_ready(address: &str) {
    let deadline = Instant::now() + READY_MAX;
    while try_get(address, "/readyz", &[]).await.is_none_or(|answer| answer.status != 200) {
        assert!(Instant::now() < deadline, "the query service does not become ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
