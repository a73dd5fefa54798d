//! What is shown of chaos runs: one table, and what went wrong in sentences.

use comfy_table::Cell;
use terminal::table::{self, judged};

use crate::fault_run::Outcome;

impl Outcome {
    /// Whether it happened, healed, and nothing was lost or doubled.
    pub const fn is_good(&self) -> bool {
        self.wrong.is_empty() && self.fired > 0
    }
}

/// All outcomes, for a person.
pub fn text(outcomes: &[Outcome]) -> String {
    let header = [
        "fault",
        "fired",
        "orders in flight before",
        "longest to heal",
        "answers that accept",
        "lost",
        "doubled",
        "verdict",
    ];
    let mut table = table::with_header(header);
    let are_counted_together = outcomes.iter().any(|outcome| outcome.is_total);
    for outcome in outcomes {
        table.add_row(row(outcome, are_counted_together));
    }
    let mut lines = vec![table.to_string(), String::new()];
    for outcome in outcomes {
        lines.extend(outcome.wrong.iter().map(|why| format!("{}: {why}", outcome.fault)));
    }
    lines.push(conclusion(outcomes));
    lines.join("\n")
}

/// What was counted for all faults together is shown in their row only.
fn row(outcome: &Outcome, are_counted_together: bool) -> Vec<Cell> {
    let good = outcome.is_good();
    let counted = |count: Cell| {
        if are_counted_together && !outcome.is_total { Cell::new("") } else { count }
    };
    let each = |figure: String| if outcome.is_total { Cell::new("") } else { Cell::new(figure) };
    vec![
        outcome.fault.clone().into(),
        outcome.fired.to_string().into(),
        each(outcome.in_flight.to_string()),
        each(format!("{:.1} s", seconds(outcome.healed_ms))),
        counted(outcome.accepted.to_string().into()),
        counted(judged(outcome.lost, Some(outcome.lost == 0))),
        counted(judged(outcome.doubled, Some(outcome.doubled == 0))),
        judged(if good { "healed" } else { "FAILED" }, Some(good)),
    ]
}

fn conclusion(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| !outcome.is_good()).count();
    let single = || outcomes.iter().filter(|outcome| !outcome.is_total);
    let fired: u32 = single().map(|outcome| outcome.fired).sum();
    let (faults, lost): (_, usize) =
        (single().count(), outcomes.iter().map(|outcome| outcome.lost).sum());
    let doubled: usize = outcomes.iter().map(|outcome| outcome.doubled).sum();
    let judged = match (faults, failed) {
        (0, 0) => "nothing was shown".to_owned(),
        (_, 0) => "all healed".to_owned(),
        (_, failed) => format!("{failed} FAILED"),
    };
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
    fn a_run_in_which_nothing_came_to_its_end_has_healed_nothing() {
        let text = text(&[]);
        assert!(text.ends_with("0 faults, fired 0 times: nothing was shown, 0 lost, 0 doubled"));
    }

    #[test]
    fn what_is_counted_for_all_together_counts_once() {
        let total = Outcome { fault: "all".into(), is_total: true, accepted: 77, ..outcome() };
        let one = Outcome { in_flight: 5, healed_ms: 1_234, ..outcome() };
        let text = text(&[one, total]);
        assert!(text.ends_with("1 faults, fired 3 times: all healed, 0 lost, 0 doubled"), "{text}");
        let line = text.lines().find(|line| line.contains("payment")).unwrap();
        assert!(!line.contains("  0"), "nothing was counted for it alone: {line}");
    }

    #[test]
    fn what_went_wrong_is_told_below_the_table() {
        let bad = Outcome { lost: 1, wrong: vec!["1 lost, such as k-1".into()], ..outcome() };
        let text = text(&[outcome(), bad]);
        assert!(text.contains("payment is killed: 1 lost, such as k-1"), "{text}");
        assert!(text.ends_with("2 faults, fired 6 times: 1 FAILED, 1 lost, 0 doubled"), "{text}");
    }
}
