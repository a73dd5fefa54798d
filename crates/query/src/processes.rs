//! How each service's process is: by its own word, and by its silence.
//!
//! This is told apart from the read model, which is late by itself whenever anything is wrong: a
//! service is not down because nothing of it is folded, and not well because nothing is missing.
//!
//! Deliberately absent: questions to the services over HTTP, and any decision. Whoever looks at the
//! page decides.

pub mod observed;

use std::time::Duration;

use futures_util::StreamExt as _;
use protocol::choreography::Declared;
use protocol::heartbeat::{ALL_SUBJECTS, Heartbeat, Held, ProcessState, QUERY};
use protocol::{Service, Timestamp};
use runtime::handle::now;
use runtime::heartbeat::{EVERY, Said, Voice};
use runtime::http::server::Routes;
use runtime::http::{StatusCode, json};
use runtime::nats::Connection;
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use observed::Observed;

/// Wait before the heartbeats are subscribed to again.
const RETRY: Duration = Duration::from_millis(500);

/// How the processes are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Processes {
    /// The broker, as this process sees it.
    pub broker: BrokerAnswer,
    /// The shop's services, in the order in which an order meets them, and those beside them that were heard.
    pub services: Vec<ProcessAnswer>,
}

/// The broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BrokerAnswer {
    /// Whether it carries messages.
    pub state: BrokerState,
    /// Since when.
    pub since: Timestamp,
}

/// Whether the broker carries messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BrokerState {
    /// It does: what this process says, it hears.
    Connected,
    /// It does not, or not any more.
    #[default]
    Away,
}

/// One service's process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProcessAnswer {
    /// The service.
    pub service: Service,
    /// How it is.
    pub state: Seen,
    /// Since when. For a process that is down, when it was last heard; none if it never was.
    pub since: Option<Timestamp>,
    /// Why, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a person can do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The streams before whose next row it stands, since it cannot handle that one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    /// What it last said of itself, where that may have changed unheard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_said: Option<ProcessState>,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// The outbox's end, as it last said.
    pub head: Option<u64>,
    /// Up to where the stream has acknowledged the outbox, as it last said.
    pub acknowledged: Option<u64>,
    /// Whether all that it holds is in two places, as it last said.
    pub redundant: Option<bool>,
    /// What of it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redundant_reason: Option<String>,
    /// What a service that is none of the shop's declares of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<Declared>,
}

/// How a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// It looks at what its stores hold; commands wait.
    Starting,
    /// It takes commands.
    Ready,
    /// It takes commands, and a stream that it decides on cannot be read.
    Unready,
    /// It takes commands, and the broker does not acknowledge them.
    Disconnected,
    /// It refuses commands until a person has chosen.
    Fenced,
    /// It finishes what it has begun.
    Stopping,
    /// It has ended in good order.
    Stopped,
    /// It is silent, and the broker is not: it has died, hangs, or is cut off from the broker.
    Down,
    /// Nothing can be heard, or it says what only a newer build understands.
    Unknown,
}

/// Listens, and speaks for the query process itself, for as long as it runs.
pub async fn run(connection: Connection, observed: watch::Sender<Observed>) {
    let voice = Voice::new(connection.clone(), QUERY);
    observed.send_modify(|observed| observed.begin(voice.instance(), now()));
    let speaking = speak(&voice, connection.watch());
    let listening = async {
        loop {
            listen(&connection, &observed).await;
            tokio::time::sleep(RETRY).await;
        }
    };
    tokio::join!(speaking, listening, look(&connection, &observed));
}

/// `GET /processes`.
#[must_use]
pub fn routes(observed: watch::Receiver<Observed>) -> Routes {
    warp::path!("processes")
        .and(warp::get())
        .map(move || json(StatusCode::OK, &observed.borrow().view(Instant::now())))
        .boxed()
}

/// What this process says, it must hear: a broker that does not carry it would make all others seem
/// silent.
async fn speak(voice: &Voice, mut connected: watch::Receiver<bool>) {
    let said =
        Said { state: ProcessState::Ready, reason: None, choices: Vec::new(), held: Vec::new() };
    let since = now();
    loop {
        voice.say(&said, since, None).await;
        // At once when the broker is back.
        if tokio::time::timeout(EVERY, connected.changed()).await.is_ok_and(|end| end.is_err()) {
            return;
        }
    }
}

/// Time alone changes what is seen of the broker.
async fn look(connection: &Connection, observed: &watch::Sender<Observed>) {
    loop {
        let connected = connection.is_connected();
        observed.send_modify(|observed| observed.look(connected, Instant::now(), now()));
        tokio::time::sleep(EVERY / 4).await;
    }
}

async fn listen(connection: &Connection, observed: &watch::Sender<Observed>) {
    let Ok(mut beats) = connection.client().subscribe(ALL_SUBJECTS).await else { return };
    while let Some(message) = beats.next().await {
        match serde_json::from_slice::<Heartbeat>(&message.payload) {
            Ok(beat) => observed.send_modify(|observed| observed.hear(beat, Instant::now(), now())),
            Err(error) => {
                let subject = message.subject.as_str();
                tracing::debug!(subject, %error, "a heartbeat is not understood");
            }
        }
    }
}
