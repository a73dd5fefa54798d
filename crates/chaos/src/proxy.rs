//! A small TCP proxy that carries bytes between a process and a store, until it is told not to.
//!
//! What it does to a connection is what networks do to TCP: bytes come late, come in one direction
//! only, or the connection is cut, at any byte. Deliberately absent: bytes that change or vanish from
//! the middle of a connection that lives on. TCP does not do that; what it cannot deliver ends in a
//! reset.

mod connection;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Pause after a failed accept (out of file descriptors), so as not to spin.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What befalls the bytes of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Free,
    /// They wait until the condition changes.
    Held,
    /// Each piece comes late.
    Late(Duration),
    /// One piece in so many is cut in two, and the connection reset after its first half.
    Lossy(u64),
}

/// What befalls connections at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkCondition {
    /// Bytes to the store.
    pub to_store: Flow,
    /// Bytes from the store.
    pub from_store: Flow,
}

/// Which end of a half-open connection still believes in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfOpenSide {
    /// The process: its connection stays open and silent, the store's is reset.
    Process,
    /// The store: its connection stays open and silent, the process's is reset.
    Store,
}

/// A proxy in front of one store, for one process. Dropping it closes all connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    store: AtomicU16,
    condition: watch::Sender<NetworkCondition>,
    /// Changes when all connections are to become half-open.
    halved: watch::Sender<Option<HalfOpenSide>>,
    /// The ends of half-open connections, which nobody closes.
    left_open: Mutex<Vec<TcpStream>>,
    /// Pieces of data that were not carried as they came, and connections that were cut.
    disturbed: AtomicU64,
    dice: AtomicU64,
}

impl NetworkCondition {
    /// Everything is carried at once.
    pub const CLEAR: Self = Self { to_store: Flow::Free, from_store: Flow::Free };

    /// The same in both directions.
    pub const fn both(flow: Flow) -> Self {
        Self { to_store: flow, from_store: flow }
    }
}

impl Proxy {
    /// Opens a proxy on a free port. Connections wait until [`Proxy::aim`] says where the store is.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn open(seed: u64) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            store: AtomicU16::new(0),
            condition: watch::Sender::new(NetworkCondition::CLEAR),
            halved: watch::Sender::new(None),
            left_open: Mutex::default(),
            disturbed: AtomicU64::new(0),
            dice: AtomicU64::new(seed),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says on which port of this machine the store listens.
    pub fn aim(&self, port: u16) {
        self.shared.store.store(port, Ordering::Relaxed);
    }

    /// Changes the network, for the connections that are there as for those that come.
    pub fn set(&self, condition: NetworkCondition) {
        self.shared.condition.send_replace(condition);
    }

    /// Cuts one half of each connection that is there and leaves the other open, silent.
    pub fn halve(&self, side: HalfOpenSide) {
        self.shared.halved.send_replace(Some(side));
    }

    /// Clears the network, and closes what was left half-open.
    pub fn clear(&self) {
        self.set(NetworkCondition::CLEAR);
        self.shared.left_open().clear();
    }

    /// How often something was held back, delayed or cut.
    pub fn disturbed(&self) -> u64 {
        self.shared.disturbed.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn left_open(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.left_open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_disturbed(&self) {
        self.disturbed.fetch_add(1, Ordering::Relaxed);
    }

    fn one_in(&self, many: u64) -> bool {
        let mut dice = workload::dice::Dice::new(self.dice.fetch_add(1, Ordering::Relaxed));
        dice.below(many) == 0
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Its connections end with it.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((process, _)) => {
                    connections.spawn(connection::carry(process, Arc::clone(&shared)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN_AFTER).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

#[cfg(test)]
mod tests;
