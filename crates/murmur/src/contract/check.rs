//! `murmur contract check`: everything that the choreography lets happen, walked; and whether the stored example
//! of each version of each event is read, and written as it was.

use contracts::Event;
use contracts::choreography::MURMURATION;
use protocol::choreography::runs::Step;
use protocol::choreography::{Finding, check, examples};
use serde_json::{Value, json};
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// Checks it.
pub(super) fn run(global: &Global) -> Verdict {
    let findings = check(&MURMURATION);
    let changed = examples::findings::<Event>(&MURMURATION.publications);
    let is_sound = findings.is_empty() && changed.is_empty();
    if global.json {
        let changed = changed.iter().map(|what| json!({ "problem": what, "path": [] }));
        let findings: Vec<_> = findings.iter().map(as_json).chain(changed).collect();
        line!("{}", json!({ "findings": findings }));
    } else if is_sound {
        let (reactions, ignored) = (MURMURATION.reactions.len(), MURMURATION.ignored.len());
        line!("the choreography is sound: {reactions} reactions, {ignored} declared as ignored");
    } else {
        findings.iter().for_each(show);
        changed.iter().for_each(|what| line!("{what}"));
    }
    if is_sound { Verdict::Clean } else { Verdict::Found }
}

fn show(finding: &Finding) {
    line!("{}", finding.problem);
    finding.path.0.iter().for_each(|step| line!("    {step}"));
}

fn as_json(finding: &Finding) -> Value {
    let path: Vec<_> = finding.path.0.iter().map(step).collect();
    json!({ "problem": finding.problem.to_string(), "path": path })
}

fn step(step: &Step) -> Value {
    let Step { service, state, on, emits, after } = step;
    json!({ "service": service, "state": state, "on": on.to_string(), "emits": emits, "after": after })
}
