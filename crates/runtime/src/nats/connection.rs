//! One connection to the broker, that comes back by itself for as long as the process lives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, Event};
use engine::process::BrokerLimits;
use futures_util::FutureExt as _;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use protocol::Service;
use tokio::sync::watch;

use super::login::Login;
use super::trouble::Trouble;
use super::wire;
use crate::exit::Misconfigured;
use crate::settings::NatsSettings;

/// A silent connection is noticed after at most two of these.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Longest time between two attempts to connect.
const RECONNECT_DELAY_MAX: Duration = Duration::from_millis(500);

/// How long one request to the broker may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// Oldest broker whose behaviour was tried.
const BROKER_VERSION_MIN: (u32, u32, u32) = (2, 9, 10);

/// A connection to the broker.
#[derive(Clone)]
pub struct Connection {
    client: Client,
    foreign: BTreeMap<Service, String>,
    connected: watch::Receiver<bool>,
    link: watch::Receiver<Link>,
    trouble: Arc<Trouble>,
}

/// Whether there is a connection, and the how manieth it is: one that came and went between two looks was
/// there all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// Whether the broker is there.
    pub(crate) connected: bool,
    /// How often it was connected to.
    pub(crate) connections: u64,
}

/// Who is told of a connection's coming and going.
struct Observers {
    connected: watch::Sender<bool>,
    link: watch::Sender<Link>,
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
        let (link_sender, link) = watch::channel(Link::default());
        let observers = Observers { connected: sender, link: link_sender };
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
                observers.note(&event);
                async {}
            });
        let client = options.connect(login.servers.as_slice()).await?;
        let foreign = settings.foreign_prefix.iter().cloned().collect();
        Ok(Self { client, foreign, connected, link, trouble })
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

    /// The same as it is now and whenever it changes, with what came and went unseen.
    pub(crate) fn links(&self) -> BoxStream<'static, Link> {
        let mut now = self.link.clone();
        now.mark_changed();
        let next = |mut link: watch::Receiver<Link>| async move {
            link.changed().await.ok()?;
            let seen = *link.borrow_and_update();
            Some((seen, link))
        };
        stream::unfold(now, next).boxed()
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

    /// What the broker has said of itself when it was connected to.
    pub(crate) fn limits(&self) -> BrokerLimits {
        let payload_bytes_max = self.client.max_payload();
        BrokerLimits {
            unfit: self.client.try_server_info().and_then(|info| too_old(&info.version)),
            payload_bytes_max,
            row_bytes_max: wire::row_bytes_max(payload_bytes_max),
            too_small: wire::too_small(payload_bytes_max),
        }
    }

    /// Connects anew: a broker says its limits only to who connects.
    pub(crate) fn renew(&self) {
        // A client that takes no more commands is about to lose its connection anyway.
        if !matches!(self.client.force_reconnect().now_or_never(), Some(Ok(()))) {
            tracing::debug!("the broker is not connected to anew");
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

impl Observers {
    #[expect(clippy::wildcard_enum_match_arm, reason = "other events do not change the connection")]
    fn note(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.link.send_modify(|link| {
                    link.connected = true;
                    link.connections += 1;
                });
                self.connected.send_replace(true);
            }
            Event::Disconnected | Event::Closed => {
                self.link.send_modify(|link| link.connected = false);
                self.connected.send_replace(false);
            }
            _ => {}
        }
    }
}

/// What is wrong with a broker of that version, if something is.
fn too_old(version: &str) -> Option<String> {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    if (next(), next(), next()) >= BROKER_VERSION_MIN {
        return None;
    }
    let (major, minor, patch) = BROKER_VERSION_MIN;
    Some(format!("the broker is {version}: {major}.{minor}.{patch} or newer is needed"))
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
