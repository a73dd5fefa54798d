//! What a replay says: what became of every line, and whether the money is the same.

use std::collections::BTreeMap;

use contracts::Currency;
use contracts::events::order::EndReason;
use serde::Serialize;
use serde_json::{Value, json};
use terminal::output::plain;
use terminal::table::{self, judged};
use terminal::verdict::Verdict;

use super::book::{Book, Invoice, Sold};
use super::figures::{self, Comparison};
use super::order_ends::{Ending, Ends};
use super::order_placement::Fate;
use super::plan::Plan;
use super::registration::Made;
use super::revenue::Day;
use super::skipped_lines::{Lines, Shown};

/// Refusals of customers, products and stock that are shown.
const REFUSED_SHOWN: usize = 3;

/// Lines of one fate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// `loaded`, `already there`, `cancelling`, `refused` or `skipped`.
    pub what: &'static str,
    pub why: String,
    pub lines: usize,
    /// Invoices; lines that are skipped belong to none.
    pub invoices: usize,
    /// The first lines that are refused or skipped so.
    pub first: Vec<Shown>,
}

/// The outcome of a replay.
#[derive(Debug)]
pub struct Report {
    /// What became of customers, products and stock.
    pub made: Made,
    /// Orders that were placed.
    pub loaded: usize,
    /// Orders that had been placed before.
    pub already_there: usize,
    /// What became of every line.
    pub shares: Vec<Share>,
    /// Lines in the file.
    pub lines: usize,
    /// Accepted orders without an end.
    pub without_end: usize,
    /// The currency of the file.
    pub currency: Currency,
    /// The money, day by day.
    pub days: Vec<Day>,
    /// Every figure of the dashboard and the reports.
    pub figures: Comparison,
    /// How often a command was sent again.
    pub sent_again: u64,
    /// How long each phase took, in seconds.
    pub seconds: Vec<(&'static str, f64)>,
}

/// What became of every line.
pub fn shares(book: &Book, plan: &Plan, fates: &[Fate], ends: &Ends) -> anyhow::Result<Vec<Share>> {
    let mut shares: BTreeMap<(&'static str, String), (usize, Lines)> = BTreeMap::new();
    for (invoice, fate) in book.invoices.iter().zip(fates) {
        let end = ends.get(&plan.id(&invoice.number)?);
        let (invoices, lines) = shares.entry(share_of(fate, end)).or_default();
        *invoices += 1;
        for line in &invoice.lines {
            lines.add(|| shown(invoice, line));
        }
    }
    for (skip, lines) in &book.skipped {
        shares.insert(("skipped", skip.to_string()), (0, lines.clone()));
    }
    let share = |((what, why), (invoices, lines)): ((&'static str, String), (usize, Lines))| {
        let is_lost = matches!(what, "refused" | "skipped");
        let first = if is_lost { lines.first } else { Vec::new() };
        Share { what, why, lines: lines.count, invoices, first }
    };
    Ok(shares.into_iter().map(share).collect())
}

fn shown(invoice: &Invoice, line: &Sold) -> Shown {
    let (invoice, sku) = (invoice.number.to_string(), line.sku.to_string());
    Shown { line: line.line, invoice, sku, value: String::new() }
}

/// Where in the file the lines of a reason begin.
fn first_lines(share: &Share) -> Option<String> {
    let first: Vec<_> = share.first.iter().map(ToString::to_string).collect();
    let more = share.lines - first.len();
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    (!first.is_empty())
        .then(|| format!("{}, {}: {}{more}", share.what, share.why, first.join("; ")))
}

fn share_of(fate: &Fate, end: Option<&Ending>) -> (&'static str, String) {
    match fate {
        Fate::Placed => ("loaded", end_text(end)),
        Fate::AlreadyThere => ("already there", end_text(end)),
        Fate::AlreadyCancelled => ("cancelling", "it had cancelled its order before".to_owned()),
        Fate::Cancelled => ("cancelling", "it cancelled its order".to_owned()),
        Fate::TooLate => ("cancelling", "its order had left: too late".to_owned()),
        Fate::PartOfAnOrder => {
            ("cancelling", "it means a part of an order: orders are cancelled whole".to_owned())
        }
        Fate::NoOrder => ("cancelling", "no earlier order of the customer matches".to_owned()),
        Fate::Refused(problem) => ("refused", problem.clone()),
    }
}

fn end_text(end: Option<&Ending>) -> String {
    let Some(end) = end else { return "the order has no end".to_owned() };
    match end.reason {
        EndReason::Dispatched => "the order was completed",
        EndReason::OutOfStock => "the order was rejected: out of stock",
        EndReason::PaymentDeclined => "the order was rejected: payment declined",
        EndReason::Requested => "the order was cancelled by a later line",
        EndReason::DeadlinePassed => "the order was cancelled: its deadline passed",
        EndReason::ShipmentFailed => "the order was cancelled: nobody delivers there",
    }
    .to_owned()
}

impl Report {
    /// Lines whose fate is known.
    fn accounted(&self) -> usize {
        self.shares.iter().map(|share| share.lines).sum()
    }

    /// Whether anything of the file is there, every line is accounted for, every order has ended, and
    /// the money is the same.
    pub fn verdict(&self) -> Verdict {
        if self.loaded + self.already_there == 0 {
            return Verdict::Found;
        }
        let money = self.days.iter().all(Day::is_well) && figures::is_well(&self.figures);
        let all = self.accounted() == self.lines && self.without_end == 0;
        if money && all { Verdict::Clean } else { Verdict::Found }
    }

    pub fn json(&self) -> Value {
        let seconds: BTreeMap<_, _> = self.seconds.iter().copied().collect();
        json!({
            "loaded": self.loaded,
            "already_there": self.already_there,
            "masters": {
                "new": self.made.new,
                "raised": self.made.raised,
                "already_there": self.made.already,
                "refused": self.made.refused,
            },
            "lines": self.lines,
            "accounted": self.accounted(),
            "shares": self.shares,
            "orders_without_end": self.without_end,
            "days": self.days,
            "figures": self.figures,
            "sent_again": self.sent_again,
            "seconds": seconds,
            "clean": self.verdict() == Verdict::Clean,
        })
    }

    pub fn text(&self) -> String {
        let mut lines = vec![self.table_of_lines()];
        lines.extend(self.shares.iter().filter_map(first_lines));
        lines.extend([String::new(), self.table_of_money()]);
        lines.push(String::new());
        lines.push(figures::text(&self.figures));
        lines.push(String::new());
        lines.extend(self.sentences());
        lines.join("\n")
    }

    fn table_of_lines(&self) -> String {
        let mut table = table::with_header(["lines", "invoices", "", "why"]);
        for Share { what, why, lines, invoices, .. } in &self.shares {
            let invoices = if *invoices == 0 { String::new() } else { invoices.to_string() };
            table.add_row([lines.to_string(), invoices, (*what).to_owned(), why.clone()]);
        }
        let good = self.accounted() == self.lines;
        let all = format!("of {} lines in the file", self.lines);
        let sum = judged(self.accounted(), Some(good));
        table.add_row(vec![sum, "".into(), "all".into(), all.into()]);
        table.to_string()
    }

    fn table_of_money(&self) -> String {
        let mut table = table::with_header(["day", "in the file", "in the read model", ""]);
        for day in &self.days {
            let decimal = |minor: i128| self.currency.decimal(minor).to_string();
            let seen = day.read_model_minor.map_or_else(|| "not shown".to_owned(), decimal);
            let verdict = match day.read_model_minor {
                None => judged("not compared", None),
                Some(_) if day.is_well() => judged("equal", Some(true)),
                Some(_) => judged("differs", Some(false)),
            };
            table.add_row(vec![
                day.day.clone().into(),
                decimal(day.file_minor).into(),
                seen.into(),
                verdict,
            ]);
        }
        table.to_string()
    }

    fn sentences(&self) -> Vec<String> {
        let Made { new, raised, already, refused } = &self.made;
        let orders = format!("loaded {} orders, already there {}", self.loaded, self.already_there);
        let masters = format!(
            "customers, products and stock: {new} new, {raised} limits raised, {already} already there"
        );
        let mut lines = vec![orders, masters];
        if let Some(first) =
            refused.get(..refused.len().min(REFUSED_SHOWN)).filter(|r| !r.is_empty())
        {
            lines.push(format!("{} of them refused: {}", refused.len(), plain(&first.join("; "))));
        }
        if self.without_end > 0 {
            lines.push(format!("{} accepted orders have no end", self.without_end));
        }
        if self.sent_again > 0 {
            lines.push(format!("{} requests were sent again", self.sent_again));
        }
        let times: Vec<_> =
            self.seconds.iter().map(|(phase, took)| format!("{phase} {took:.1} s")).collect();
        let all: f64 = self.seconds.iter().map(|(_, took)| took).sum();
        lines.push(format!("took {all:.1} s: {}", times.join(", ")));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(lines: usize, days: Vec<Day>) -> Report {
        let share = Share {
            what: "loaded",
            why: "completed".into(),
            lines: 3,
            invoices: 1,
            first: Vec::new(),
        };
        Report {
            made: Made::default(),
            loaded: 1,
            already_there: 0,
            shares: vec![share],
            lines,
            without_end: 0,
            currency: "GBP".parse().unwrap(),
            days,
            figures: Comparison::new(),
            sent_again: 0,
            seconds: vec![("orders", 1.5)],
        }
    }

    #[test]
    fn lines_that_do_not_add_up_are_a_finding() {
        assert_eq!(report(3, Vec::new()).verdict(), Verdict::Clean);
        assert_eq!(report(4, Vec::new()).verdict(), Verdict::Found);
    }

    #[test]
    fn money_that_differs_is_a_finding_and_is_shown() {
        let day = Day { day: "1".into(), file_minor: 1_205, read_model_minor: Some(1_204) };
        let report = report(3, vec![day]);
        assert_eq!(report.verdict(), Verdict::Found);
        let text = report.text();
        assert!(text.contains("12.05") && text.contains("12.04") && text.contains("differs"));
    }

    #[test]
    fn money_is_shown_with_the_decimals_of_its_currency() {
        let day = Day { day: "1".into(), file_minor: 1_205, read_model_minor: Some(1_205) };
        let mut report = report(3, vec![day]);
        for (currency, shown) in [("JPY", " 1205 "), ("KWD", " 1.205 "), ("CLF", " 0.1205 ")] {
            report.currency = currency.parse().unwrap();
            assert!(report.text().contains(shown), "{currency}: {}", report.text());
        }
    }

    #[test]
    fn an_accepted_order_is_told_by_its_end() {
        let end = Ending { completed: false, reason: EndReason::Requested };
        let (what, why) = share_of(&Fate::Placed, Some(&end));
        assert_eq!((what, why.as_str()), ("loaded", "the order was cancelled by a later line"));
        assert_eq!(share_of(&Fate::Placed, None).1, "the order has no end");
    }
}
