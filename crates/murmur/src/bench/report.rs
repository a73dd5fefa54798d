//! What a benchmark says.

use auditor::Audit;
use evidence::report;
use serde_json::{Value, json};
use terminal::table::{self, judged};
use terminal::verdict::Verdict;
use workload::latencies::Summary;
use workload::saga::broker_throughput::Raw;
use workload::saga::measurement::{Measurement, OVERTIME_MS_MAX, P99_MS_MAX};
use workload::saga::processor_time::Took;

/// The outcome; of an interrupted benchmark what there was until then.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Whether it was interrupted.
    pub(super) interrupted: bool,
    /// At the rate that was asked for.
    pub(super) measured: Option<Measurement>,
    /// Whether the highest rate was searched.
    pub(super) find_max: bool,
    /// The search for the highest rate, if it was asked for.
    pub(super) climbed: Vec<Measurement>,
    /// The highest rate that was kept up with.
    pub(super) highest: Option<u32>,
    /// What the broker alone can do.
    pub(super) raw: Option<Raw>,
    /// The audit afterwards, if there was one.
    pub(super) audit: Option<Audit>,
}

impl Report {
    /// A rate that was asked for and not kept up with is a finding, and so is what the audit finds.
    pub(super) fn verdict(&self) -> Verdict {
        let clean = self.audit.as_ref().is_none_or(Audit::is_clean);
        let kept_up = self.measured.as_ref().is_some_and(|measured| measured.kept_up);
        if kept_up && clean { Verdict::Clean } else { Verdict::Found }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "interrupted": self.interrupted,
            "measured": self.measured,
            "climbed": self.climbed,
            "highest_rate": self.highest,
            "raw": self.raw,
            "audit": self.audit.as_ref().map(Audit::json),
        })
    }

    pub(super) fn text(&self) -> String {
        let mut parts = Vec::new();
        match &self.measured {
            Some(measured) => {
                parts.extend([headline(measured), latencies(measured), cpu(measured)]);
            }
            None => parts.push("nothing was measured yet".to_owned()),
        }
        if !self.climbed.is_empty() {
            parts.push(climbed(&self.climbed));
        }
        parts.push(self.sentences());
        parts.join("\n\n")
    }

    fn sentences(&self) -> String {
        let mut lines = Vec::new();
        match (self.highest, self.find_max) {
            (Some(highest), true) => {
                lines.push(format!("the highest rate that was kept up with: {highest} orders/s"));
            }
            (None, true) => lines.push("no rate was kept up with".to_owned()),
            (_, false) => {}
        }
        if let Some(Raw { rows_per_second, bytes, .. }) = self.raw {
            lines.push(format!(
                "the broker alone, publishing {bytes} bytes pipelined: {rows_per_second} rows/s"
            ));
        }
        lines.push(match &self.audit {
            _ if self.interrupted => {
                "interrupted: this is what there was until then, and not all was measured"
                    .to_owned()
            }
            Some(audit) if audit.is_clean() => audit.conclusion(),
            Some(audit) => report::text(audit),
            None => "no audit was asked for".to_owned(),
        });
        lines.join("\n")
    }
}

fn headline(measured: &Measurement) -> String {
    let Measurement { rate, seconds, due, accepted, refused, unanswered, .. } = measured;
    let Measurement { completed, unfinished, took_seconds, settled_per_second, .. } = measured;
    let reasons = measured.not_kept_up_because();
    let kept_up = if reasons.is_empty() {
        format!(
            "kept up: all completed, the last {} ms after the last was due (at most \
             {OVERTIME_MS_MAX}), p99 to the end {:.0} ms (at most {P99_MS_MAX:.0})",
            measured.overtime_ms, measured.ending.p99_ms
        )
    } else {
        format!("not kept up: {}", reasons.join(", "))
    };
    let otherwise = measured.otherwise();
    [
        format!("{rate} orders/s for {seconds} s: {due} came due"),
        format!("of those: {accepted} accepted, {refused} refused, {unanswered} unanswered"),
        format!(
            "ends: {completed} completed, {otherwise} otherwise; {unfinished} accepted without an end"
        ),
        format!(
            "{settled_per_second} ends/s in the {took_seconds:.1} s from the first due order to the \
             last end"
        ),
        kept_up,
    ]
    .join("\n")
}

fn latencies(measured: &Measurement) -> String {
    let mut table = table::with_header(["", "count", "p50 ms", "p90", "p99", "p99.9", "max"]);
    let rows = [
        ("from due to accepted", measured.accepting),
        ("from due to the order's end", measured.ending),
        ("from due to seen in the read model (sample)", measured.showing),
        ("from the order's end to seen there (same sample)", measured.following),
        ("GET /orders/{id}, from asking to the answer", measured.reading),
    ];
    for (name, Summary { count, p50_ms, p90_ms, p99_ms, p999_ms, max_ms }) in rows {
        let mut row = vec![name.to_owned(), count.to_string()];
        let figures = [p50_ms, p90_ms, p99_ms, p999_ms, max_ms];
        row.extend(figures.map(|ms| if count > 0 { format!("{ms:.2}") } else { "-".to_owned() }));
        table.add_row(row);
    }
    let missing = format!(
        "over those that were accepted, ended, seen or answered; {} reads failed",
        measured.unread
    );
    format!("{table}\n{missing}")
}

