//! One connection to the broker, that comes back by itself for as long as the process lives.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, Event};
use contracts::Service;
use tokio::sync::watch;

use crate::settings::NatsSettings;

/// A silent connection is noticed after at most two of these.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Longest time between two attempts to connect.
const RECONNECT_DELAY_MAX: Duration = Duration::from_millis(500);

/// How long one request to the broker may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection to the broker.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    foreign: BTreeMap<Service, String>,
    connected: watch::Receiver<bool>,
}

impl Connection {
    /// Begins to connect, and goes on trying in the background.
    ///
    /// # Errors
    /// When the address or the credentials cannot be used.
    pub async fn open(settings: &NatsSettings, name: &str) -> anyhow::Result<Self> {
        let (sender, connected) = watch::channel(false);
        let options = options(settings)?
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
            .event_callback(move |event| {
                note(&sender, &event);
                async {}
            });
        let addresses: Vec<&str> = settings.url.split(',').map(str::trim).collect();
        let connecting = options.connect(addresses).await;
        let client = connecting.with_context(|| {
            format!("{:?} is no usable broker address: use nats://HOST:PORT", settings.url)
        })?;
        let foreign = settings.foreign_prefix.iter().cloned().collect();
        Ok(Self { client, foreign, connected })
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

fn options(settings: &NatsSettings) -> anyhow::Result<ConnectOptions> {
    if let Some(path) = &settings.nats_credentials {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the credentials file {}", path.display()))?;
        return ConnectOptions::with_credentials(&text)
            .with_context(|| format!("{} holds no credentials", path.display()));
    }
    Ok(match (&settings.nats_user, &settings.nats_password) {
        (Some(user), Some(password)) => {
            ConnectOptions::with_user_and_password(user.clone(), password.clone())
        }
        _ => ConnectOptions::new(),
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "other events do not change the connection")]
fn note(connected: &watch::Sender<bool>, event: &Event) {
    match event {
        Event::Connected => {
            tracing::info!("connected to the broker");
            connected.send_replace(true);
        }
        Event::Disconnected | Event::Closed => {
            tracing::warn!("the broker is away");
            connected.send_replace(false);
        }
        other => tracing::debug!(event = %other, "the broker's client says"),
    }
}
