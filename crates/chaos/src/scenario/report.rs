//! One line for each scenario; more for one that failed.

use terminal::table;

use super::playback::{Failure, Played};

/// What is printed when a scenario has been played.
pub fn text(played: &Played, verbose: bool) -> String {
    let sign = match (played.failure.is_none(), table::colour()) {
        (true, true) => "\u{1b}[32m✓\u{1b}[0m",
        (true, false) => "✓",
        (false, true) => "\u{1b}[31m✗\u{1b}[0m",
        (false, false) => "✗",
    };
    let (title, took) = (&played.scenario, seconds(played.millis));
    let mut lines = vec![format!("{sign} {title:<86} {took:>8}")];
    if verbose {
        let step = |done: &super::playback::StepDone| {
            format!("    {:<84} {:>8}", done.step, seconds(done.millis))
        };
        lines.extend(played.steps.iter().map(step));
    }
    if let Some(failure) = &played.failure {
        lines.push(format!("  in {}", played.file.display()));
        lines.extend(failure_lines(failure));
    }
    lines.join("\n")
}

fn failure_lines(failure: &Failure) -> Vec<String> {
    let Failure { step, expected, seen, timelines } = failure;
    let mut lines = vec![
        format!("  step:     {step}"),
        format!("  expected: {expected}"),
        format!("  seen:     {seen}"),
    ];
    let indented = timelines.iter().flat_map(|text| text.lines());
    lines.extend(indented.map(|line| format!("    {line}")));
    lines
}

fn seconds(millis: u128) -> String {
    format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(failure: Option<Failure>) -> Played {
        let (file, scenario) = ("a.yaml".into(), "An order goes through".to_owned());
        Played { file, scenario, millis: 1_234, steps: Vec::new(), failure }
    }

    #[test]
    fn a_scenario_that_passed_is_one_line() {
        let text = text(&played(None), false);
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains('✓') && text.ends_with("1.23 s"), "{text}");
    }

    #[test]
    fn a_failure_says_what_was_expected_and_seen_and_shows_the_timeline() {
        let failure = Failure {
            step: "order gift is completed".into(),
            expected: "completed".into(),
            seen: "placed".into(),
            timelines: vec!["order gift: placed\n0.0 order.placed".into()],
        };
        let text = text(&played(Some(failure)), false);
        for part in ["✗", "expected: completed", "seen:     placed", "    0.0 order.placed"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
