//! The one way of waiting for what somebody else does: look again and again, until it is so or its
//! time is over. Nothing here sleeps and hopes.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;

/// How often is looked. A look costs a request or less.
pub const LOOK_EVERY: Duration = Duration::from_millis(20);

/// When the time for looking is over, and how often is looked until then.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    every: Duration,
}

/// Looks until a look breaks with what was waited for. Each look that goes on says what is missing;
/// what the last one says is why it is `late`.
///
/// # Errors
/// That of a look, or that of being late.
pub async fn wait_until<T, M, E>(
    deadline: impl Into<Deadline>,
    mut look: impl AsyncFnMut() -> Result<ControlFlow<T, M>, E>,
    late: impl FnOnce(M) -> E,
) -> Result<T, E> {
    let deadline = deadline.into();
    loop {
        match look().await? {
            ControlFlow::Break(found) => return Ok(found),
            ControlFlow::Continue(missing) => {
                if !deadline.allows_another_look().await {
                    return Err(late(missing));
                }
            }
        }
    }
}

/// Looks until a look breaks: it knows by itself when its time is over.
///
/// # Errors
/// That of a look.
pub async fn look_until<T, E>(
    every: Duration,
    mut look: impl AsyncFnMut() -> Result<ControlFlow<T>, E>,
) -> Result<T, E> {
    loop {
        if let ControlFlow::Break(found) = look().await? {
            return Ok(found);
        }
        tokio::time::sleep(every).await;
    }
}

/// A look at something that is so or is not.
pub const fn break_if(is_so: bool) -> ControlFlow<()> {
    if is_so { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

impl Deadline {
    /// For looks that cost more than a request.
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Waits a moment; false once the time is over. For loops whose future has to be `Send`, which
    /// that of an async closure is not for every lifetime.
    pub async fn allows_another_look(self) -> bool {
        if Instant::now() > self.at {
            return false;
        }
        tokio::time::sleep(self.every).await;
        true
    }
}

impl From<Duration> for Deadline {
    fn from(within: Duration) -> Self {
        Self { at: Instant::now() + within, every: LOOK_EVERY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_with_what_is_found_or_with_the_last_that_was_missing() {
        let mut looks = 0;
        let mut look = async |enough| {
            looks += 1;
            let found = looks >= enough;
            Ok::<_, String>(if found {
                ControlFlow::Break(looks)
            } else {
                ControlFlow::Continue(format!("{looks} of {enough}"))
            })
        };
        let second = Duration::from_secs(1);
        let found = wait_until(second, async || look(3).await, |missing| missing).await;
        assert_eq!(found, Ok(3));
        let late = wait_until(second, async || look(1_000).await, |missing| missing).await;
        assert!(late.unwrap_err().ends_with(" of 1000"));
    }
}
