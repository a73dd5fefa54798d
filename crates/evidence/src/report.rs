//! How the outcome of an audit is told to people.

use auditor::records::NOT_COMPARED;
use auditor::{Audit, Checked};
use terminal::table::{self, judged};
use terminal::verdict::Verdict;

/// Findings of one invariant that are printed for people. JSON has all.
const FINDINGS_SHOWN_MAX: usize = 8;

/// For the exit code.
pub fn verdict(audit: &Audit) -> Verdict {
    match audit.word() {
        "clean" => Verdict::Clean,
        "unknown" => Verdict::Incomplete,
        _ => Verdict::Found,
    }
}

pub fn text(audit: &Audit) -> String {
    let mut lines = vec![table(audit), String::new()];
    lines.extend(audit.checks.iter().flat_map(sentences));
    let apart = NOT_COMPARED.iter().map(|(what, why)| format!("not compared: {what}: {why}"));
    lines.extend(apart);
    lines.push(audit.conclusion());
    lines.join("\n")
}

fn table(audit: &Audit) -> String {
    let mut table = table::with_header(["", "invariant", "examined", "", "verdict"]);
    for checked in &audit.checks {
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

fn verdict_of(checked: &Checked) -> comfy_table::Cell {
    match (checked.findings.len(), &checked.unknown) {
        (0, None) => judged("holds", Some(true)),
        (0, Some(_)) => judged("not compared yet", None),
        (some, _) => judged(format!("broken {some} times"), Some(false)),
    }
}

fn sentences(checked: &Checked) -> Vec<String> {
    let shown = checked.findings.iter().take(FINDINGS_SHOWN_MAX);
    let mut lines: Vec<_> = shown.map(ToString::to_string).collect();
    let (number, sentence) = checked.invariant.text();
    if let Some(reason) = &checked.unknown {
        lines.push(format!("{number}: not compared yet: {sentence}: because {reason}"));
    }
    let more = checked.findings.len().saturating_sub(FINDINGS_SHOWN_MAX);
    if more > 0 {
        lines.push(format!("{number}: and {more} more; --json shows all"));
    }
    lines
}
