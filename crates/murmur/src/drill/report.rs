//! What a drill has come to.

use auditor::Audit;
use chaos::stream_count::Counted;
use evidence::report;
use serde_json::{Value, json};
use terminal::table;
use terminal::verdict::Verdict;
use workload::mixed::order_tracker::Counts;

use super::loss::Loss;

/// Keys that are shown of those that are lost or doubled. JSON has all.
const SHOWN_MAX: usize = 5;

/// What was lost and came back, and whether all that was promised is there once.
pub(crate) struct Report {
    pub(crate) losses: Vec<Loss>,
    pub(crate) counts: Counts,
    pub(crate) counted: Counted,
    pub(crate) audit: Audit,
}

impl Report {
    pub(crate) fn text(&self) -> String {
        let Counts { ok, orders, .. } = self.counts;
        let (lost, doubled) = (self.counted.lost.len(), self.counted.doubled.len());
        let mut lines = vec![report::text(&self.audit), String::new(), self.table(), String::new()];
        let found = self.counted.lost.iter().map(|key| format!("lost: {key}"));
        let found = found.take(SHOWN_MAX).chain(
            self.counted.doubled.iter().map(|what| format!("doubled: {what}")).take(SHOWN_MAX),
        );
        lines.extend(found);
        lines.push(format!(
            "{lost} lost, {doubled} doubled, of {ok} commands that were accepted meanwhile, \
             {orders} of them orders"
        ));
        lines.join("\n")
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "losses": self.losses,
            "accepted": self.counts.ok,
            "orders": self.counts.orders,
            "lost": self.counted.lost,
            "doubled": self.counted.doubled,
            "audit": self.audit.json(),
        })
    }

    /// What the audit says, unless something was lost or doubled that it did not find.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.counted.lost.is_empty() && self.counted.doubled.is_empty() {
            report::verdict(&self.audit)
        } else {
            Verdict::Found
        }
    }

    fn table(&self) -> String {
        let header = ["lost", "events in it", "back after", "order through after", "meanwhile"];
        let mut table = table::with_header(header);
        for loss in &self.losses {
            table.add_row(vec![
                loss.store.to_string(),
                loss.events.to_string(),
                seconds(loss.back_ms),
                seconds(loss.well_ms),
                format!("{} orders taken", loss.orders_meanwhile),
            ]);
        }
        table.to_string()
    }
}

fn seconds(millis: u64) -> String {
    format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10)
}
