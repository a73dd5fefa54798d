//! Asks a process whether it does its work: the broker and Redis in their own protocols, the others
//! over `/readyz`.

use std::time::Duration;

use client::http::{Call, CallError, Client};
use client::process::Process;
use client::redis::Redis;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// Everything is on this machine: an answer that takes longer is no answer.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Whom to ask.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) client: Client,
    pub(crate) redis: Redis,
}

/// Whether a process is ready; `Err` says what it is waiting for.
pub(crate) async fn probe(asked: Asked, process: Process, address: &str) -> Result<(), String> {
    match process {
        // The broker greets only after it has recovered its streams.
        Process::Nats => greeting(address, b"INFO ").await,
        Process::Redis => said_to_redis(&asked.redis, "PING", "PONG").await,
        Process::Service(_) | Process::Query | Process::Composer => {
            readyz(&asked.client, address).await
        }
    }
}

/// Deletes everything in Redis.
pub(crate) async fn flush_redis(redis: &Redis) -> Result<(), String> {
    said_to_redis(redis, "FLUSHALL", "OK").await
}

async fn said_to_redis(redis: &Redis, command: &str, expected: &str) -> Result<(), String> {
    match redis.ask_within(command, ANSWER_WITHIN).await {
        Ok(answer) if answer == [expected] => Ok(()),
        Ok(answer) => Err(format!("it answers {answer:?}")),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// It greets before TLS is spoken.
async fn greeting(address: &str, expected: &[u8]) -> Result<(), String> {
    let place = address.split_once("://").map_or(address, |(_, place)| place);
    let exchange = async {
        let mut stream = TcpStream::connect(place).await?;
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    match tokio::time::timeout(ANSWER_WITHIN, exchange).await {
        Ok(Ok(answer)) if answer == expected => Ok(()),
        Ok(Ok(answer)) => Err(format!("it answers {:?}", String::from_utf8_lossy(&answer))),
        Ok(Err(error)) => Err(format!("{place} does not answer: {error}")),
        Err(_) => Err(format!("{place} does not answer")),
    }
}

async fn readyz(client: &Client, address: &str) -> Result<(), String> {
    match client.send(Call::get(format!("{address}/readyz"))).await {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => Err(answer.reason()),
        Err(CallError::Unreachable(_, reason)) => {
            Err(format!("{address} does not answer: {reason}"))
        }
        Err(error) => Err(error.to_string()),
    }
}
