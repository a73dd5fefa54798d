//! `murmur contract docs`: the documents that follow from the contract, written, or compared with those
//! that are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use contract_docs::{Document, documents};
use contracts::choreography::MURMURATION;
use serde_json::json;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// What `murmur contract docs` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder that holds the documents, and nothing else
    #[arg(long, value_name = "FOLDER", default_value = "docs/contract")]
    out: PathBuf,
    /// Write nothing; name what is not up to date, and exit with 1 if something is not
    #[arg(long)]
    check: bool,
}

/// Where what is there is not what follows from the contract, by path.
#[derive(Debug, Default, PartialEq, Eq)]
struct Differences {
    /// Documents that are missing or differ.
    stale: BTreeSet<String>,
    /// Files that are no document. Somebody may need them: they are named, and never removed.
    foreign: BTreeSet<String>,
}

/// Writes or compares.
pub(super) fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let documents = documents(&MURMURATION);
    let differences = Differences::of(&args.out, &documents)?;
    if !args.check {
        write(&args.out, &documents, &differences.stale)?;
    }
    say(global, args, documents.len(), &differences);
    let is_fresh = differences.foreign.is_empty() && (differences.stale.is_empty() || !args.check);
    Ok(if is_fresh { Verdict::Clean } else { Verdict::Found })
}

fn say(global: &Global, args: &Args, documents: usize, differences: &Differences) {
    let Differences { stale, foreign } = differences;
    let out = args.out.display();
    if global.json {
        let said = if args.check { "stale" } else { "written" };
        line!("{}", json!({ "documents": documents, said: stale, "foreign": foreign }));
        return;
    }
    foreign.iter().for_each(|path| line!("{out}/{path} is no document of the contract: remove it"));
    if !args.check {
        line!("{documents} documents in {out}, {} of them written", stale.len());
    } else if stale.is_empty() {
        line!("{documents} documents are up to date");
    } else {
        stale.iter().for_each(|path| line!("{out}/{path} is not up to date"));
        line!("`murmur contract docs --out {out}` writes what follows from the contract");
    }
}

fn write(out: &Path, documents: &[Document], stale: &BTreeSet<String>) -> anyhow::Result<()> {
    for document in documents.iter().filter(|document| stale.contains(&document.path)) {
        let file = out.join(&document.path);
        let folder = file.parent().unwrap_or(out);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, &document.text));
        written.with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

impl Differences {
    fn of(out: &Path, documents: &[Document]) -> anyhow::Result<Self> {
        let mut foreign: BTreeSet<String> = files(out)?.into_iter().collect();
        let mut stale = BTreeSet::new();
        for document in documents {
            foreign.remove(&document.path);
            let found = fs::read(out.join(&document.path)).ok();
            if found.is_none_or(|bytes| bytes != document.text.as_bytes()) {
                stale.insert(document.path.clone());
            }
        }
        Ok(Self { stale, foreign })
    }
}

/// Every file below the folder, by its path there. A folder that is not there has none.
fn files(folder: &Path) -> anyhow::Result<Vec<String>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let cannot = || format!("cannot list {}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().with_context(cannot)?.is_dir() {
            paths.extend(files(&entry.path())?.into_iter().map(|path| format!("{name}/{path}")));
        } else {
            paths.push(name);
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_edited_is_missing_or_does_not_belong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (out, documents) = (folder.path(), documents(&MURMURATION));
        let differences = || Differences::of(out, &documents).unwrap();
        write(out, &documents, &differences().stale).unwrap();
        assert_eq!(differences(), Differences::default());
        fs::write(out.join("README.md"), "by hand").unwrap();
        fs::remove_file(out.join("saga.svg")).unwrap();
        fs::write(out.join("events/order.eaten.md"), "").unwrap();
        let stale = BTreeSet::from(["README.md", "saga.svg"].map(str::to_owned));
        let foreign = BTreeSet::from(["events/order.eaten.md".to_owned()]);
        assert_eq!(differences(), Differences { stale, foreign: foreign.clone() });
        write(out, &documents, &differences().stale).unwrap();
        assert_eq!(differences(), Differences { stale: BTreeSet::new(), foreign });
        assert!(out.join("events/order.eaten.md").exists());
    }
}
