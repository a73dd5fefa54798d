//! How the process is configured: flags, or the environment.

mod redis;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use runtime::exit::Misconfigured;
use runtime::http::auth::{Guard, Sessions};
use runtime::settings::ProcessSettings;

use crate::page::owners::PageOwner;
pub use redis::RedisSettings;

/// The read side of Murmuration: folds all streams into Redis, and answers from there.
#[derive(Clone, Debug, Parser)]
#[command(name = "query", version)]
pub struct Settings {
    /// Redis
    #[command(flatten)]
    pub redis: RedisSettings,
    /// Milliseconds after which an order that is not settled counts as stuck
    #[arg(long, env = "MURMUR_STUCK_AFTER_MS", default_value_t = 30_000)]
    pub stuck_after_ms: u64,
    /// Only answer, from what the projector of another query process folds
    #[arg(long, env = "MURMUR_NO_PROJECTOR")]
    pub no_projector: bool,
    /// Whether hot answers are kept in memory. Without, every read goes to Redis
    #[arg(long, env = "MURMUR_CACHE", value_enum, default_value_t = Switch::On)]
    pub cache: Switch,
    /// Where browsers reach an owner to whom the page sends commands, such as order=http://127.0.0.1:8083, or
    /// order=:8083 for another port of the page's host (over TLS if the page is), or the composer, whose API /docs
    /// shows; repeatable, or separated by commas. Each has to allow it with --origin. Without, the page offers none
    /// of its commands
    #[arg(
        long = "page-owner",
        env = "MURMUR_PAGE_OWNERS",
        value_delimiter = ',',
        value_name = "SERVICE=URL"
    )]
    pub page_owners: Vec<PageOwner>,
    /// Data folder of the `murmur up` that has started this process, or where `murmur audit --verdict-file` leaves its
    /// verdict: what the supervisor, the logs and the last audit say is answered from there
    #[arg(long, env = "MURMUR_OPERATOR_FOLDER", value_name = "FOLDER")]
    pub operator_folder: Option<PathBuf>,
    /// The process's surroundings
    #[command(flatten)]
    pub process: ProcessSettings,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl Settings {
    /// After which an order that is not settled counts as stuck.
    #[must_use]
    pub const fn stuck_after(&self) -> Duration {
        Duration::from_millis(self.stuck_after_ms)
    }

    /// Where browsers reach the owners to whom the page sends commands.
    #[must_use]
    pub fn page_owners(&self) -> Vec<PageOwner> {
        let is_over_tls = self.process.http.tls_certificate.is_some();
        let reached = |owner: PageOwner| if is_over_tls { owner.over_tls() } else { owner };
        self.page_owners.iter().cloned().map(reached).collect()
    }

    /// What is asked of clients, who may be browsers that have signed in.
    ///
    /// # Errors
    /// When a file that is named cannot be used; and when nobody would be asked beyond this machine.
    pub fn guard(&self) -> Result<Guard, Misconfigured> {
        let guard = self.process.http.guard(self.process.listen)?;
        if guard.sessions().is_some() {
            return Ok(guard);
        }
        let sessions = Sessions::load(None).map_err(Misconfigured)?;
        Ok(guard.with_sessions(Arc::new(sessions)))
    }
}
