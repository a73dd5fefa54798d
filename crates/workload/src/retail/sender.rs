//! Sends commands until they are answered: services are killed and wiped meanwhile. Each command has
//! an idempotency key, so that sending it again is safe.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::bail;
use client::consistency_token::ConsistencyToken;
use client::http::{Answer, Call, Client};
use client::run_file::RunFile;
use hyper::StatusCode;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Pause before a command is sent again: short at first, since most outages are.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub struct Sender {
    client: Client,
    patience: Duration,
    seen: Mutex<ConsistencyToken>,
    sent_again: AtomicU64,
}

impl Sender {
    /// One that gives up when a command is not answered for that long.
    pub fn new(running: &RunFile, patience: Duration) -> Self {
        let client = running.client_answering_within(Duration::from_secs(15));
        Self { client, patience, seen: Mutex::default(), sent_again: AtomicU64::new(0) }
    }

    /// How often a command was sent again.
    pub fn sent_again(&self) -> u64 {
        self.sent_again.load(Ordering::Relaxed)
    }

    /// How long a command may take.
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    /// The client itself, for what is no command.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The consistency token of everything that was answered so far.
    pub fn seen(&self) -> String {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).to_string()
    }

    /// Sends a command until it is answered by its service, with whatever.
    ///
    /// # Errors
    /// When patience is over.
    pub async fn send(&self, call: Call) -> anyhow::Result<Answer> {
        let deadline = Instant::now() + self.patience;
        let mut pause = PAUSE_MIN;
        loop {
            let problem = match self.client.send(call.clone()).await {
                Ok(answer) if !is_to_be_sent_again(answer.status) => {
                    self.note(&answer);
                    return Ok(answer);
                }
                Ok(answer) => format!("{}: {}", answer.status, answer.reason()),
                Err(error) => error.to_string(),
            };
            if Instant::now() > deadline {
                bail!("{} cannot be used for {:?}: {problem}", call.url(), self.patience);
            }
            self.sent_again.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn note(&self, answer: &Answer) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.note(answer.token().unwrap_or_default());
    }
}

/// What a service says when it cannot answer now, or asks to be left alone for a moment.
fn is_to_be_sent_again(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// Runs jobs, so many at once, in the order in which they come. Stops at the first that fails.
pub async fn run_at_once<T: Send + 'static>(
    at_once: usize,
    jobs: impl Iterator<Item = impl Future<Output = anyhow::Result<T>> + Send + 'static>,
    mut done: impl FnMut(T),
) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    for job in jobs {
        if running.len() >= at_once
            && let Some(finished) = running.join_next().await
        {
            done(finished??);
        }
        running.spawn(job);
    }
    while let Some(finished) = running.join_next().await {
        done(finished??);
    }
    Ok(())
}
