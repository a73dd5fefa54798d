//! Reads all streams into the fold, on and on, until every saga in flight has ended.

use std::collections::BTreeMap;
use std::time::Duration;

use auditor::{Fold, Intake, Place};
use contracts::{Row, Service};
use runtime::reading::Reading;
use tokio::sync::mpsc;
use tokio::time::Instant;

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
    /// What was taken so far.
    pub(crate) intake: Intake,
    streams: BTreeMap<Service, Stream>,
    last_row: Instant,
}

struct Stream {
    reading: Reading,
    rows: mpsc::Receiver<Row>,
    unreadable: Option<Instant>,
    given_up: bool,
}

impl Gathering {
    /// Begins to read all streams from their first rows.
    pub(crate) fn begin(streams: &Streams) -> Self {
        let stream = |service| {
            let (reading, rows) = streams.read(service);
            (service, Stream { reading, rows, unreadable: None, given_up: false })
        };
        Self {
            intake: Intake::default(),
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
            if quiet && self.is_caught_up() && enough(&self.intake.fold) {
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
                self.intake.take(*service, &row);
            }
        }
        if came {
            self.last_row = Instant::now();
        }
        came
    }

    fn is_caught_up(&self) -> bool {
        self.streams.iter().all(|(service, stream)| {
            let progress = stream.reading.progress.borrow();
            let end = self.intake.position(*service).sequence >= progress.last_in_stream;
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
                let sequence = self.intake.position(*service).sequence + 1;
                let next = vec![Place { service: *service, sequence }];
                let text = format!("it cannot be read on: {reason}");
                self.intake.rows.found(service, next, text);
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
