//! Files that are followed while the process runs: what is changed in them counts soon, and what cannot be used
//! leaves what was in them before.

use std::time::Duration;

use crate::shutdown::Stop;

/// How soon a change counts.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks at a file again and again, until it is time to stop. A trouble is reported once, with what it leaves
/// as it was.
pub(crate) async fn follow<L>(look_again: L, what_stays: &'static str, mut stop: Stop)
where
    L: Fn() -> anyhow::Result<()> + Clone + Send + 'static,
{
    let mut reported = String::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.stopped() => return,
        }
        let trouble = match tokio::task::spawn_blocking(look_again.clone()).await {
            Ok(Ok(())) => String::new(),
            Ok(Err(error)) => format!("{error:#}"),
            Err(error) => error.to_string(),
        };
        if !trouble.is_empty() && trouble != reported {
            tracing::error!("{trouble}; {what_stays}");
        }
        reported = trouble;
    }
}
