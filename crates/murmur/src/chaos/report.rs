//! What is shown of chaos runs: one table, and what went wrong in sentences.

use super::run::Outcome;
use crate::table::{self, judged};

impl Outcome {
    /// Whether it happened, healed, and nothing was lost or doubled.
    pub(super) const fn is_good(&self) -> bool {
        self.wrong.is_empty() && self.fired > 0
    }
}

/// All outcomes, for a person.
pub(super) fn text(outcomes: &[Outcome]) -> String {
    let header =
        ["fault", "fired", "in flight", "to heal", "accepted", "lost", "doubled", "verdict"];
    let mut table = table::with_header(header);
    for outcome in outcomes {
        let good = outcome.is_good();
        table.add_row(vec![
            outcome.fault.clone().into(),
            outcome.fired.to_string().into(),
            outcome.in_flight.to_string().into(),
            format!("{:.1} s", seconds(outcome.healed_ms)).into(),
            outcome.accepted.to_string().into(),
            judged(outcome.lost, Some(outcome.lost == 0)),
            judged(outcome.doubled, Some(outcome.doubled == 0)),
            judged(if good { "healed" } else { "FAILED" }, Some(good)),
        ]);
    }
    let mut lines = vec![table.to_string(), String::new()];
    for outcome in outcomes {
        lines.extend(outcome.wrong.iter().map(|why| format!("{}: {why}", outcome.fault)));
    }
    lines.push(conclusion(outcomes));
    lines.join("\n")
}

fn conclusion(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| !outcome.is_good()).count();
    let fired: u32 = outcomes.iter().map(|outcome| outcome.fired).sum();
    let (faults, lost): (_, usize) =
        (outcomes.len(), outcomes.iter().map(|outcome| outcome.lost).sum());
    let doubled: usize = outcomes.iter().map(|outcome| outcome.doubled).sum();
    let judged = if failed == 0 { "all healed".to_owned() } else { format!("{failed} FAILED") };
    format!("{faults} faults, fired {fired} times: {judged}, {lost} lost, {doubled} doubled")
}

/// Milliseconds as seconds, for people.
fn seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        Outcome { fault: "payment is killed".into(), fired: 3, ..Outcome::default() }
    }

    #[test]
    fn what_never_fired_is_no_success() {
        assert!(outcome().is_good());
        assert!(!Outcome { fired: 0, ..outcome() }.is_good());
    }

    #[test]
    fn what_went_wrong_is_told_below_the_table() {
        let bad = Outcome { lost: 1, wrong: vec!["1 lost, such as k-1".into()], ..outcome() };
        let text = text(&[outcome(), bad]);
        assert!(text.contains("payment is killed: 1 lost, such as k-1"), "{text}");
        assert!(text.ends_with("2 faults, fired 6 times: 1 FAILED, 1 lost, 0 doubled"), "{text}");
    }
}
