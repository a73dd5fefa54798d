//! What the query service says of parked events.

use serde::{Deserialize, Serialize};
use terminal::output::plain;
use terminal::{line, table};

/// The events that one generation has parked.
#[derive(Debug, Deserialize)]
pub(super) struct Parked {
    pub(super) generation: String,
    /// How many of all are not dropped.
    pub(super) open: u64,
    pub(super) items: Vec<ParkedEvent>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ParkedEvent {
    stream: String,
    sequence: u64,
    subject: String,
    pub(super) reason: String,
    attempts: u32,
    time: Option<String>,
    dropped: Option<Dropped>,
}

/// Who has said that nothing more is to be done.
#[derive(Debug, Deserialize, Serialize)]
struct Dropped {
    who: Option<String>,
    at: String,
    why: String,
}

impl Parked {
    pub(super) fn show(&self) {
        if self.items.is_empty() {
            line!("nothing is parked by the read side");
            return;
        }
        line!("parked by the read side, {} open:", self.open);
        let mut rows =
            table::with_header(["event", "subject", "reason", "attempts", "decided", "dropped"]);
        for event in &self.items {
            rows.add_row([
                event.name(),
                plain(&event.subject),
                plain(&event.reason),
                event.attempts.to_string(),
                event.time.clone().unwrap_or_else(|| "?".to_owned()),
                event.dropped.as_ref().map_or_else(|| "no".to_owned(), Dropped::in_words),
            ]);
        }
        line!("{rows}");
    }
}

impl ParkedEvent {
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.stream, self.sequence)
    }

    pub(super) const fn is_open(&self) -> bool {
        self.dropped.is_none()
    }

    pub(super) fn show(&self) {
        let (name, subject, reason) = (self.name(), plain(&self.subject), plain(&self.reason));
        let times = if self.attempts == 1 { "once" } else { &format!("{} times", self.attempts) };
        line!("{name}, {subject}, was tried {times}: {reason}");
        match &self.dropped {
            Some(dropped) => line!("dropped by {}", dropped.in_words()),
            None => line!("open"),
        }
    }
}

impl Dropped {
    fn in_words(&self) -> String {
        let Self { who, at, why } = self;
        format!("{} at {at}: {}", plain(who.as_deref().unwrap_or("somebody")), plain(why))
    }
}
