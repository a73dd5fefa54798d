//! One connection to the broker, that comes back by itself for as long as the process lives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, Event};
use contracts::Service;
use tokio::sync::watch;

use super::login::Login;
use super::trouble::Trouble;
use crate::exit::Misconfigured;
use crate::settings::NatsSettings;

/// A silent connection is noticed after at most two of these.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Longest time between two attempts to connect.
const RECONNECT_DELAY_MAX: Duration = Duration::from_millis(500);

/// How long one request to the broker may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// How often it is connected to anew at most, to hear whether a limit was raised.
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// A connection to the broker.
#[derive(Clone)]
pub struct Connection {
    client: Client,
    foreign: BTreeMap<Service, String>,
    connected: watch::Receiver<bool>,
    trouble: Arc<Trouble>,
    renewed: Arc<Mutex<Option<Instant>>>,
}

impl Connection {
    /// Begins to connect, and goes on trying in the background.
    ///
    /// # Errors
    /// When the address or the credentials cannot be used.
    pub async fn open(settings: &NatsSettings, name: &str) -> Result<Self, Misconfigured> {
        Self::begin(settings, name).await.map_err(Misconfigured)
    }

    async fn begin(settings: &NatsSettings, name: &str) -> anyhow::Result<Self> {
        let login = Login::of(settings)?;
        let (sender, connected) = watch::channel(false);
        let trouble = Arc::new(Trouble::new(&login.servers));
        let (looking, noting) = (Arc::clone(&trouble), Arc::clone(&trouble));
        let options = login
            .options()?
            .name(name)
            .ping_interval(PING_INTERVAL)
            .request_timeout(Some(REQUEST_TIMEOUT))
            .custom_inbox_prefix(&settings.nats_inbox)
            .max_reconnects(None)
            .retry_on_initial_connect()
            .reconnect_delay_callback(|attempts| {
                let factor = u32::try_from(attempts.min(100)).unwrap_or(100);
                (Duration::from_millis(20) * factor).min(RECONNECT_DELAY_MAX)
            })
            // Asked before each attempt, it is told what came of the one before. It chooses none.
            .reconnect_to_server_callback(move |servers, _| {
                let looking = Arc::clone(&looking);
                async move {
                    looking.look(servers).await;
                    None
                }
            })
            .event_callback(move |event| {
                noting.note(&event);
                note(&sender, &event);
                async {}
            });
        let client = options.connect(login.servers.as_slice()).await?;
        let foreign = settings.foreign_prefix.iter().cloned().collect();
        Ok(Self { client, foreign, connected, trouble, renewed: Arc::default() })
    }

    /// The client itself.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Whether the broker is there.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// The connection's coming and going.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }

    /// Waits until the broker is there.
    pub async fn connected(&self) {
        // The sender lives in the client, which this value holds.
        if self.connected.clone().wait_for(|connected| *connected).await.is_err() {}
    }

    /// Why the broker is not there, now and later; nothing while it is.
    #[must_use]
    pub fn waits(&self) -> watch::Receiver<Option<String>> {
        self.trouble.waits()
    }

    /// The reason of a failure, with what the broker has just complained of, such as permissions that
    /// are missing: to a request that it does not allow, it answers nothing.
    #[must_use]
    pub fn explain(&self, failure: String) -> String {
        match self.trouble.complaint() {
            Some(said) => format!("{failure}; the broker said: {said}"),
            None => failure,
        }
    }

    /// Bytes that one message may have, as the broker said when it was connected to.
    #[must_use]
    pub fn payload_bytes_max(&self) -> usize {
        self.client.max_payload()
    }

    /// Connects anew, but not too often. A broker says its limits only to who connects.
    pub async fn renew(&self) {
        let due = {
            let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
            let due = renewed.is_none_or(|at| at.elapsed() >= RENEW_EVERY);
            if due {
                *renewed = Some(Instant::now());
            }
            due
        };
        if due && let Err(error) = self.client.force_reconnect().await {
            tracing::debug!(%error, "the broker is not connected to anew");
        }
    }

    /// JetStream for the stream of `service`, under the prefix where it is imported.
    #[must_use]
    pub fn jetstream(&self, service: Service) -> jetstream::Context {
        let builder = ContextBuilder::new().timeout(REQUEST_TIMEOUT);
        match self.foreign.get(&service) {
            Some(prefix) => builder.api_prefix(prefix.clone()).build(self.client.clone()),
            None => builder.build(self.client.clone()),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "other events do not change the connection")]
fn note(connected: &watch::Sender<bool>, event: &Event) {
    match event {
        Event::Connected => {
            connected.send_replace(true);
        }
        Event::Disconnected | Event::Closed => {
            connected.send_replace(false);
        }
        _ => {}
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
