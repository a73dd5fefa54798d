//! Reads all streams into the fold, each exactly as far as is asked for.
//!
//! A system under load never stands still: whatever is compared with the streams was read at a
//! position, and the fold is taken there, neither less far nor further.

use std::collections::BTreeMap;
use std::time::Duration;

use auditor::records::Records;
use auditor::{Fold, Intake, RowRef};
use client::streams::Streams;
use contracts::{OrderId, service};
use indicatif::{ProgressBar, ProgressStyle};
use protocol::{Row, Service};
use runtime::reading::Reading;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long a stream may be unreadable before it is told as damaged or lost: its owner is asked to
/// look meanwhile, and may mend it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Pause when nothing has come.
const PAUSE: Duration = Duration::from_millis(10);

/// Rows of one stream that are taken before it is the next one's turn.
const ROWS_AT_ONCE: usize = 4_096;

/// How far each stream is read, or is to be.
pub(crate) type Cut = BTreeMap<Service, u64>;

/// All streams, being read.
pub(crate) struct Gathering {
    /// What was taken so far.
    pub(crate) intake: Intake,
    streams: BTreeMap<Service, Stream>,
    bar: ProgressBar,
}

/// A stream does not come as far as it should.
#[derive(Debug, thiserror::Error)]
#[error("stream {} was read to row {at} of {wanted}: the broker delivers no more", service.stream())]
pub(crate) struct NotReached {
    service: Service,
    at: u64,
    wanted: u64,
}

struct Stream {
    reading: Reading,
    rows: mpsc::Receiver<Row>,
    unreadable: Option<Instant>,
    given_up: bool,
}

impl Gathering {
    /// Begins to read all streams from their first rows, those of services beside the shop's, too.
    ///
    /// # Errors
    /// When progress cannot be shown.
    pub(crate) fn begin(
        streams: &Streams,
        beside: impl IntoIterator<Item = Service>,
    ) -> anyhow::Result<Self> {
        let stream = |service| {
            let (reading, rows) = streams.read(service);
            (service, Stream { reading, rows, unreadable: None, given_up: false })
        };
        let style = ProgressStyle::with_template("{msg} {human_pos} of {human_len}, {elapsed}")?;
        Ok(Self {
            intake: Intake::with_records(),
            streams: service::ALL.into_iter().chain(beside).map(stream).collect(),
            bar: ProgressBar::new(0).with_style(style).with_message("reading rows:"),
        })
    }

