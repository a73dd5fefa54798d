//! `murmur audit`: checks every invariant over everything that was ever run here.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use auditor::journal::{self, Entry};
use evidence::examination::examine;
use evidence::report;
use terminal::line;
use terminal::verdict::{Misuse, NothingCompared, Verdict};

use crate::global::Global;

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
}

/// Audits, and prints what was found. Exit codes: 0 clean, 1 something is broken, 2 wrongly told, 3
/// nothing is broken, but not everything could be compared.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let wait = (!args.no_wait).then(|| Duration::from_secs(args.wait_seconds));
    let journal = read_journals(&args.journal).map_err(Misuse)?;
    let audit = examine(&running, wait, journal.as_deref()).await.context(NothingCompared)?;
    if global.json {
        line!("{}", audit.json());
    } else {
        line!("{}", report::text(&audit));
    }
    Ok(report::verdict(&audit))
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
