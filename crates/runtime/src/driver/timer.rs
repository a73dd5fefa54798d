//! The one timer of a loop.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Sleep;

use crate::clock::Clock;

/// Goes off once, at the latest when it was last asked to.
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    at: Option<Duration>,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self { sleep: Box::pin(tokio::time::sleep(Duration::ZERO)), at: None }
    }

    /// Goes off at that time of the monotonic clock. One that is set for earlier stays: most of what is
    /// waited for moves on, and an early look costs less than to set it each time.
    pub(super) fn set(&mut self, at: Option<Duration>, clock: Clock) {
        let Some(at) = at else { return };
        if self.at.is_none_or(|set| at < set) {
            self.sleep.as_mut().reset(clock.at(at));
            self.at = Some(at);
        }
    }

    pub(super) fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        let is_due = self.at.is_some() && self.sleep.poll_unpin(cx).is_ready();
        if is_due {
            self.at = None;
        }
        is_due
    }
}
