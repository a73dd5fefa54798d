//! Reads the services' streams as they are in the broker, over the same verified reading loop that
//! the services use: whole, in order, every row checked against the chain.
//!
//! Deliberately absent: filtered consumers. A filter hides a hole, and whole streams are read at a
//! hundred thousand rows a second.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use contracts::choreography::MURMURATION;
use contracts::{OrderId, StoredEvent, service};
use protocol::{Id, Position, Row, Service};
use runtime::NatsSettings;
use runtime::nats::Connection;
use runtime::reading::{self, Progress, Reading};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::run_file::RunFile;

/// The name under which the broker lists the consumers.
const READER: &str = "murmur";
/// Rows that wait to be taken.
const ROWS_WAITING_MAX: usize = 4096;
/// How long the broker, or a stream, may be away before a command gives up.
const PATIENCE: Duration = Duration::from_secs(15);
/// The services that say anything about an order.
const ABOUT_ORDERS: [Service; 4] =
    [service::ORDER, service::INVENTORY, service::PAYMENT, service::SHIPPING];

/// A connection to the broker of a running Murmuration.
#[derive(Clone, Debug)]
pub struct Streams {
    connection: Connection,
}

/// A stream that is being followed, as long as this is kept.
#[derive(Debug)]
pub struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Streams {
    /// Connects, to read streams.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn open(running: &RunFile) -> anyhow::Result<Self> {
        Self::connect(&running.nats_settings()).await
    }

    /// Connects to the broker at this address, to read streams.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn open_at(running: &RunFile, address: &str) -> anyhow::Result<Self> {
        Self::connect(&running.nats_settings_at(address)).await
    }

    /// Connects, to do to the stream of a service what nobody but its owner may do, and more. Other
    /// streams cannot be relied on to be there.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn open_in(running: &RunFile, service: Service) -> anyhow::Result<Self> {
        Self::connect(&running.nats_settings_in(service)).await
    }

    async fn connect(settings: &NatsSettings) -> anyhow::Result<Self> {
        let connection = Connection::open(settings, READER).await?;
        let connected = timeout(PATIENCE, connection.connected()).await;
        connected.with_context(|| {
            let reason = connection.waits().borrow().clone().unwrap_or_default();
            format!("the broker does not answer: {reason}: see `murmur status`")
        })?;
        Ok(Self { connection })
    }

    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Every row of a stream, from the first to what is its last now.
    ///
    /// # Errors
    /// When the stream is not there, or is damaged.
    pub async fn rows(&self, service: Service) -> anyhow::Result<Vec<Row>> {
        let (mut reading, mut rows) = self.read(service);
        let end = end_of(service, &mut reading.progress).await?;
        let mut all = Vec::with_capacity(usize::try_from(end)?);
        while all.last().map_or(0, |row: &Row| row.sequence) < end {
            match timeout(PATIENCE, rows.recv()).await {
                Ok(Some(row)) => all.push(row),
                Ok(None) | Err(_) => bail!(stuck(service, &reading.progress.borrow())),
            }
        }
        Ok(all)
    }

    /// Every event about an order, of all services, in the order of their times.
    ///
    /// # Errors
    /// When a stream is not there, is damaged, or holds what this build does not understand.
    pub async fn of_order(&self, order: &Id) -> anyhow::Result<Vec<StoredEvent>> {
        let about = format!(".{order}");
        let streams =
            self.several(&ABOUT_ORDERS, move |row: &Row| row.subject.ends_with(&about)).await?;
        let mut events: Vec<_> = streams.into_values().flatten().collect();
        // The sort is stable: what happened in one microsecond stays in the order of the streams,
        // which is that in which an order meets the services.
        events.sort_by_key(|event| event.headers.time);
        Ok(events)
    }

    /// The events of every order, of all services, each in the order of its service's stream.
    ///
    /// # Errors
    /// When a stream is not there, is damaged, or holds what this build does not understand.
    pub async fn of_orders(&self) -> anyhow::Result<BTreeMap<OrderId, Vec<StoredEvent>>> {
        let streams = self.several(&ABOUT_ORDERS, |_| true).await?;
        let mut orders: BTreeMap<OrderId, Vec<StoredEvent>> = BTreeMap::new();
        // What tells no state is about something else than an order.
        let events = streams.into_values().flatten();
        for event in events.filter(|event| MURMURATION.state_after(event.headers.kind).is_some()) {
            orders.entry(event.headers.id.clone().into()).or_default().push(event);
        }
        Ok(orders)
    }

    /// Hands over every row of a stream from now on, or from the first, until what is returned is
    /// dropped.
    pub fn follow(
        &self,
        service: Service,
        from_start: bool,
        sink: mpsc::Sender<(Service, Row)>,
    ) -> Following {
        let (mut reading, mut rows) = self.read(service);
        Following(tokio::spawn(async move {
            let connected = reading.progress.wait_for(|progress| progress.connected).await;
            let end = connected.map_or(0, |progress| progress.last_in_stream);
            let after = if from_start { 0 } else { end };
            while let Some(row) = rows.recv().await {
                if row.sequence > after && sink.send((service, row)).await.is_err() {
                    return;
                }
            }
        }))
    }

    /// Reads a stream from its first row, on and on.
    pub fn read(&self, service: Service) -> (Reading, mpsc::Receiver<Row>) {
        let (sink, rows) = mpsc::channel(ROWS_WAITING_MAX);
        let connection = self.connection.clone();
        (reading::spawn(connection, READER, service, Position::default(), sink), rows)
    }

    /// Several streams at once; of each only the rows that are wanted.
    async fn several(
        &self,
        services: &[Service],
        wanted: impl Fn(&Row) -> bool + Clone + Send + 'static,
    ) -> anyhow::Result<BTreeMap<Service, Vec<StoredEvent>>> {
        let mut reading = JoinSet::new();
        for service in services.iter().copied() {
            let (this, wanted) = (self.clone(), wanted.clone());
            reading.spawn(async move {
                let events = understood(service, &this.rows(service).await?, wanted)?;
                anyhow::Ok((service, events))
            });
        }
        reading.join_all().await.into_iter().collect()
    }
}

/// The stream's last sequence, once it is known.
async fn end_of(service: Service, progress: &mut watch::Receiver<Progress>) -> anyhow::Result<u64> {
    let known = |progress: &Progress| progress.connected || progress.alarm.is_some();
    let seen = timeout(PATIENCE, progress.wait_for(known)).await;
    let Ok(Ok(seen)) = seen else {
        let stream = service.stream();
        bail!("there is no stream {stream}: has {service} ever been started? see `murmur status`");
    };
    match &seen.alarm {
        Some(_) => bail!(stuck(service, &seen)),
        None => Ok(seen.last_in_stream),
    }
}

fn stuck(service: Service, progress: &Progress) -> String {
    let Progress { handed_over, last_in_stream, alarm, .. } = progress;
    let why = alarm.as_deref().unwrap_or("the broker delivers no more");
    let (stream, read) = (service.stream(), handed_over.sequence);
    format!("stream {stream} cannot be read beyond {read} of {last_in_stream}: {why}")
}

fn understood(
    service: Service,
    rows: &[Row],
    wanted: impl Fn(&Row) -> bool,
) -> anyhow::Result<Vec<StoredEvent>> {
    let parse = |row: &Row| {
        row.parse().with_context(|| format!("row {} of {}", row.sequence, service.stream()))
    };
    rows.iter().filter(|row| wanted(row)).map(parse).collect()
}
