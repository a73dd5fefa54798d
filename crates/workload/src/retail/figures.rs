//! Every figure of the dashboard and of the reports, against sums over the file.
//!
//! The file says what its invoices come to, the ORDER stream which of them were completed; the rest is
//! worked out here, with no code of the read side. Orders of others may be in the read model, too: a
//! figure must have grown by what this file has added to it since the replay began. What cannot be
//! taken apart that way (averages, leaders) is compared only where nothing else was there before.
//!
//! Deliberately absent: what the file does not say, such as latencies and the times of events.

mod expected;
mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::anyhow;
use client::http::Call;
use client::wait::wait_until;
use serde::Serialize;
use serde_json::Value;
use terminal::output::plain;
use terminal::table::{self, judged};

use super::book::Book;
use super::plan::Plan;
use super::sender::Sender;

pub(crate) use expected::{expected, expected_alone};
pub(crate) use shown::Shown;

/// How long the read model may take to have folded all that an order leaves behind.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// Differences that are shown of each group of figures. All are counted.
const SHOWN_MAX: usize = 5;

/// Where a figure stands: the dashboard, or a report by something.
pub(crate) type Section = &'static str;

/// Figures by where they stand and what they are called.
pub(crate) type Figures = BTreeMap<(Section, String), i128>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Figures that were compared.
    pub figures: usize,
    /// How many of them differ.
    pub differ: usize,
    /// The first of those.
    pub differences: Vec<Difference>,
}

/// A figure that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub figure: String,
    /// What the file says.
    pub file: i128,
    /// What the read model says.
    pub read_model: i128,
}

pub(crate) type Comparison = BTreeMap<Section, Compared>;

/// What is needed to read the read model.
pub(crate) struct Reading<'a> {
    pub sender: &'a Sender,
    /// Where the query service is.
    pub url: &'a str,
    /// How much of ORDER must have been folded.
    pub at_least: u64,
}

impl Reading<'_> {
    /// Reads the dashboard and all reports over the days of the file.
    ///
    /// # Errors
    /// When the read model does not settle in time, or does not answer.
    pub(crate) async fn shown(
        &self,
        plan: &Plan,
        book: &Book,
        in_flight_before: u64,
    ) -> anyhow::Result<Shown> {
        let dashboard = self.settled(in_flight_before).await?;
        let mut shown = Shown::of_dashboard(dashboard, plan.currency);
        for (from, to) in ranges(book) {
            for section in expected::REPORTS {
                let by = section.trim_start_matches("report by ");
                let path = format!("{}/reports/sales?from={from}&to={to}&by={by}", self.url);
                let token = format!("ORDER={}", self.at_least);
                let report = self.sender.client().value(Call::get(path).after(&token)).await?;
                shown.add_report(section, &report);
            }
        }
        Ok(shown)
    }

    /// The dashboard, once it has folded everything and no more orders are in flight than before.
    async fn settled(&self, in_flight_before: u64) -> anyhow::Result<Value> {
        let look = async || {
            let dashboard = super::revenue::dashboard(self.sender, self.url, self.at_least).await?;
            let behind = dashboard["freshness"]["behind"].as_u64();
            let in_flight = shown::in_flight(&dashboard);
            if behind == Some(0) && in_flight <= in_flight_before {
                return Ok(ControlFlow::Break(dashboard));
            }
            Ok(ControlFlow::Continue(in_flight))
        };
        wait_until(SETTLED_WITHIN, look, |in_flight| {
            anyhow!("the read model does not settle: {in_flight} orders are in flight")
        })
        .await
    }
}

/// The days of the file, in ranges that a report takes.
fn ranges(book: &Book) -> Vec<(String, String)> {
    let days: BTreeSet<&str> = book.sales().map(|invoice| invoice.day.as_str()).collect();
    let mut ranges: Vec<(String, String)> = Vec::new();
    for day in days {
        match ranges.last_mut() {
            // A year at most: a range within one calendar year always is.
            Some((from, to)) if from.get(..4) == day.get(..4) => day.clone_into(to),
            Some(_) | None => ranges.push((day.to_owned(), day.to_owned())),
        }
    }
    ranges
}

/// What each figure should have grown by, and has: by section.
pub(crate) fn compare(expected: &Growth, shown: &Growth) -> Comparison {
    let mut comparison = Comparison::new();
    let names: BTreeSet<_> = expected.names().chain(shown.names()).collect();
    for name in names {
        let (section, figure) = name;
        let compared = comparison.entry(*section).or_default();
        let (file, read_model) = (expected.of(name), shown.of(name));
        compared.figures += 1;
        if file != read_model {
            compared.differ += 1;
            let figure = figure.clone();
            if compared.differences.len() < SHOWN_MAX {
                compared.differences.push(Difference { figure, file, read_model });
            }
        }
    }
    comparison
}

/// Figures before and after.
#[derive(Debug)]
pub(crate) struct Growth {
    pub before: Figures,
    pub after: Figures,
}

impl Growth {
    fn names(&self) -> impl Iterator<Item = &(Section, String)> {
        self.before.keys().chain(self.after.keys())
    }

    fn of(&self, name: &(Section, String)) -> i128 {
        let at = |figures: &Figures| figures.get(name).copied().unwrap_or_default();
        at(&self.after) - at(&self.before)
    }
}

