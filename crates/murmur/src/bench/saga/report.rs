//! What a benchmark says.

use auditor::Audit;
use serde_json::{Value, json};

use super::latencies::Summary;
use super::measured::Measured;
use super::raw::Raw;
use crate::audit::report;
use crate::cli::Verdict;
use crate::table::{self, judged};

/// The outcome.
#[derive(Debug)]
pub(super) struct Report {
    /// At the rate that was asked for.
    pub(super) measured: Measured,
    /// The search for the highest rate, if it was asked for.
    pub(super) climbed: Vec<Measured>,
    /// The highest rate that was kept up with.
    pub(super) highest: Option<u32>,
    /// What the broker alone can do.
    pub(super) raw: Raw,
    /// The audit afterwards, if there was one.
    pub(super) audit: Option<Audit>,
}

impl Report {
    /// A rate that was asked for and not kept up with is a finding, and so is what the audit finds.
    pub(super) fn verdict(&self) -> Verdict {
        let clean = self.audit.as_ref().is_none_or(Audit::is_clean);
        if self.measured.kept_up && clean { Verdict::Clean } else { Verdict::Found }
    }

    /// For a script.
    pub(super) fn json(&self) -> Value {
        json!({
            "measured": self.measured,
            "climbed": self.climbed,
            "highest_rate": self.highest,
            "raw": self.raw,
            "audit": self.audit.as_ref().map(Audit::json),
        })
    }

    /// For a person.
    pub(super) fn text(&self) -> String {
        let mut parts = vec![self.headline(), latencies(&self.measured), cpu(&self.measured)];
        if !self.climbed.is_empty() {
            parts.push(climbed(&self.climbed));
        }
        parts.push(self.sentences());
        parts.join("\n\n")
    }

    fn headline(&self) -> String {
        let Measured { rate, seconds, due, completed, failed, settled_per_second, .. } =
            &self.measured;
        format!(
            "{rate} orders/s for {seconds} s: {due} due, {completed} completed, {failed} failed, \
             {settled_per_second} settled/s"
        )
    }

    fn sentences(&self) -> String {
        let mut lines = Vec::new();
        if let Some(highest) = self.highest {
            lines.push(format!("the highest rate that was kept up with: {highest} orders/s"));
        }
        let Raw { rows_per_second, bytes, .. } = self.raw;
        lines.push(format!(
            "the broker alone, publishing {bytes} bytes pipelined: {rows_per_second} rows/s"
        ));
        lines.push(match &self.audit {
            Some(audit) if audit.is_clean() => audit.conclusion(),
            Some(audit) => report::text(audit),
            None => "no audit was asked for".to_owned(),
        });
        lines.join("\n")
    }
}

fn latencies(measured: &Measured) -> String {
    let mut table =
        table::with_header(["from due to", "count", "p50 ms", "p90", "p99", "p99.9", "max"]);
    let rows = [
        ("accepted", measured.accepting),
        ("the order's end", measured.ending),
        ("seen in the read model (sample)", measured.showing),
        ("... counted from the order's end", measured.following),
        ("GET /orders/{id}, from asking", measured.reading),
    ];
    for (name, Summary { count, p50_ms, p90_ms, p99_ms, p999_ms, max_ms }) in rows {
        let mut row = vec![name.to_owned(), count.to_string()];
        row.extend([p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(|ms| format!("{ms:.2}")));
        table.add_row(row);
    }
    table.to_string()
}

fn cpu(measured: &Measured) -> String {
    let mut table = table::with_header(["process", "CPU µs/order", "% of a core"]);
    for share in &measured.cpu {
        table.add_row([
            share.process.clone(),
            format!("{:.0}", share.us_per_order),
            format!("{:.1}", share.core_percent),
        ]);
    }
    let us: f64 = measured.cpu.iter().map(|share| share.us_per_order).sum();
    let percent: f64 = measured.cpu.iter().map(|share| share.core_percent).sum();
    table.add_row(["all".to_owned(), format!("{us:.0}"), format!("{percent:.1}")]);
    table.to_string()
}

fn climbed(runs: &[Measured]) -> String {
    let mut table =
        table::with_header(["orders/s due", "settled/s", "p50 ms", "p99 ms", "failed", "kept up"]);
    for run in runs {
        table.add_row(vec![
            run.rate.to_string().into(),
            format!("{:.1}", run.settled_per_second).into(),
            format!("{:.2}", run.ending.p50_ms).into(),
            format!("{:.2}", run.ending.p99_ms).into(),
            run.failed.to_string().into(),
            judged(if run.kept_up { "yes" } else { "no" }, Some(run.kept_up)),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::measured::tests::measured;
    use super::*;

    fn report(kept_up: bool) -> Report {
        let raw = Raw { rows: 10, rows_per_second: 95_000, bytes: 1_024 };
        let measured = Measured { kept_up, ..measured(200) };
        let climbed = vec![measured.clone()];
        Report { measured, climbed, highest: Some(200), raw, audit: None }
    }

    #[test]
    fn a_rate_that_was_not_kept_up_with_is_a_finding() {
        assert_eq!(report(true).verdict(), Verdict::Clean);
        assert_eq!(report(false).verdict(), Verdict::Found);
    }

    #[test]
    fn a_person_reads_the_rate_the_latencies_and_the_baseline() {
        let text = report(true).text();
        for part in ["200 orders/s for 1 s", "14.00", "95000 rows/s", "kept up with: 200"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
