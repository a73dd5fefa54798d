//! What an audit says: how much it examined, and what it found.

use std::fmt;

use contracts::kind;
use serde::Serialize;
use serde_json::json;

use crate::fold::Fold;
use crate::fold::stream::StreamFold;
use crate::intake::Intake;
use crate::invariants::{self, Checked, Finding, InFlight};
use crate::records;

/// How much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// Orders.
    pub orders: u64,
    /// Of them, completed.
    pub completed: u64,
    /// Of them, rejected.
    pub rejected: u64,
    /// Of them, cancelled.
    pub cancelled: u64,
    /// Of them, neither; or others still owe something.
    pub in_flight: u64,
    /// Rows of all streams.
    pub rows: u64,
    /// SKUs that were stocked.
    pub skus: u64,
    /// Customers.
    pub customers: u64,
}

/// The outcome of an audit.
#[derive(Clone, Debug)]
pub struct Audit {
    /// How much there was.
    pub examined: Examined,
    /// Each check.
    pub checks: Vec<Checked>,
}

impl Examined {
    /// Of a fold.
    pub fn of(fold: &Fold) -> Self {
        let ended = |kind| fold.orders.values().filter(|order| order.end() == Some(kind)).count();
        Self {
            orders: fold.orders.len() as u64,
            completed: ended(kind::ORDER_COMPLETED) as u64,
            rejected: ended(kind::ORDER_REJECTED) as u64,
            cancelled: ended(kind::ORDER_CANCELLED) as u64,
            in_flight: fold.unsettled().count() as u64,
            rows: fold.streams.values().map(StreamFold::rows).sum(),
            skus: fold.stock.len() as u64,
            customers: fold.customers.len() as u64,
        }
    }
}

impl Audit {
    /// Of what was taken of the streams, with the checks of everything else that was gathered.
    #[must_use]
    pub fn of(intake: Intake, in_flight: InFlight, others: Vec<Checked>) -> Self {
        let Intake { fold, rows, .. } = intake;
        let mut checks = invariants::of_fold(&fold, in_flight);
        checks.push(rows);
        checks.extend(others);
        checks.sort_by_key(|checked| checked.invariant);
        Self { examined: Examined::of(&fold), checks }
    }

    /// Everything that was found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(|checked| &checked.findings)
    }

    /// Whether there was anything to look at: an audit of nothing shows nothing.
    pub const fn has_examined_anything(&self) -> bool {
        self.examined.orders > 0 && self.examined.rows > 0
    }

    /// Whether something was examined, everything could be checked, and nothing was found.
    pub fn is_clean(&self) -> bool {
        let known = self.checks.iter().all(|checked| checked.unknown.is_none());
        self.has_examined_anything() && known && self.findings().next().is_none()
    }

    /// One word.
    pub fn word(&self) -> &'static str {
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
    pub fn json(&self) -> serde_json::Value {
        let not_compared = records::NOT_COMPARED.map(|(what, _)| what);
        json!({
            "verdict": self.word(),
            "examined": self.examined,
            "checks": self.checks,
            "not_compared": not_compared,
        })
    }

    /// The last line.
    pub fn conclusion(&self) -> String {
        let Examined { orders, completed, rejected, cancelled, in_flight, rows, skus, customers } =
            self.examined;
        let examined = format!(
            "{orders} orders ({completed} completed, {rejected} rejected, {cancelled} cancelled, \
             {in_flight} in flight), {rows} rows, {skus} SKUs, {customers} customers"
        );
        match self.word() {
            "nothing" => "there is nothing to audit: no order was ever placed".to_owned(),
            "clean" => format!("the audit is clean: {examined}"),
            "unknown" => format!("nothing is broken, not everything could be compared: {examined}"),
            _ => format!("{} findings in {examined}", self.findings().count()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, _) = self.invariant.text();
        write!(f, "{number}: {}: {}", self.about, self.difference)?;
        let places: Vec<_> = self.events.iter().map(ToString::to_string).collect();
        if places.is_empty() { Ok(()) } else { write!(f, " ({})", places.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::histories::completed;
    use crate::invariants::of_fold;

    fn audit(fold: &Fold) -> Audit {
        Audit { examined: Examined::of(fold), checks: of_fold(fold, InFlight::IsAFinding) }
    }

    #[test]
    fn an_audit_of_nothing_fails() {
        let audit = audit(&Fold::default());
        assert_eq!((audit.word(), audit.is_clean()), ("nothing", false));
    }

    #[test]
    fn a_clean_audit_says_how_much_it_examined() {
        let audit = audit(&completed().fold());
        assert!(audit.is_clean());
        assert!(audit.conclusion().contains("1 orders (1 completed"), "{}", audit.conclusion());
    }

    #[test]
    fn a_finding_names_the_order_the_rows_and_the_difference() {
        let audit = audit(&completed().twice(kind::PAYMENT_CHARGED).fold());
        assert_eq!(audit.word(), "broken");
        let found: Vec<_> = audit.findings().map(ToString::to_string).collect();
        let expected = "2: o-1: payment.charged happened 2 times (PAYMENT/1, PAYMENT/2)";
        assert!(found.iter().any(|text| text == expected), "{found:?}");
    }

    #[test]
    fn what_could_not_be_checked_is_not_clean() {
        let mut audit = audit(&completed().fold());
        audit.checks[0].unknown = Some("the read model is away".to_owned());
        assert_eq!((audit.word(), audit.is_clean()), ("unknown", false));
    }
}
