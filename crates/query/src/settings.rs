//! How the process is configured: flags, or the environment.

use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use runtime::address::Address;
use runtime::exit::Misconfigured;
use runtime::http::auth::{Guard, Sessions};
use runtime::settings::ProcessSettings;

/// The read side of Murmuration: folds all streams into Redis, and answers from there.
#[derive(Clone, Debug, Parser)]
#[command(name = "query", version)]
pub struct Settings {
    /// Address of Redis, such as redis://127.0.0.1:6379 or redis://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(
        long,
        env = "MURMUR_REDIS",
        hide_env_values = true,
        default_value = "redis://127.0.0.1:6379"
    )]
    pub redis: Address,
    /// Milliseconds after which an order that is not settled counts as stuck
    #[arg(long, env = "MURMUR_STUCK_AFTER_MS", default_value_t = 30_000)]
    pub stuck_after_ms: u64,
    /// Only answer, from what the projector of another query process folds
    #[arg(long, env = "MURMUR_NO_PROJECTOR")]
    pub no_projector: bool,
    /// Whether hot answers are kept in memory. Without, every read goes to Redis
    #[arg(long, env = "MURMUR_CACHE", value_enum, default_value_t = Switch::On)]
    pub cache: Switch,
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
