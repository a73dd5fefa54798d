//! Reads the services' streams as they are in the broker, over the same verified reading loop that
//! the services use: whole, in order, every row checked against the chain.

use std::collections::BTreeMap;

use contracts::{Id, Row, Service, StoredEvent};
use tokio::sync::mpsc;

use crate::running::Running;

/// A connection to the broker of a running Murmuration.
pub(crate) struct Streams {}

impl Streams {
    /// Connects.
    pub(crate) async fn open(_running: &Running) -> anyhow::Result<Self> {
        anyhow::bail!("not written yet")
    }

    /// Every row of a stream, from the first to what is its last now.
    pub(crate) async fn rows(&self, _service: Service) -> anyhow::Result<Vec<Row>> {
        anyhow::bail!("not written yet")
    }

    /// Every event of a stream, from the first to what is its last now.
    pub(crate) async fn events(&self, _service: Service) -> anyhow::Result<Vec<StoredEvent>> {
        anyhow::bail!("not written yet")
    }

    /// All streams whole, each up to what is its last now.
    pub(crate) async fn all(&self) -> anyhow::Result<BTreeMap<Service, Vec<StoredEvent>>> {
        anyhow::bail!("not written yet")
    }

    /// Hands over every row of a stream from now on, or from the first, until what is returned is
    /// dropped.
    pub(crate) async fn follow(
        &self,
        _service: Service,
        _from_start: bool,
        _sink: mpsc::Sender<(Service, Row)>,
    ) -> anyhow::Result<()> {
        anyhow::bail!("not written yet")
    }

    /// Every event about an order, of all services, in the order of their times.
    pub(crate) async fn of_order(&self, _order: &Id) -> anyhow::Result<Vec<StoredEvent>> {
        anyhow::bail!("not written yet")
    }
}
