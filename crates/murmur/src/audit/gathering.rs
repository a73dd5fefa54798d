//! Reads all streams into the fold, on and on, until every saga in flight has ended.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::{Position, Row, Service};
use runtime::reading::Reading;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::fold::{Fold, Place};
use super::invariants::{Checked, Invariant};
use crate::streams::Streams;

/// How long a stream may be unreadable before it is told as damaged or lost: its owner is asked to
/// look meanwhile, and may mend it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Nothing has come for so long: what was under way has arrived.
const QUIET: Duration = Duration::from_millis(150);

/// Pause when nothing has come.
const PAUSE: Duration = Duration::from_millis(10);

/// Rows of one stream that are taken before it is the next one's turn.
const ROWS_AT_ONCE: usize = 4_096;

/// All streams, being read.
pub(crate) struct Gathering {
    /// What they say so far.
    pub(crate) fold: Fold,
    /// What is wrong with their rows.
    pub(crate) rows: Checked,
    streams: BTreeMap<Service, Stream>,
    last_row: Instant,
}

struct Stream {
    reading: Reading,
    rows: mpsc::Receiver<Row>,
    position: Position,
    unreadable: Option<Instant>,
    given_up: bool,
}

impl Gathering {
    /// Begins to read all streams from their first rows.
    pub(crate) fn begin(streams: &Streams) -> Self {
        let stream = |service| {
            let (reading, rows) = streams.read(service);
            let position = Position::default();
            (service, Stream { reading, rows, position, unreadable: None, given_up: false })
        };
        Self {
            fold: Fold::default(),
            rows: Checked::new(Invariant::Rows, "rows"),
            streams: Service::ALL.into_iter().map(stream).collect(),
            last_row: Instant::now(),
        }
    }

    /// Reads until `enough` holds with nothing more coming, or the deadline has passed. Says which.
    pub(crate) async fn until(
        &mut self,
        deadline: Instant,
        enough: impl Fn(&Fold) -> bool,
    ) -> bool {
        loop {
            if self.take_what_came() {
                continue;
            }
            let now = Instant::now();
            let quiet = now.duration_since(self.last_row) >= QUIET;
            self.look_at_unreadable(now);
            if quiet && self.is_caught_up() && enough(&self.fold) {
                return true;
            }
            if now >= deadline {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn take_what_came(&mut self) -> bool {
        let mut came = false;
        for (service, stream) in &mut self.streams {
            for _ in 0..ROWS_AT_ONCE {
                let Ok(row) = stream.rows.try_recv() else { break };
                came = true;
                take(&mut self.fold, &mut self.rows, *service, &mut stream.position, &row);
            }
        }
        if came {
            self.last_row = Instant::now();
        }
        came
    }

    fn is_caught_up(&self) -> bool {
        self.streams.values().all(|stream| {
            let progress = stream.reading.progress.borrow();
            let end = stream.position.sequence >= progress.last_in_stream;
            stream.given_up || (progress.connected && end)
        })
    }

    fn look_at_unreadable(&mut self, now: Instant) {
        for (service, stream) in &mut self.streams {
            let Some(reason) = stream.trouble() else {
                stream.unreadable = None;
                continue;
            };
            let since = *stream.unreadable.get_or_insert(now);
            if !stream.given_up && now.duration_since(since) >= PATIENCE {
                stream.given_up = true;
                let next = Place { service: *service, sequence: stream.position.sequence + 1 };
                self.rows.found(service, vec![next], format!("it cannot be read on: {reason}"));
            }
        }
    }
}

impl Stream {
    /// Why no rows can come, if none can.
    fn trouble(&self) -> Option<String> {
        let progress = self.reading.progress.borrow();
        let away = || "there is no such stream, or the broker is away".to_owned();
        progress.alarm.clone().or_else(|| (!progress.connected).then(away))
    }
}

/// Takes one row. It was verified by the reading loop already; the auditor sees for itself.
fn take(
    fold: &mut Fold,
    checked: &mut Checked,
    service: Service,
    position: &mut Position,
    row: &Row,
) {
    let place = vec![Place { service, sequence: row.sequence }];
    if !row.follows(*position) {
        checked.found(service, place.clone(), "it does not follow the row before");
    }
    *position = row.position();
    match row.parse() {
        Ok(event) if event.headers.kind.service() == service => fold.take(&event),
        Ok(event) => {
            let text = format!("it is {}, another service's event", event.headers.kind);
            checked.found(service, place, text);
            fold.skip(service, row);
        }
        Err(error) => {
            checked.found(service, place, format!("it is not understood: {error}"));
            fold.skip(service, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::Chain;

    use super::super::invariants::histories::differences;
    use super::*;

    #[test]
    fn a_row_that_does_not_follow_and_is_no_event_is_found_twice_over() {
        let (mut fold, mut checked) = (Fold::default(), Checked::new(Invariant::Rows, "rows"));
        let row = Row {
            sequence: 1,
            subject: "order.eaten.o-1".into(),
            headers: String::new(),
            payload: b"{}".as_slice().into(),
            chain: Chain::START,
        };
        take(&mut fold, &mut checked, Service::Order, &mut Position::default(), &row);
        let found = differences(&checked);
        assert_eq!(found[0], "it does not follow the row before");
        assert!(found[1].starts_with("it is not understood"), "{found:?}");
        assert_eq!(fold.rows(Service::Order), 1);
    }
}
