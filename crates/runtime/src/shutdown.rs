//! When a process is to stop, who has to hear of it, and by when it has to be through.
//!
//! There is one deadline: it is counted from the moment in which the process is asked to stop, and
//! whatever has to be finished shares it. Nothing that stops has a time limit of its own.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::Instant;

/// What is kept of the time for stopping for the last answers: a few hundred bytes for each client.
const LAST_ANSWERS: Duration = Duration::from_millis(250);

/// Tells everybody to stop.
#[derive(Debug)]
pub struct StopSender {
    drain: Duration,
    state: watch::Sender<State>,
}

/// Hears when to stop, and by when to be through.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<State>);

#[derive(Debug, Default)]
struct State {
    deadline: Option<Instant>,
    reason: Option<String>,
}

/// A pair of both. `drain` is how long everything together may take, from the moment in which the
/// process is asked to stop.
#[must_use]
pub fn stop_signal(drain: Duration) -> (StopSender, Stop) {
    let (state, receiver) = watch::channel(State::default());
    (StopSender { drain, state }, Stop(receiver))
}

impl StopSender {
    /// The process is asked to stop: its time counts from here. Nobody hears of it before
    /// [`Self::stop`].
    pub fn start_deadline(&self) {
        self.state.send_modify(|state| state.start_deadline(self.drain));
    }

    /// Stops, for this reason. The first reason stands.
    pub fn stop(&self, reason: &str) {
        self.state.send_if_modified(|state| {
            let first = state.reason.is_none();
            state.reason.get_or_insert_with(|| reason.to_owned());
            state.start_deadline(self.drain);
            first
        });
    }
}

impl State {
    fn start_deadline(&mut self, drain: Duration) {
        self.deadline.get_or_insert_with(|| Instant::now() + drain);
    }
}

impl Stop {
    /// Returns once it is time to stop.
    pub async fn stopped(&mut self) {
        // A sender that is gone can only mean that the process ends.
        if self.0.wait_for(|state| state.reason.is_some()).await.is_err() {}
    }

    /// Why, once it is time to stop.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.0.borrow().reason.clone()
    }

    /// What comes of `work`; nothing, if it is not through at the deadline. As long as nobody asks the
    /// process to stop, there is none.
    pub async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.is_left(Duration::ZERO) => None,
        }
    }

    /// Returns once what still waits has to be given up, so that there is time left to tell those who
    /// asked for it.
    pub async fn given_up(&self) {
        self.is_left(LAST_ANSWERS).await;
    }

    /// Returns once only so much is left until the deadline.
    async fn is_left(&self, time: Duration) {
        let mut state = self.0.clone();
        let asked = state.wait_for(|state| state.deadline.is_some()).await;
        match asked.ok().and_then(|state| state.deadline) {
            Some(deadline) => {
                tokio::time::sleep_until(deadline.checked_sub(time).unwrap_or(deadline)).await;
            }
            None => std::future::pending().await,
        }
    }
}

/// Returns the reason once the process is asked to stop: by SIGTERM, SIGINT, or, if asked for, the
/// end of the standard input.
///
/// # Errors
/// When signals cannot be listened to.
pub async fn asked_to_stop(until_stdin_closes: bool) -> anyhow::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stdin_closed = async {
        if !until_stdin_closes {
            std::future::pending::<()>().await;
        }
        let mut input = tokio::io::stdin();
        let mut buffer = [0; 64];
        while matches!(input.read(&mut buffer).await, Ok(1..)) {}
    };
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
        () = stdin_closed => Ok("the standard input ended"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_steps_of_a_stop_share_one_deadline_from_the_moment_of_the_asking() {
        let drain = Duration::from_secs(1);
        let (stopper, mut stop) = stop_signal(drain);
        let asked = Instant::now();
        stopper.start_deadline();
        assert_eq!(stop.in_time(std::future::pending::<()>()).await, None);
        let first = asked.elapsed();
        stopper.stop("SIGTERM");
        stopper.stop("another");
        stop.stopped().await;
        assert_eq!(stop.in_time(std::future::pending::<()>()).await, None);
        assert!(first >= drain && asked.elapsed() < first + drain);
        assert_eq!(stop.in_time(std::future::ready(7)).await, Some(7));
        assert_eq!(stop.reason().as_deref(), Some("SIGTERM"));
    }

    #[tokio::test]
    async fn without_a_stop_there_is_no_deadline() {
        let (_stopper, stop) = stop_signal(Duration::ZERO);
        let work = tokio::time::sleep(Duration::from_millis(20));
        assert_eq!(stop.in_time(work).await, Some(()));
    }
}
