//! `murmur audit`: checks every invariant over everything that was ever run here.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use auditor::Audit;
use auditor::journal::{self, Entry};
use evidence::examination::examine;
use evidence::report;
use serde_json::json;
use terminal::verdict::{Misuse, NothingCompared, Verdict};
use terminal::{line, note};

use crate::global::Global;

/// What the last audit found, in the data folder.
const VERDICT_FILE: &str = "audit.json";

/// What `murmur audit` takes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not wait until the orders in flight have ended; they are no findings then.
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for them.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, conflicts_with = "no_wait")]
    wait_seconds: u64,
    /// What clients asked for and were told, to compare with what the streams say. May be given
    /// several times.
    #[arg(long, value_name = "FILE")]
    journal: Vec<PathBuf>,
    /// Where to leave the verdict for the page, whose query service has its folder as `--operator-folder`;
    /// without it, `audit.json` in the data folder.
    #[arg(long, env = "MURMUR_VERDICT_FILE", value_name = "FILE")]
    verdict_file: Option<PathBuf>,
}

/// Audits, and prints what was found. Exit codes: 0 clean, 1 something is broken, 2 wrongly told, 3
/// nothing is broken, but not everything could be compared.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let wait = (!args.no_wait).then(|| Duration::from_secs(args.wait_seconds));
    let journal = read_journals(&args.journal).map_err(Misuse)?;
    let audit = examine(&running, wait, journal.as_deref()).await.context(NothingCompared)?;
    let file = args.verdict_file.unwrap_or_else(|| running.data.join(VERDICT_FILE));
    if let Err(error) = leave(&file, &audit) {
        note!("the page will not show this audit: {error:#}");
    }
    if global.json {
        line!("{}", audit.json());
    } else {
        line!("{}", report::text(&audit));
    }
    Ok(report::verdict(&audit))
}

/// Leaves the verdict and its time where query's page shows them.
fn leave(file: &Path, audit: &Audit) -> anyhow::Result<()> {
    let mut document = audit.json();
    document["at"] = json!(runtime::handle::now());
    document["conclusion"] = json!(audit.conclusion());
    for (nth, checked) in audit.checks.iter().enumerate() {
        document["checks"][nth]["sentence"] = json!(checked.invariant.text().1);
    }
    let unfinished = file.with_extension("unfinished");
    let written = fs::write(&unfinished, document.to_string());
    let written = written.and_then(|()| fs::rename(&unfinished, file));
    written.with_context(|| format!("cannot write {}", file.display()))
}

/// All journals as one; none if there is none. One that is not there is a mistake: a check of
/// nothing would pass.
fn read_journals(files: &[PathBuf]) -> anyhow::Result<Option<Vec<Entry>>> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut entries = Vec::new();
    for file in files {
        let unreadable = || format!("cannot read the journal {}", file.display());
        let opened = File::open(file).with_context(unreadable)?;
        entries.extend(journal::read(BufReader::new(opened)).with_context(unreadable)?);
    }
    Ok(Some(entries))
}
