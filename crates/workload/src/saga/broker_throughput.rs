//! What the broker alone can do, on this machine, right now: pipelined publishing of rows with all
//! their headers, into a stream of our own that is configured as the services' are.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use client::streams::Streams;
use contracts::service;
use protocol::Row;
use runtime::async_nats::jetstream;
use runtime::async_nats::jetstream::context::{
    DeleteStreamError, DeleteStreamErrorKind, PublishAckFuture,
};
use runtime::async_nats::jetstream::stream::Config;
use runtime::nats::{streams, wire};
use serde::Serialize;
use terminal::cleanup::Cleanup;

/// The stream. Deleted afterwards, and before, if an earlier run could not.
const STREAM: &str = "BENCH_RAW";
const SUBJECT: &str = "bench.raw";

/// Publishes that wait for their acknowledgement at most.
const WINDOW: usize = 256;

/// How long is published.
const TIME: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Raw {
    pub rows: u64,
    /// From the first publish to the last acknowledgement.
    pub seconds: f64,
    /// Acknowledged publishes a second of that time.
    pub rows_per_second: u64,
    /// Bytes of one: payload and headers.
    pub bytes: usize,
}

/// Measures, with a row that an order has made: there is one, since orders were placed before.
pub async fn measure(streams: &Streams) -> anyhow::Result<Raw> {
    let context = jetstream::new(streams.connection().client().clone());
    let row = placed(&context).await?;
    delete(&context).await?;
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![SUBJECT.to_owned()],
        ..streams::wanted(service::ORDER, 1)
    };
    context.create_stream(config).await.context("cannot make a stream of our own")?;
    // Deleted also if what follows fails, or is interrupted.
    let made = Cleanup::register(
        format!("the stream {STREAM} is there, and is deleted"),
        format!("`murmur bench saga` deletes {STREAM} before it makes one"),
        {
            let context = context.clone();
            async move { delete(&context).await }
        },
    );
    let measured = publish(&context, row).await?;
    made.run().await?;
    Ok(measured)
}

async fn placed(context: &jetstream::Context) -> anyhow::Result<Row> {
    let stream = streams::find(context, service::ORDER).await?;
    let stream = stream.context("there is no stream of order")?;
    let row = streams::message(&stream, 1).await?;
    row.context("no order was ever placed")
}

async fn delete(context: &jetstream::Context) -> anyhow::Result<()> {
    match context.delete_stream(STREAM).await {
        Ok(_) => Ok(()),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot delete the stream {STREAM}")),
    }
}

/// Whether there was no such stream, as after most runs.
fn is_absent(error: &DeleteStreamError) -> bool {
    matches!(
        error.kind(),
        DeleteStreamErrorKind::JetStream(ref error)
            if error.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND
    )
}

async fn publish(context: &jetstream::Context, mut row: Row) -> anyhow::Result<Raw> {
    let payload = Bytes::copy_from_slice(&row.payload);
    let bytes = row.payload.len() + row.headers.len();
    let started = Instant::now();
    let (mut sent, mut acknowledged) = (0u64, 0u64);
    let mut waiting: VecDeque<PublishAckFuture> = VecDeque::with_capacity(WINDOW);
    loop {
        if waiting.len() < WINDOW && started.elapsed() < TIME {
            sent += 1;
            row.sequence = sent;
            let headers = wire::headers_of(&row);
            let published = context.publish_with_headers(SUBJECT, headers, payload.clone()).await?;
            waiting.push_back(published);
            continue;
        }
        let Some(oldest) = waiting.pop_front() else { break };
        acknowledged += 1;
        let sequence = oldest.await?.sequence;
        if sequence != acknowledged {
            bail!("row {acknowledged} was stored as {sequence}: somebody else writes to {STREAM}");
        }
    }
    let took = started.elapsed();
    let micros = u64::try_from(took.as_micros())?.max(1);
    let rows_per_second = acknowledged * 1_000_000 / micros;
    Ok(Raw { rows: acknowledged, seconds: took.as_secs_f64(), rows_per_second, bytes })
}
