//! Asks a process whether it does its work: the broker and Redis in their own protocols, the others
//! over `/readyz`.

use std::net::Ipv4Addr;
use std::time::Duration;

use client::http::{Call, CallError, Client};
use client::process::Process;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Everything is on this machine: an answer that takes longer is no answer.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Whether a process is ready; `Err` says what it is waiting for.
pub(crate) async fn probe(client: Client, process: Process, port: u16) -> Result<(), String> {
    match process {
        // The broker greets only after it has recovered its streams.
        Process::Nats => greeting(port, b"", b"INFO ").await,
        Process::Redis => greeting(port, b"PING\r\n", b"+PONG").await,
        Process::Service(_) | Process::Query | Process::Composer => readyz(&client, port).await,
    }
}

/// Deletes everything in Redis.
pub(crate) async fn flush_redis(port: u16) -> Result<(), String> {
    greeting(port, b"FLUSHALL\r\n", b"+OK").await
}

async fn greeting(port: u16, hello: &[u8], expected: &[u8]) -> Result<(), String> {
    let exchange = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(hello).await?;
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    match tokio::time::timeout(ANSWER_WITHIN, exchange).await {
        Ok(Ok(answer)) if answer == expected => Ok(()),
        Ok(Ok(answer)) => Err(format!("it answers {:?}", String::from_utf8_lossy(&answer))),
        Ok(Err(error)) => Err(format!("port {port} does not answer: {error}")),
        Err(_) => Err(format!("port {port} does not answer")),
    }
}

async fn readyz(client: &Client, port: u16) -> Result<(), String> {
    match client.send(Call::get(format!("http://127.0.0.1:{port}/readyz"))).await {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => Err(answer.reason()),
        Err(CallError::Unreachable(_, reason)) => {
            Err(format!("port {port} does not answer: {reason}"))
        }
        Err(error) => Err(error.to_string()),
    }
}