    /// The ends of all streams that can be read, once all are known.
    ///
    /// # Errors
    /// When they are not known in time.
    pub(crate) async fn ends(&mut self, deadline: Instant) -> Result<Cut, NotReached> {
        loop {
            let now = Instant::now();
            self.look_at_unreadable(now);
            let unknown = self.streams.iter().find(|(_, stream)| !stream.is_known());
            let Some((service, _)) = unknown else { return Ok(self.known_ends()) };
            if now >= deadline {
                return Err(NotReached { service: *service, at: 0, wanted: 1 });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Takes each stream as far as that; those that are further already stay there.
    ///
    /// # Errors
    /// When a stream does not come so far in time. One that cannot be read at all is a finding, and no
    /// error.
    pub(crate) async fn reach(&mut self, cut: &Cut, deadline: Instant) -> Result<(), NotReached> {
        self.bar.set_length(cut.values().sum());
        loop {
            let came = self.take_up_to(cut);
            let Some(lacking) = self.lacking(cut) else { return Ok(()) };
            let now = Instant::now();
            if now >= deadline {
                return Err(lacking);
            }
            if came {
                // Where rows keep coming, too, the command can be interrupted.
                tokio::task::yield_now().await;
            } else {
                self.look_at_unreadable(now);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Takes what is still needed for all that was taken to have its causes. They are there: nobody
    /// reacts to a row before it is in its stream.
    ///
    /// # Errors
    /// When they do not come.
    pub(crate) async fn close(&mut self, deadline: Instant) -> Result<(), NotReached> {
        loop {
            let named = self.intake.fold.named();
            if self.lacking(&named).is_none() {
                return Ok(());
            }
            self.reach(&named, deadline).await?;
        }
    }

    /// Reads on until these orders are settled. Says whether they are.
    pub(crate) async fn until_settled(
        &mut self,
        mut orders: Vec<OrderId>,
        deadline: Instant,
    ) -> bool {
        loop {
            let ends = self.known_ends();
            let reached = self.reach(&ends, deadline).await;
            let fold = &self.intake.fold;
            let waits =
                |id: &OrderId| fold.orders.get(id).is_some_and(|it| !fold.is_settled(id, it));
            orders.retain(waits);
            self.bar.set_message(format!("waiting for {} orders, rows:", orders.len()));
            if orders.is_empty() {
                return true;
            }
            if reached.is_err() || Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whose streams are read.
    pub(crate) fn owners(&self) -> impl Iterator<Item = Service> {
        self.streams.keys().copied()
    }

    /// How far the shop's streams are taken.
    pub(crate) fn cut(&self) -> Cut {
        let taken = |service| (service, self.intake.position(service).sequence);
        service::ALL.into_iter().map(taken).collect()
    }

    /// The same, as a consistency token.
    pub(crate) fn token(&self) -> String {
        let cut = self.cut().into_iter().filter(|(_, sequence)| *sequence > 0);
        let parts: Vec<_> =
            cut.map(|(service, sequence)| format!("{}={sequence}", service.stream())).collect();
        parts.join(",")
    }

    /// What the streams say.
    pub(crate) const fn fold(&self) -> &Fold {
        &self.intake.fold
    }

    /// What the read model has to hold of them.
    pub(crate) const fn records(&self) -> Option<&Records> {
        self.intake.records.as_ref()
    }

    /// Shows what is done now, and how much of it.
    pub(crate) fn show(&self, what: &'static str, done: u64, of: u64) {
        self.bar.set_message(what);
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    /// All has been read: no more is shown.
    pub(crate) fn end(self) -> Intake {
        self.bar.finish_and_clear();
        self.intake
    }

    fn known_ends(&self) -> Cut {
        let end = |stream: &Stream| stream.reading.progress.borrow().last_in_stream;
        self.streams.iter().map(|(service, stream)| (*service, end(stream))).collect()
    }

    fn take_up_to(&mut self, cut: &Cut) -> bool {
        let mut came = false;
        for (service, stream) in &mut self.streams {
            let wanted = cut.get(service).copied().unwrap_or_default();
            for _ in 0..ROWS_AT_ONCE {
                if self.intake.position(*service).sequence >= wanted {
                    break;
                }
                let Ok(row) = stream.rows.try_recv() else { break };
                came = true;
                self.intake.take(*service, &row);
            }
        }
        let taken = self.streams.keys().map(|service| self.intake.position(*service).sequence);
        self.bar.set_position(taken.sum());
        came
    }

    /// The first stream that is not as far as that, and may yet come.
    fn lacking(&self, cut: &Cut) -> Option<NotReached> {
        cut.iter().find_map(|(service, wanted)| {
            let at = self.intake.position(*service).sequence;
            let given_up = self.streams.get(service).is_none_or(|stream| stream.given_up);
            let lacks = at < *wanted && !given_up;
            lacks.then_some(NotReached { service: *service, at, wanted: *wanted })
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
                let next = vec![RowRef { service: *service, sequence }];
                let text = format!("it cannot be read on: {reason}");
                self.intake.rows.found(service, next, text);
            }
        }
    }
}

impl Stream {
    fn is_known(&self) -> bool {
        self.given_up || self.reading.progress.borrow().connected
    }

    /// Why no rows can come, if none can.
    fn trouble(&self) -> Option<String> {
        let progress = self.reading.progress.borrow();
        let away = || "there is no such stream, or the broker is away".to_owned();
        progress.alarm.clone().or_else(|| (!progress.connected).then(away))
    }
}
