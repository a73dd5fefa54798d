//! The two clocks of this host.

use std::time::{Duration, Instant};

use engine::process::Now;
use protocol::Timestamp;

/// The clocks as one process sees them: the monotonic one counts from when this was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Now {
        Now { wall: now(), monotonic: self.0.elapsed() }
    }

    /// The moment of that monotonic time.
    pub(crate) fn at(self, monotonic: Duration) -> tokio::time::Instant {
        (self.0 + monotonic).into()
    }
}

/// The time of this machine.
#[must_use]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    Timestamp::from_micros(micros)
}
