//! What the projector measures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::Timestamp;
use tokio::sync::watch;

use crate::fold::Item;
use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::projector_status::ProjectorStatus;
use crate::store::GenerationRole;

/// How often the gauges are set while rows keep coming.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What is measured of one batch.
#[derive(Debug)]
pub(super) struct Measured {
    rows: u64,
    decided: Vec<Timestamp>,
}

/// When the gauges were set.
pub(super) struct Gauges {
    published: Instant,
    role: GenerationRole,
}

impl Measured {
    /// Before it is folded.
    pub(super) fn of(items: &[Arc<Item>]) -> Self {
        let understood = items.iter().filter_map(|item| item.event.as_ref().ok());
        let decided = understood.map(|event| event.headers.time).collect();
        Self { rows: items.len() as u64, decided }
    }

    /// Once it is written: how many rows, and how long each took from its decision to here, by the
    /// clocks of its service and of this process. What is folded again says nothing of that.
    pub(super) fn written(self, now: Timestamp, parked: usize, follows: bool) {
        metrics::counter!("murmur_query_rows_total").increment(self.rows);
        metrics::counter!("murmur_query_batches_total").increment(1);
        metrics::counter!("murmur_query_parked_total").increment(parked as u64);
        if !follows {
            return;
        }
        let visible_after = metrics::histogram!("murmur_query_visible_after_seconds");
        for decided in self.decided {
            let micros = now.micros().saturating_sub(decided.micros());
            let micros = u64::try_from(micros).unwrap_or(0);
            visible_after.record(Duration::from_micros(micros).as_secs_f64());
        }
    }
}

impl Gauges {
    pub(super) fn of(role: GenerationRole) -> Self {
        Self { published: Instant::now(), role }
    }

    /// Sets the gauges, if that is some time ago. They speak of the generation that is read.
    pub(super) fn publish(&mut self, standing: &watch::Sender<ProjectorStatus>) {
        if self.role == GenerationRole::Live && self.published.elapsed() >= TELL_EVERY {
            self.published = Instant::now();
            publish(&standing.borrow());
        }
    }
}

/// Tells how many events are parked and not dropped.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and 2^53 events are far away")]
pub(super) fn publish_parked(open: u64) {
    metrics::gauge!("murmur_query_parked_open").set(open as f64);
}

/// Tells how far each stream is folded, and how far that is behind its end.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and 2^53 rows are far away")]
fn publish(standing: &ProjectorStatus) {
    let positions: &Positions = &standing.positions;
    for (service, folded) in positions.iter() {
        let last = standing.progress_of(service).last_in_stream;
        let behind = last.saturating_sub(folded.sequence);
        let stream = service.stream().to_owned();
        metrics::gauge!("murmur_query_folded", "stream" => stream.clone())
            .set(folded.sequence as f64);
        metrics::gauge!("murmur_query_behind", "stream" => stream).set(behind as f64);
    }
    let behind_ms = Freshness::of(positions, standing).behind_ms;
    if let Some(behind_ms) = behind_ms {
        metrics::gauge!("murmur_query_behind_seconds").set(behind_ms as f64 / 1_000.0);
    }
}
