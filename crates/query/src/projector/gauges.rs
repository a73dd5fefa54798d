//! What the projector measures.

use std::time::Duration;

use contracts::Timestamp;

use crate::fold::Item;
use crate::positions::Positions;
use crate::standing::Standing;

/// What is measured of one batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    rows: u64,
    oldest: Option<Timestamp>,
}

impl Measured {
    /// Before it is folded.
    pub(super) fn of(items: &[Item]) -> Self {
        let times = items.iter().filter_map(|item| item.event.as_ref().ok());
        let oldest = times.map(|event| event.headers.time).min();
        Self { rows: items.len() as u64, oldest }
    }

    /// Once it is written: how many rows, and how long the oldest of them took from its decision
    /// to here, by the clocks of its service and of this process.
    pub(super) fn written(self, now: Timestamp, parked: usize) {
        metrics::counter!("murmur_query_rows_total").increment(self.rows);
        metrics::counter!("murmur_query_batches_total").increment(1);
        metrics::counter!("murmur_query_parked_total").increment(parked as u64);
        let took = self.oldest.map(|oldest| now.micros().saturating_sub(oldest.micros()));
        if let Some(Ok(micros)) = took.map(u64::try_from) {
            let seconds = Duration::from_micros(micros).as_secs_f64();
            metrics::histogram!("murmur_query_visible_after_seconds").record(seconds);
        }
    }
}

/// Tells how far each stream is folded, and how far that is behind its end.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and 2^53 rows are far away")]
pub(super) fn tell(standing: &Standing) {
    let positions: &Positions = &standing.positions;
    for (service, folded) in positions.iter() {
        let last = standing.progress_of(service).last_in_stream;
        let behind = last.saturating_sub(folded.sequence);
        let stream = service.stream();
        metrics::gauge!("murmur_query_folded", "stream" => stream).set(folded.sequence as f64);
        metrics::gauge!("murmur_query_behind", "stream" => stream).set(behind as f64);
    }
}
