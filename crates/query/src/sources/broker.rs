//! The streams as the broker has them.

use contracts::service;
use protocol::Service;
use runtime::nats::Connection;
use runtime::reading;
use tokio::sync::mpsc;

use super::merge::{Lane, Merge};
use super::{Readings, Sink, Source};
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
        Self { connection, streams: &service::ALL }
    }

    /// Reads only these.
    #[must_use]
    pub fn only(self, streams: &'static [Service]) -> Self {
        Self { streams, ..self }
    }
}

impl Source for Broker {
    fn open(&mut self, from: &Positions, sink: Sink) -> Readings {
        let mut lanes = Vec::with_capacity(self.streams.len());
        let mut progress = Vec::with_capacity(self.streams.len());
        for service in self.streams.iter().copied() {
            let (sender, rows) = mpsc::channel(STREAM_ROWS);
            let (connection, from) = (self.connection.clone(), from.of(service));
            let reading = reading::spawn(connection, READER, service, from, sender);
            progress.push((service, reading.progress.clone()));
            lanes.push(Lane::of(service, reading, rows, from.sequence));
        }
        let merging = tokio::spawn(Merge::new(lanes).run(sink));
        Readings::new(progress, vec![merging.abort_handle()])
    }
}