fn cpu(measured: &Measurement) -> String {
    let mut table = table::with_header(["process", "CPU µs/ended order", "% of one core"]);
    let row = |name: String, Took { us_per_order, core_percent }: Took| {
        let us = us_per_order.map_or_else(|| "-".to_owned(), |us| format!("{us:.0}"));
        [name, us, format!("{core_percent:.1}")]
    };
    let mut all = Took { us_per_order: (measured.ended > 0).then_some(0.0), core_percent: 0.0 };
    for share in &measured.cpu {
        let Some(took) = share.took else {
            table.add_row([share.process.as_str(), "ended meanwhile", "-"]);
            continue;
        };
        all.core_percent += took.core_percent;
        all.us_per_order = all.us_per_order.zip(took.us_per_order).map(|(sum, us)| sum + us);
        table.add_row(row(share.process.clone(), took));
    }
    let ran_through = measured.cpu.iter().all(|share| share.took.is_some());
    let name = if ran_through { "all" } else { "all but those that ended" };
    table.add_row(row(name.to_owned(), all));
    table.to_string()
}

fn climbed(runs: &[Measurement]) -> String {
    let header = [
        "orders/s",
        "due",
        "accepted",
        "completed",
        "ends/s",
        "p50 ms to the end",
        "p99 ms",
        "kept up",
    ];
    let mut table = table::with_header(header);
    for run in runs {
        let kept_up = match (run.kept_up, run.interrupted) {
            (true, _) => judged("yes", Some(true)),
            (false, true) => judged("interrupted", None),
            (false, false) => judged("no", Some(false)),
        };
        table.add_row(vec![
            run.rate.to_string().into(),
            run.due.to_string().into(),
            run.accepted.to_string().into(),
            run.completed.to_string().into(),
            format!("{:.1}", run.settled_per_second).into(),
            format!("{:.2}", run.ending.p50_ms).into(),
            format!("{:.2}", run.ending.p99_ms).into(),
            kept_up,
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use workload::saga::processor_time::Share;

    use super::*;

    fn measured(rate: u32) -> Measurement {
        let summary = Summary { count: 100, p50_ms: 5.0, p99_ms: 14.0, ..Summary::default() };
        Measurement {
            rate,
            seconds: 1,
            due: 100,
            accepted: 100,
            ended: 100,
            completed: 100,
            took_seconds: 1.0,
            settled_per_second: 100.0,
            overtime_ms: 20,
            accepting: summary,
            ending: summary,
            showing: summary,
            following: summary,
            reading: summary,
            kept_up: true,
            ..Measurement::default()
        }
    }

    fn report(measured: Measurement) -> Report {
        let raw = Some(Raw { rows: 10, seconds: 2.0, rows_per_second: 95_000, bytes: 1_024 });
        let (climbed, measured) = (vec![measured.clone()], Some(measured));
        let highest = Some(200);
        Report { measured, climbed, highest, find_max: true, raw, ..Report::default() }
    }

    #[test]
    fn a_rate_that_was_not_kept_up_with_is_a_finding() {
        assert_eq!(report(measured(200)).verdict(), Verdict::Clean);
        let late = Measurement { kept_up: false, ..measured(200) };
        assert_eq!(report(late).verdict(), Verdict::Found);
    }

    #[test]
    fn a_person_reads_the_rate_the_latencies_and_the_baseline() {
        let text = report(measured(200)).text();
        for part in [
            "200 orders/s for 1 s: 100 came due",
            "14.00",
            "95000 rows/s",
            "kept up with: 200",
            "kept up: all completed",
            "100 ends/s in the 1.0 s",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_said_and_of_nothing_there_is_no_figure() {
        let lacking = Measurement {
            accepted: 90,
            unanswered: 10,
            ended: 85,
            completed: 80,
            unfinished: 7,
            following: Summary::default(),
            cpu: vec![
                Share { process: "nats".into(), took: None },
                Share { process: "order".into(), took: Some(Took::default()) },
            ],
            ..measured(200)
        };
        let text = report(lacking).text();
        for part in [
            "of those: 90 accepted, 0 refused, 10 unanswered",
            "ends: 80 completed, 5 otherwise; 7 accepted without an end",
            "not kept up: 10 not accepted, 20 not completed",
            "ended meanwhile",
            "all but those that ended",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let following = text.lines().find(|line| line.contains("same sample")).unwrap();
        assert!(following.trim_end().ends_with('-'), "{following}");
    }

    #[test]
    fn what_was_interrupted_says_so_and_shows_what_there_was() {
        let measured = Measurement { interrupted: true, due: 40, ..measured(200) };
        let whole = report(measured);
        let text = Report { interrupted: true, raw: None, ..whole }.text();
        assert!(text.contains("40 came due") && text.contains("interrupted: this is"), "{text}");
        let nothing = Report { interrupted: true, ..Report::default() };
        assert!(nothing.text().contains("nothing was measured yet"));
        assert_eq!(nothing.json()["interrupted"], true);
    }
}
