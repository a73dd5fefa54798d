//! Why the broker cannot be used, in words: what is waited for, and what can be done about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::{Event, Server, ServerAddr};
use tokio::sync::watch;

/// Servers of a cluster that are named at most.
const SERVERS_NAMED_MAX: usize = 3;

/// For how long a complaint is taken for the reason of what fails: above the time that a request gets.
const COMPLAINT_COUNTS: Duration = Duration::from_secs(5);

/// What is known of the way to the broker.
pub(super) struct Trouble {
    addresses: String,
    /// Why there is no connection; nothing while there is one.
    waits: watch::Sender<Option<String>>,
    failures: Mutex<BTreeMap<String, Failure>>,
    /// What the broker last complained of, and when.
    complaint: Mutex<Option<(Instant, String)>>,
}

/// What came of the attempts to reach one server.
#[derive(Clone, Default)]
struct Failure {
    attempts: usize,
    reason: Option<String>,
}

impl Trouble {
    /// Nothing is reached yet.
    pub(super) fn new(servers: &[ServerAddr]) -> Self {
        let addresses: Vec<_> = servers.iter().map(ServerAddr::as_url_str).collect();
        let addresses = addresses.join(", ");
        let waits = Some(format!("the broker at {addresses} has not been reached yet"));
        Self {
            addresses,
            waits: watch::Sender::new(waits),
            failures: Mutex::default(),
            complaint: Mutex::default(),
        }
    }

    /// Why there is no connection, now and later.
    pub(super) fn waits(&self) -> watch::Receiver<Option<String>> {
        self.waits.subscribe()
    }

    /// What the broker has just complained of.
    pub(super) fn complaint(&self) -> Option<String> {
        let last = self.complaint.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.filter(|(at, _)| at.elapsed() < COMPLAINT_COUNTS).map(|(_, said)| said)
    }

    /// Takes in what the client says of the connection.
    #[expect(clippy::wildcard_enum_match_arm, reason = "other events do not change the connection")]
    pub(super) fn note(&self, event: &Event) {
        match event {
            Event::Connected => {
                tracing::info!("connected to the broker");
                *self.failures.lock().unwrap_or_else(PoisonError::into_inner) = BTreeMap::new();
                self.waits.send_replace(None);
            }
            Event::Disconnected | Event::Closed => {
                let mut reason =
                    format!("the connection to the broker at {} ended", self.addresses);
                if let Some(complaint) = self.complaint() {
                    let _written = write!(reason, "; before, it said: {complaint}");
                }
                self.wait(reason);
            }
            Event::ServerError(error) => {
                let said = error.to_string();
                tracing::warn!(said, "the broker complains");
                let complaint = Some((Instant::now(), said));
                *self.complaint.lock().unwrap_or_else(PoisonError::into_inner) = complaint;
            }
            other => tracing::debug!(event = %other, "the broker's client says"),
        }
    }

    /// Takes in what came of the attempts so far, as the client has it before its next one.
    pub(super) async fn look(&self, servers: Vec<Server>) {
        let before = self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut failures = BTreeMap::new();
        for server in servers.into_iter().take(SERVERS_NAMED_MAX) {
            let name = server.addr.as_url_str().to_owned();
            let known = before.get(&name).cloned().unwrap_or_default();
            let failed = server.failed_attempts > known.attempts;
            let reason = match server.last_error.filter(|_| failed) {
                Some(error) => Some(explained(&error)),
                // The client keeps no count of names that it cannot resolve.
                None => unresolved(&server.addr).await.or(known.reason),
            };
            failures.insert(name, Failure { attempts: server.failed_attempts, reason });
        }
        let texts: Vec<_> = failures.iter().filter_map(Failure::texts).collect();
        if !texts.is_empty() {
            self.wait(format!("the broker cannot be used: {}", texts.join("; ")));
        }
        *self.failures.lock().unwrap_or_else(PoisonError::into_inner) = failures;
    }

    fn wait(&self, reason: String) {
        self.waits.send_if_modified(|waits| {
            let news = waits.as_ref() != Some(&reason);
            if news {
                tracing::warn!(reason, "waits for the broker");
                *waits = Some(reason);
            }
            news
        });
    }
}

impl Failure {
    fn texts((name, failure): (&String, &Self)) -> Option<String> {
        failure.reason.as_ref().map(|reason| format!("{name}: {reason}"))
    }
}

async fn unresolved(address: &ServerAddr) -> Option<String> {
    let (host, port) = (address.host().to_owned(), address.port());
    let looked_up = tokio::net::lookup_host((host, port)).await;
    looked_up.err().map(|error| format!("its host is unknown: {error}"))
}

/// The client's error, and what can be done about it where that can be told.
fn explained(error: &str) -> String {
    let has = |part: &str| error.to_lowercase().contains(part);
    let hint = if has("connection refused") {
        "nothing listens there: does the broker run, and is the port right?"
    } else if has("authorization violation") {
        "it refuses who connects: say who with nats://USER:PASSWORD@HOST:PORT, --nats-user and \
         --nats-password, or --nats-credentials"
    } else if has("certificate") {
        "its certificate is not trusted: it has to name this host, and --nats-ca to name a file with \
         the authority that signed it"
    } else if has("handshake") || has("corrupt message") {
        "TLS fails: write nats:// for a broker without TLS and leave --nats-ca out, and tls:// for one \
         with it"
    } else if has("timed out") {
        "what listens there does not greet as a broker does: does it hang, or is it another server?"
    } else if has("expected info") || has("invalid") || has("unexpected") {
        "what listens there does not speak NATS: is the port right?"
    } else {
        return error.to_owned();
    };
    format!("{error}; {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_has_a_reason_from_the_first_moment_until_there_is_a_connection() {
        let trouble = Trouble::new(&["nats://h:4".parse().unwrap()]);
        let waits = trouble.waits();
        let reason = || waits.borrow().clone().unwrap_or_default();
        assert!(reason().contains("nats://h:4"), "{}", reason());
        trouble.note(&Event::Connected);
        assert_eq!(waits.borrow().as_deref(), None);
        let said = async_nats::ServerError::Other("User Authentication Expired".to_owned());
        trouble.note(&Event::ServerError(said));
        trouble.note(&Event::Disconnected);
        assert!(reason().contains("Authentication Expired"), "{}", reason());
    }

    #[test]
    fn what_the_client_says_comes_with_what_can_be_done() {
        let refused = "IO error: Connection refused (os error 111)";
        assert!(explained(refused).starts_with(refused) && explained(refused).contains("port"));
        assert!(explained("authorization violation: nats").contains("--nats-password"));
        assert!(
            explained("IO error: invalid peer certificate: UnknownIssuer").contains("--nats-ca")
        );
        assert_eq!(explained("out of descriptors"), "out of descriptors");
    }
}
