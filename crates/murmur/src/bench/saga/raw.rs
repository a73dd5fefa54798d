//! What the broker alone can do, on this machine, right now: pipelined publishing into a stream of
//! our own, with the expected sequence, as the services' relays do it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use runtime::async_nats::header::HeaderMap;
use runtime::async_nats::jetstream;
use runtime::async_nats::jetstream::context::PublishAckFuture;
use runtime::async_nats::jetstream::stream::{Config, StorageType};
use serde::Serialize;

use crate::streams::Streams;

/// The stream. Deleted afterwards, and before, if an earlier run could not.
const STREAM: &str = "BENCH_RAW";
const SUBJECT: &str = "bench.raw";

/// Publishes that wait for their acknowledgement at most.
const WINDOW: usize = 256;

/// A row of the services, with its headers, is about as large.
const PAYLOAD_BYTES: usize = 1_024;

/// How long is published.
const TIME: Duration = Duration::from_secs(2);

/// What was measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Raw {
    /// Acknowledged publishes.
    pub(super) rows: u64,
    /// Of them, each second.
    pub(super) rows_per_second: u64,
    /// Bytes of one.
    pub(super) bytes: usize,
}

/// Measures.
pub(super) async fn measure(streams: &Streams) -> anyhow::Result<Raw> {
    let context = jetstream::new(streams.connection().client().clone());
    delete(&context).await;
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![SUBJECT.to_owned()],
        storage: StorageType::File,
        ..Config::default()
    };
    context.create_stream(config).await.context("cannot make a stream of our own")?;
    let measured = publish(&context).await;
    delete(&context).await;
    measured
}

async fn delete(context: &jetstream::Context) {
    if let Err(error) = context.delete_stream(STREAM).await {
        tracing::debug!(%error, "there was no stream of an earlier run");
    }
}

async fn publish(context: &jetstream::Context) -> anyhow::Result<Raw> {
    let payload = bytes::Bytes::from(vec![b'x'; PAYLOAD_BYTES]);
    let started = Instant::now();
    let (mut sent, mut acknowledged) = (0u64, 0u64);
    let mut waiting: VecDeque<PublishAckFuture> = VecDeque::with_capacity(WINDOW);
    loop {
        if waiting.len() < WINDOW && started.elapsed() < TIME {
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Expected-Last-Sequence", sent.to_string().as_str());
            let published = context.publish_with_headers(SUBJECT, headers, payload.clone()).await?;
            waiting.push_back(published);
            sent += 1;
            continue;
        }
        let Some(oldest) = waiting.pop_front() else { break };
        acknowledged += 1;
        let sequence = oldest.await?.sequence;
        if sequence != acknowledged {
            bail!("row {acknowledged} was stored as {sequence}: somebody else writes to {STREAM}");
        }
    }
    let micros = u64::try_from(started.elapsed().as_micros())?.max(1);
    let rows_per_second = acknowledged * 1_000_000 / micros;
    Ok(Raw { rows: acknowledged, rows_per_second, bytes: PAYLOAD_BYTES })
}
