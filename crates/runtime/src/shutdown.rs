//! When a process is to stop, and who has to hear of it.

use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Tells everybody to stop.
#[derive(Debug)]
pub struct StopSender(watch::Sender<Option<String>>);

/// Hears when to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Option<String>>);

/// A pair of both.
#[must_use]
pub fn stop_signal() -> (StopSender, Stop) {
    let (sender, receiver) = watch::channel(None);
    (StopSender(sender), Stop(receiver))
}

impl StopSender {
    /// Stops, for this reason. The first reason stands.
    pub fn stop(&self, reason: &str) {
        self.0.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert_with(|| reason.to_owned());
            first
        });
    }
}

impl Stop {
    /// Returns once it is time to stop.
    pub async fn stopped(&mut self) {
        // A sender that is gone can only mean that the process ends.
        if self.0.wait_for(Option::is_some).await.is_err() {}
    }

    /// Why, once it is time to stop.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.0.borrow().clone()
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
