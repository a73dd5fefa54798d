//! What an audit says: how much it examined, and what it found.

use contracts::{Kind, Service};
use serde::Serialize;
use serde_json::json;

use super::fold::Fold;
use super::invariants::{Checked, Finding};
use crate::cli::Verdict;
use crate::table::{self, judged};

/// Findings of one invariant that are printed for people. JSON has all.
const FINDINGS_SHOWN_MAX: usize = 8;

/// How much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Examined {
    /// Orders.
    pub(crate) orders: u64,
    /// Of them, completed.
    pub(crate) completed: u64,
    /// Of them, rejected.
    pub(crate) rejected: u64,
    /// Of them, cancelled.
    pub(crate) cancelled: u64,
    /// Of them, neither; or others still owe something.
    pub(crate) in_flight: u64,
    /// Rows of all streams.
    pub(crate) rows: u64,
    /// SKUs that were stocked.
    pub(crate) skus: u64,
    /// Customers.
    pub(crate) customers: u64,
}

/// The outcome of an audit.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    /// How much there was.
    pub(crate) examined: Examined,
    /// Each check.
    pub(crate) checks: Vec<Checked>,
}

impl Examined {
    /// Of a fold.
    pub(crate) fn of(fold: &Fold) -> Self {
        let ended = |kind| fold.orders.values().filter(|order| order.end() == Some(kind)).count();
        Self {
            orders: fold.orders.len() as u64,
            completed: ended(Kind::OrderCompleted) as u64,
            rejected: ended(Kind::OrderRejected) as u64,
            cancelled: ended(Kind::OrderCancelled) as u64,
            in_flight: fold.unsettled().count() as u64,
            rows: Service::ALL.into_iter().map(|service| fold.rows(service)).sum(),
            skus: fold.stock.len() as u64,
            customers: fold.customers.len() as u64,
        }
    }
}

impl Audit {
    /// Everything that was found.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(|checked| &checked.findings)
    }

    /// Whether there was anything to look at: an audit of nothing shows nothing.
    pub(crate) const fn has_examined_anything(&self) -> bool {
        self.examined.orders > 0 && self.examined.rows > 0
    }

    /// Whether something was examined, everything could be checked, and nothing was found.
    pub(crate) fn is_clean(&self) -> bool {
        let known = self.checks.iter().all(|checked| checked.unknown.is_none());
        self.has_examined_anything() && known && self.findings().next().is_none()
    }

    /// For the exit code.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.is_clean() { Verdict::Clean } else { Verdict::Found }
    }

    /// One word.
    pub(crate) fn word(&self) -> &'static str {
        if !self.has_examined_anything() {
            "nothing"
        } else if self.findings().next().is_some() {
            "broken"
        } else if self.is_clean() {
            "clean"
        } else {
            "unknown"
        }
    }

    /// For a script.
    pub(crate) fn json(&self) -> serde_json::Value {
        json!({ "verdict": self.word(), "examined": self.examined, "checks": self.checks })
    }

    /// For a person.
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![self.table(), String::new()];
        lines.extend(self.checks.iter().flat_map(sentences));
        lines.push(self.conclusion());
        lines.join("\n")
    }

    fn table(&self) -> String {
        let mut table = table::with_header(["", "invariant", "examined", "", "verdict"]);
        for checked in &self.checks {
            let (number, sentence) = checked.invariant.text();
            table.add_row(vec![
                number.into(),
                sentence.into(),
                checked.examined.to_string().into(),
                checked.what.into(),
                verdict_of(checked),
            ]);
        }
        table.to_string()
    }

    /// The last line.
    pub(crate) fn conclusion(&self) -> String {
        let Examined { orders, completed, rejected, cancelled, in_flight, rows, skus, customers } =
            self.examined;
        let examined = format!(
            "{orders} orders ({completed} completed, {rejected} rejected, {cancelled} cancelled, \
             {in_flight} in flight), {rows} rows, {skus} SKUs, {customers} customers"
        );
        match self.word() {
            "nothing" => "there is nothing to audit: no order was ever placed".to_owned(),
            "clean" => format!("the audit is clean: {examined}"),
            "unknown" => format!("not everything could be examined: {examined}"),
            _ => format!("{} findings in {examined}", self.findings().count()),
        }
    }
}

fn verdict_of(checked: &Checked) -> comfy_table::Cell {
    match (checked.findings.len(), &checked.unknown) {
        (0, None) => judged("holds", Some(true)),
        (0, Some(reason)) => judged(format!("unknown: {reason}"), None),
        (some, _) => judged(format!("broken {some} times"), Some(false)),
    }
}

fn sentences(checked: &Checked) -> Vec<String> {
    let shown = checked.findings.iter().take(FINDINGS_SHOWN_MAX);
    let mut lines: Vec<_> = shown.map(sentence).collect();
    let more = checked.findings.len().saturating_sub(FINDINGS_SHOWN_MAX);
    if more > 0 {
        let (number, _) = checked.invariant.text();
        lines.push(format!("{number}: and {more} more; --json shows all"));
    }
    lines
}

fn sentence(finding: &Finding) -> String {
    let (number, _) = finding.invariant.text();
    let places: Vec<_> = finding.events.iter().map(ToString::to_string).collect();
    let (about, difference) = (&finding.about, &finding.difference);
    let events =
        if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
    format!("{number}: {about}: {difference}{events}")
}

#[cfg(test)]
mod tests {
    use super::super::invariants::histories::completed;
    use super::super::invariants::{InFlight, of_fold};
    use super::*;

    fn audit(fold: &Fold) -> Audit {
        Audit { examined: Examined::of(fold), checks: of_fold(fold, InFlight::IsAFinding) }
    }

    #[test]
    fn an_audit_of_nothing_fails() {
        let audit = audit(&Fold::default());
        assert_eq!((audit.word(), audit.verdict()), ("nothing", Verdict::Found));
    }

    #[test]
    fn a_clean_audit_says_how_much_it_examined() {
        let audit = audit(&completed().fold());
        assert_eq!(audit.verdict(), Verdict::Clean);
        assert!(audit.text().contains("1 orders (1 completed"), "{}", audit.text());
    }

    #[test]
    fn a_finding_names_the_order_the_rows_and_the_difference() {
        let audit = audit(&completed().twice(Kind::PaymentCharged).fold());
        assert_eq!(audit.word(), "broken");
        let text = audit.text();
        assert!(text.contains("2: o-1: payment.charged happened 2 times (PAYMENT/1, PAYMENT/2)"));
    }

    #[test]
    fn what_could_not_be_checked_is_not_clean() {
        let mut audit = audit(&completed().fold());
        audit.checks[0].unknown = Some("the read model is away".to_owned());
        assert_eq!((audit.word(), audit.verdict()), ("unknown", Verdict::Found));
    }
}
