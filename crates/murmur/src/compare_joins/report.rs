//! What the comparison says, for a person and for a script.

use serde::Serialize;
use serde_json::{Value, json};

use super::load::{Most, Steady};
use super::outage::{KILLED, Outage};
use super::staleness::Behind;
use crate::cli::Verdict;
use crate::table::{self, judged};

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// Questions a second at the steady rate, for each way.
    pub(super) rate: u32,
    /// Connections that asked without pause.
    pub(super) connections: u32,
    /// The most that each way answers.
    pub(super) most: Vec<Most>,
    /// Each way at the steady rate.
    pub(super) steady: Vec<Steady>,
    /// How far each way is behind.
    pub(super) behind: Vec<Behind>,
    /// What is left of each while an owner is dead.
    pub(super) outage: Outage,
}

impl Report {
    /// While no owner was down, each way had to answer everything.
    pub(super) fn verdict(&self) -> Verdict {
        let steady = self.steady.iter().map(|way| way.counted);
        let before = self.outage.ways.iter().map(|way| way.before);
        let mut healthy = steady.chain(before);
        let all = healthy.all(|counted| counted.asked > 0 && counted.available_percent >= 100.0);
        if all { Verdict::Clean } else { Verdict::Found }
    }

    /// For a script.
    pub(super) fn json(&self) -> Value {
        json!(self)
    }

    /// For a person.
    pub(super) fn text(&self) -> String {
        [self.load(), self.staleness(), self.during_the_outage()].join("\n\n")
    }

    fn load(&self) -> String {
        let (rate, connections) = (self.rate, self.connections);
        let mut table = table::with_header(["way", "p50 ms", "p99 ms", "answers/s at most"]);
        for (steady, most) in self.steady.iter().zip(&self.most) {
            table.add_row([
                steady.way.name().to_owned(),
                format!("{:.2}", steady.counted.p50_ms),
                format!("{:.2}", steady.counted.p99_ms),
                format!("{:.0}", most.per_second),
            ]);
        }
        format!("{rate} questions/s each; at most: {connections} connections\n{table}")
    }

    fn staleness(&self) -> String {
        let header =
            ["way", "order shows, p50 ms", "p99", "customer's change shows, p50 ms", "p99"];
        let mut table = table::with_header(header);
        for behind in &self.behind {
            let as_of_order = || ["as of the order".to_owned(), String::new()];
            let customer = behind.customer.map_or_else(as_of_order, |counted| {
                [counted.p50_ms, counted.p99_ms].map(|ms| format!("{ms:.2}"))
            });
            let order = [behind.order.p50_ms, behind.order.p99_ms].map(|ms| format!("{ms:.2}"));
            let name = behind.way.name().to_owned();
            table.add_row([name].into_iter().chain(order).chain(customer));
        }
        let changes = self.behind.first().map_or(0, |behind| behind.order.asked);
        format!("{changes} changes, from the owner's answer to an answer that shows it\n{table}")
    }

    fn during_the_outage(&self) -> String {
        let header = [
            "way",
            "available %",
            "partial %",
            "p99 ms",
            "before: p99 ms",
            "after: p99 ms",
            "whole again after ms",
        ];
        let mut table = table::with_header(header);
        for way in &self.outage.ways {
            let (available, during) = (way.during.available_percent, way.during);
            table.add_row(vec![
                way.way.name().into(),
                judged(format!("{available:.2}"), Some(available >= 100.0)),
                format!("{:.2}", during.partial_percent).into(),
                format!("{:.2}", during.p99_ms).into(),
                format!("{:.2}", way.before.p99_ms).into(),
                format!("{:.2}", way.after.p99_ms).into(),
                way.whole_again_after_ms.to_string().into(),
            ]);
        }
        let Outage { killed_at_s, started_at_s, .. } = self.outage;
        let down = started_at_s - killed_at_s;
        format!("{KILLED} killed, and down for {down:.1} s\n{table}")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::outage::{Slice, WayInOutage};
    use super::super::tally::Counted;
    use super::super::ways::Kind;
    use super::*;

    fn counted(available_percent: f64) -> Counted {
        Counted { asked: 300, available_percent, partial_percent: 1.25, p50_ms: 1.5, p99_ms: 9.75 }
    }

    pub(in super::super) fn report() -> Report {
        let way = |way: Kind| WayInOutage {
            way,
            before: counted(100.0),
            during: counted(98.5),
            after: counted(100.0),
            whole_again_after_ms: 321,
            slices: vec![
                Slice { whole: 25, partial: 0, none: 0 },
                Slice { whole: 5, partial: 19, none: 1 },
            ],
        };
        let behind = |way: Kind| Behind {
            way,
            order: counted(100.0),
            customer: (way != Kind::ReadModel).then(|| counted(100.0)),
        };
        Report {
            rate: 100,
            connections: 16,
            most: Kind::ALL
                .map(|way| Most { way, per_second: 4_321.0, counted: counted(100.0) })
                .into(),
            steady: Kind::ALL.map(|way| Steady { way, counted: counted(100.0) }).into(),
            behind: Kind::ALL.map(behind).into(),
            outage: Outage {
                killed_at_s: 5.0,
                started_at_s: 10.0,
                ready_at_s: 10.5,
                seconds: 15.0,
                ways: Kind::ALL.map(way).into(),
            },
        }
    }

    #[test]
    fn a_person_reads_every_figure_and_where_there_is_none() {
        let text = report().text();
        for part in
            ["4321", "9.75", "98.50", "as of the order", "down for 5.0 s", "321", "300 changes"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_way_that_failed_while_nothing_was_down_is_a_finding() {
        let mut report = report();
        assert_eq!(report.verdict(), Verdict::Clean);
        report.steady[1].counted.available_percent = 99.99;
        assert_eq!(report.verdict(), Verdict::Found);
    }
}