/// Whether no figure differs.
pub(crate) fn is_well(comparison: &Comparison) -> bool {
    comparison.values().all(|compared| compared.differ == 0)
}

pub(crate) fn text(comparison: &Comparison) -> String {
    let mut table = table::with_header(["in the read model", "figures", ""]);
    for (section, Compared { figures, differ, .. }) in comparison {
        let verdict =
            if *differ == 0 { "all equal".to_owned() } else { format!("{differ} differ") };
        let verdict = judged(verdict, Some(*differ == 0));
        table.add_row(vec![(*section).into(), figures.to_string().into(), verdict]);
    }
    let mut lines = vec![table.to_string()];
    for (section, compared) in comparison {
        for Difference { figure, file, read_model } in &compared.differences {
            let figure = plain(figure);
            lines.push(format!("{section}: {figure} is {read_model}, the file says {file}"));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::order_ends::{Ending, Reported};
    use super::super::plan::Options;
    use super::*;
    use clap::Parser;
    use contracts::events::order::EndReason;
    use serde_json::json;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Options,
    }

    const FILE: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,10001,MUG,2,2010-12-31 08:00:00,2.50,7.0,Norway
1,10002,LAMP,1,2010-12-31 08:00:00,10,7.0,Norway
1,10001,MUG,1,2010-12-31 08:00:00,2.40,7.0,Norway
2,10001,MUG,3,2011-01-02 08:00:00,2.50,8.0,France
3,10002,LAMP,1,2011-01-02 08:00:00,10,8.0,France
";

    /// Invoice 1 is completed, 2 rejected, 3 refused.
    fn figures() -> Figures {
        let book = Book::of(FILE.as_bytes(), "GBP".parse().unwrap(), None).unwrap();
        let plan = Plan::of(&Line::parse_from(["replay", "file"]).args, &book);
        let id = |text: &str| text.parse::<contracts::OrderId>().unwrap();
        let mut reported = Reported::default();
        reported.placed.extend([id("1"), id("2")]);
        let rejected = Ending { completed: false, reason: EndReason::OutOfStock };
        let completed = Ending { completed: true, reason: EndReason::Dispatched };
        reported.ends.extend([(id("1"), completed), (id("2"), rejected)]);
        expected(&book, &plan, &reported).unwrap()
    }

    #[test]
    fn only_completed_orders_bring_in_revenue_and_all_placed_ones_are_counted() {
        let figures = figures();
        for (section, name, figure) in [
            ("dashboard", "orders placed", 2),
            ("dashboard", "orders rejected or cancelled", 1),
            ("dashboard", "revenue", 1_740),
            ("dashboard", "2010-12-31 units", 4),
            ("report by product", "10001 revenue", 740),
            ("report by product", "10001 orders", 1),
            ("report by customer", "7 revenue", 1_740),
            ("report by country", "Norway units", 4),
            ("report by country", "total revenue", 1_740),
        ] {
            assert_eq!(figures[&(section, name.to_owned())], figure, "{section}: {name}");
        }
        let alone = expected_alone(&figures);
        assert_eq!(alone[&("dashboard", "top product 1 is 10002".to_owned())], 1_000);
        assert_eq!(alone[&("dashboard", "average order".to_owned())], 1_740);
    }

    #[test]
    fn a_penny_too_much_anywhere_is_told() {
        let file = Growth { before: Figures::new(), after: figures() };
        let mut seen = figures();
        assert!(is_well(&compare(&file, &Growth { before: Figures::new(), after: seen.clone() })));
        *seen.get_mut(&("report by product", "10001 revenue".to_owned())).unwrap() += 1;
        let comparison = compare(&file, &Growth { before: Figures::new(), after: seen });
        assert!(!is_well(&comparison));
        assert_eq!(comparison["report by product"].differences[0].read_model, 741);
        assert!(text(&comparison).contains("10001 revenue is 741, the file says 740"));
    }

    #[test]
    fn what_others_sold_before_is_no_difference() {
        let mut after = figures();
        let revenue = ("dashboard", "revenue".to_owned());
        *after.get_mut(&revenue).unwrap() += 500;
        let seen = Growth { before: Figures::from([(revenue, 500)]), after };
        assert!(is_well(&compare(&Growth { before: Figures::new(), after: figures() }, &seen)));
    }

    #[test]
    fn a_file_that_goes_on_into_another_year_is_asked_for_in_two_reports() {
        let book = Book::of(FILE.as_bytes(), "GBP".parse().unwrap(), None).unwrap();
        let day = |text: &str| text.to_owned();
        let expected =
            [(day("2010-12-31"), day("2010-12-31")), (day("2011-01-02"), day("2011-01-02"))];
        assert_eq!(ranges(&book), expected);
    }

    #[test]
    fn a_figure_that_is_not_shown_is_a_difference() {
        let shown = Shown::of_dashboard(json!({ "orders": {} }), "GBP".parse().unwrap());
        let seen = Growth { before: Figures::new(), after: shown.figures };
        let file = Growth { before: Figures::new(), after: Figures::new() };
        assert!(!is_well(&compare(&file, &seen)));
    }
}
