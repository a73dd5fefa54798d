//! What a drill shows while it goes: lines that stay, and one below them that counts.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use terminal::{line, note};
use tokio::task::JoinHandle;
use workload::mixed::order_tracker::OrderTracker;

/// How often the counting line changes.
const EVERY: Duration = Duration::from_millis(200);

/// The view; the counting line goes with it.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    counting: JoinHandle<()>,
    /// A script gets its result at the end, and what is said meanwhile beside it.
    json: bool,
}

impl Progress {
    /// Shows how many orders there are; only on a terminal.
    pub(crate) fn begin(json: bool, tracker: &Arc<OrderTracker>) -> Self {
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {msg}") {
            bar.set_style(style);
        }
        let (shown, tracker) = (bar.clone(), Arc::clone(tracker));
        let counting = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(EVERY);
            loop {
                ticks.tick().await;
                let (orders, in_flight) = (tracker.counts().orders, tracker.in_flight());
                shown.set_message(format!("{orders} orders taken, {in_flight} of them under way"));
                shown.tick();
            }
        });
        Self { bar, counting, json }
    }

    /// Says something that stays.
    pub(crate) fn say(&self, text: &str) {
        if self.json {
            text.lines().filter(|line| !line.is_empty()).for_each(|line| note!("{line}"));
        } else {
            self.bar.suspend(|| line!("{text}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.counting.abort();
        self.bar.finish_and_clear();
    }
}
