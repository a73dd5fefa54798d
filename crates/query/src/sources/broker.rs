//! The streams as the broker has them.

use contracts::{Row, Service};
use runtime::nats::Connection;
use runtime::reading::{self, Reading};
use tokio::sync::mpsc;

use super::{Readings, Source};
use crate::fold::Item;
use crate::positions::Positions;

/// Rows of one stream that wait to join the others.
const STREAM_ROWS: usize = 1_024;

/// The name under which the broker lists the consumers.
const READER: &str = "query";

/// Reads the streams from the broker.
#[derive(Clone)]
pub struct Broker {
    connection: Connection,
    streams: &'static [Service],
}

impl Broker {
    /// Reads all of them over this connection.
    #[must_use]
    pub const fn new(connection: Connection) -> Self {
        Self { connection, streams: &Service::ALL }
    }

    /// Reads only these.
    #[must_use]
    pub fn only(self, streams: &'static [Service]) -> Self {
        Self { streams, ..self }
    }
}

impl Source for Broker {
    fn open(&mut self, from: &Positions, sink: mpsc::Sender<Item>) -> Readings {
        let mut tasks = Vec::with_capacity(self.streams.len());
        let mut progress = Vec::with_capacity(self.streams.len());
        for service in self.streams.iter().copied() {
            let (sender, rows) = mpsc::channel(STREAM_ROWS);
            let connection = self.connection.clone();
            let reading = reading::spawn(connection, READER, service, from.of(service), sender);
            progress.push((service, reading.progress.clone()));
            let joining = tokio::spawn(join(reading, service, rows, sink.clone()));
            tasks.push(joining.abort_handle());
        }
        Readings::new(progress, tasks)
    }
}

/// Hands the rows of one stream over to where those of all come together; understands them here, beside
/// the one who folds them. Owns the reading, so that it ends with this.
async fn join(
    _reading: Reading,
    service: Service,
    mut rows: mpsc::Receiver<Row>,
    sink: mpsc::Sender<Item>,
) {
    while let Some(row) = rows.recv().await {
        if sink.send(Item::of(service, row)).await.is_err() {
            return;
        }
    }
}
