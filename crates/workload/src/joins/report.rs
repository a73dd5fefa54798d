//! What the comparison says, for a person and for a script.

use serde::Serialize;
use serde_json::{Value, json};
use terminal::table::{self, judged};
use terminal::verdict::Verdict;

use super::load::{Most, Steady};
use super::outage::{KILLED, Outage};
use super::staleness::Behind;
use super::tally::shown;

/// Everything that was measured; of an interrupted comparison what there was until then.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Questions a second at the steady rate, for each way.
    pub rate: u32,
    /// Connections that asked without pause.
    pub connections: u32,
    /// The most that each way answers.
    pub most: Vec<Most>,
    /// Each way at the steady rate.
    pub steady: Vec<Steady>,
    /// How far each way is behind.
    pub behind: Vec<Behind>,
    /// What is left of each while an owner is dead.
    pub outage: Option<Outage>,
}

impl Report {
    /// While no owner was down, each way had to answer everything.
    pub fn verdict(&self) -> Verdict {
        let steady = self.steady.iter().map(|way| way.counted);
        let ways = self.outage.iter().flat_map(|outage| &outage.ways);
        let mut healthy = steady.chain(ways.map(|way| way.before));
        let all = healthy.all(|counted| counted.asked > 0 && counted.answered == counted.asked);
        if all { Verdict::Clean } else { Verdict::Found }
    }

    pub fn json(&self) -> Value {
        json!(self)
    }

    pub fn text(&self) -> String {
        let parts = [
            (!self.most.is_empty()).then(|| self.at_most()),
            (!self.steady.is_empty()).then(|| self.at_the_steady_rate()),
            (!self.behind.is_empty()).then(|| self.staleness()),
            self.outage.as_ref().map(during),
            self.interrupted.then(|| "interrupted: this is what there was until then".to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }

    fn at_most(&self) -> String {
        let mut table = table::with_header(["way", "answers/s", "p50 ms of answers", "p99"]);
        for most in &self.most {
            table.add_row([
                most.way.name().to_owned(),
                format!("{:.0}", most.per_second),
                shown(most.counted.p50_ms),
                shown(most.counted.p99_ms),
            ]);
        }
        format!(
            "{} connections that ask without pause, each way by itself\n{table}",
            self.connections
        )
    }

    fn at_the_steady_rate(&self) -> String {
        let header = ["way", "asked", "available %", "p50 ms of answers, from due", "p99"];
        let mut table = table::with_header(header);
        for Steady { way, counted } in &self.steady {
            table.add_row([
                way.name().to_owned(),
                counted.asked.to_string(),
                shown(counted.available_percent),
                shown(counted.p50_ms),
                shown(counted.p99_ms),
            ]);
        }
        format!("{} questions/s, each way by itself\n{table}", self.rate)
    }

    fn staleness(&self) -> String {
        let header =
            ["way", "order shows, p50 ms", "p99", "customer's change shows, p50 ms", "p99"];
        let mut table = table::with_header(header);
        for behind in &self.behind {
            let as_of_order = || ["as of the order".to_owned(), String::new()];
            let customer = behind
                .customer
                .map_or_else(as_of_order, |counted| [counted.p50_ms, counted.p99_ms].map(shown));
            let order = [behind.order.p50_ms, behind.order.p99_ms].map(shown);
            let name = behind.way.name().to_owned();
            table.add_row([name].into_iter().chain(order).chain(customer));
        }
        let changes = self.behind.first().map_or(0, |behind| behind.order.asked);
        format!(
            "{changes} orders and as many changes of customers, from the owner's answer to an answer \
             that shows it\n{table}"
        )
    }
}

fn during(outage: &Outage) -> String {
    let header = [
        "way",
        "asked meanwhile",
        "available %",
        "partial %",
        "p99 ms of answers",
        "before: p99 ms",
        "after: p99 ms",
        "whole again after ms",
    ];
    let mut table = table::with_header(header);
    for way in &outage.ways {
        let during = way.during;
        table.add_row(vec![
            way.way.name().into(),
            during.asked.to_string().into(),
            judged(shown(during.available_percent), Some(during.answered == during.asked)),
            shown(during.partial_percent).into(),
            shown(during.p99_ms).into(),
            shown(way.before.p99_ms).into(),
            shown(way.after.p99_ms).into(),
            way.whole_again_after_ms.to_string().into(),
        ]);
    }
    let Outage { killed_at_s, started_at_s, ready_at_s, .. } = outage;
    let (down, starting) = (started_at_s - killed_at_s, ready_at_s - started_at_s);
    format!(
        "{KILLED} killed (SIGKILL) and kept down for {down:.1} s, ready {starting:.1} s after it was \
         started again\n{table}"
    )
}

#[cfg(test)]
pub mod tests {
    use super::super::outage::{Slice, WayInOutage};
    use super::super::tally::Counted;
    use super::super::ways::Kind;
    use super::*;

    fn counted(available_percent: f64) -> Counted {
        Counted {
            asked: 300,
            answered: if available_percent < 100.0 { 295 } else { 300 },
            available_percent: Some(available_percent),
            partial_percent: Some(1.25),
            p50_ms: Some(1.5),
            p99_ms: Some(9.75),
        }
    }

    pub fn report() -> Report {
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
            interrupted: false,
            rate: 100,
            connections: 16,
            most: Kind::ALL
                .map(|way| Most { way, per_second: 4_321.0, counted: counted(100.0) })
                .into(),
            steady: Kind::ALL.map(|way| Steady { way, counted: counted(100.0) }).into(),
            behind: Kind::ALL.map(behind).into(),
            outage: Some(Outage {
                killed_at_s: 5.0,
                started_at_s: 10.0,
                ready_at_s: 10.5,
                seconds: 15.0,
                slice_seconds: 0.25,
                ways: Kind::ALL.map(way).into(),
            }),
        }
    }

    #[test]
    fn a_person_reads_every_figure_and_where_there_is_none() {
        let text = report().text();
        for part in [
            "4321",
            "9.75",
            "98.50",
            "as of the order",
            "kept down for 5.0 s, ready 0.5 s after",
            "321",
            "300 orders",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn what_was_interrupted_shows_what_there_was() {
        let partial = Report { interrupted: true, outage: None, behind: Vec::new(), ..report() };
        let text = partial.text();
        assert!(text.contains("4321") && text.ends_with("until then"), "{text}");
        assert!(!text.contains("killed"), "{text}");
        assert_eq!(partial.json()["interrupted"], true);
    }

    #[test]
    fn a_way_that_failed_while_nothing_was_down_is_a_finding() {
        let mut report = report();
        assert_eq!(report.verdict(), Verdict::Clean);
        report.steady[1].counted.answered -= 1;
        assert_eq!(report.verdict(), Verdict::Found);
    }
}
