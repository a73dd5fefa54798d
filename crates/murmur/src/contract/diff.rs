//! `murmur contract diff`: what changed between two contracts, and whom that breaks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use contract_docs::asyncapi;
use contract_docs::changes::{Change, Impact, changes};
use contracts::choreography::MURMURATION;
use serde_json::{Value, json};
use terminal::verdict::{Misuse, Verdict};
use terminal::{line, table};

use crate::global::Global;

/// What `murmur contract diff` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The old contract: an asyncapi.json that `murmur contract docs` wrote, or the folder with it
    old: PathBuf,
    /// The new one; without it, that of this build
    new: Option<PathBuf>,
}

/// Compares them. A change that breaks somebody is a finding; what is no contract is not.
pub(super) fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let changes = compare(args).map_err(Misuse)?;
    if global.json {
        let changes: Vec<_> = changes.iter().map(as_json).collect();
        line!("{}", json!({ "changes": changes }));
    } else {
        show(&changes);
    }
    let breaks = changes.iter().any(|change| change.impact == Impact::Breaks);
    Ok(if breaks { Verdict::Found } else { Verdict::Clean })
}

fn compare(args: &Args) -> anyhow::Result<Vec<Change>> {
    let old = read(&args.old)?;
    let new = match &args.new {
        Some(path) => read(path)?,
        None => asyncapi::document(&MURMURATION),
    };
    Ok(changes(&old, &new)?)
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let file = if path.is_dir() { path.join("asyncapi.json") } else { path.to_owned() };
    let cannot = || format!("cannot read the contract in {}", file.display());
    let text = fs::read(&file).with_context(cannot)?;
    serde_json::from_slice(&text).with_context(cannot)
}

fn show(changes: &[Change]) {
    if changes.is_empty() {
        line!("nothing has changed of any event");
        return;
    }
    let mut table = table::with_header(["event", "change", "is", "for"]);
    for Change { event, what, impact, whom } in changes {
        let whom: Vec<_> = whom.iter().map(String::as_str).collect();
        let row = [event.clone(), what.to_string(), impact.to_string(), whom.join(", ")];
        table.add_row(row);
    }
    line!("{table}");
    let count = |impact: Impact| changes.iter().filter(|change| change.impact == impact).count();
    line!(
        "{} break somebody, {} are safe once all readers are upgraded, {} are safe",
        count(Impact::Breaks),
        count(Impact::ReadersFirst),
        count(Impact::Safe)
    );
}

fn as_json(change: &Change) -> Value {
    let Change { event, what, impact, whom } = change;
    let impact = match impact {
        Impact::Safe => "safe",
        Impact::ReadersFirst => "readers-first",
        Impact::Breaks => "breaks",
    };
    json!({ "event": event, "change": what.to_string(), "impact": impact, "whom": whom })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_documents_and_the_file_in_it_are_the_same_contract() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("asyncapi.json");
        fs::write(&file, asyncapi::document(&MURMURATION).to_string()).unwrap();
        for old in [folder.path().to_owned(), file] {
            assert_eq!(compare(&Args { old, new: None }).unwrap(), []);
        }
        let missing = Args { old: folder.path().join("none.json"), new: None };
        let said = compare(&missing).unwrap_err().to_string();
        assert!(said.starts_with("cannot read the contract in"), "{said}");
    }
}
