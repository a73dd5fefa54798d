//! Proves by itself what a stream and an outbox hold, row by row.

use std::path::Path;

use contracts::service;
use engine::{ReadPool, database, outbox};
use protocol::{Position, Row};
use runtime::nats::streams;

use super::broker::Broker;

/// More rows than any story writes.
const ROWS_MAX: u32 = 10_000;

/// The stream's rows, whole, each following the one before, and equal to the outbox's.
pub(crate) async fn stream_equals_outbox(broker: &Broker, data: &Path) -> Vec<Row> {
    let rows = stream(broker).await;
    assert_eq!(rows, outbox(data));
    rows
}

/// The stream's rows, from the first message to the last, without a hole.
pub(crate) async fn stream(broker: &Broker) -> Vec<Row> {
    let context = broker.jetstream().await;
    let stream = streams::find(&context, service::CUSTOMER).await.unwrap().unwrap();
    let extent = streams::extent(stream.cached_info());
    assert!(extent.is_whole(), "{extent:?}");
    let mut rows = Vec::new();
    for sequence in 1..=extent.last {
        rows.push(streams::message(&stream, sequence).await.unwrap().unwrap());
    }
    assert_chained(&rows);
    rows
}

/// The outbox's rows, read beside the process that owns it.
pub(crate) fn outbox(data: &Path) -> Vec<Row> {
    let pool = ReadPool::new(&database::file_in(data, service::CUSTOMER));
    let rows = pool.read(|state| outbox::rows(state, 1, ROWS_MAX)).unwrap();
    assert_chained(&rows);
    rows
}

fn assert_chained(rows: &[Row]) {
    let mut before = Position::default();
    for row in rows {
        assert!(row.follows(before), "row {} does not follow {}", row.sequence, before.sequence);
        before = row.position();
    }
}
