//! The form of a chaos file: one fault, how often it is to happen, and how it is healed.

pub mod steps;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::step_file;
use crate::values::Span;
use steps::Step;

/// One fault. It happens under load; all must heal after each time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens, in one line.
    pub chaos: String,
    /// What must come of it, and why that matters; for who reads the file.
    #[serde(default, rename = "because")]
    _because: String,
    /// How often it happens in one run.
    #[serde(default = "three")]
    pub times: u32,
    /// How long it may take until all is well again.
    #[serde(default = "half_a_minute")]
    pub within: Span,
    /// What happens, in this order.
    pub fault: Vec<Step>,
    /// What somebody does about it, if it does not heal by itself. The time to heal counts from here.
    #[serde(default)]
    pub heal: Vec<Step>,
    /// Whether a soak leaves it out: it takes minutes, or changes what comes after it.
    #[serde(default)]
    pub not_in_soak: bool,
}

const fn three() -> u32 {
    3
}

const fn half_a_minute() -> Span {
    Span(Duration::from_secs(30))
}

impl Fault {
    /// Whether connections have to go through proxies for it.
    pub fn needs_network(&self) -> bool {
        self.fault.iter().any(|step| matches!(step, Step::Network(_)))
    }
}

/// Reads one file.
///
/// # Errors
/// When it cannot be read, or is no chaos file; the message says where.
pub fn load(path: &Path) -> anyhow::Result<Fault> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} is no chaos file", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Fault> {
    let fault: Fault = serde_saphyr::from_str(text)?;
    if fault.fault.is_empty() || fault.times == 0 {
        bail!("nothing happens in it: it needs a step in `fault`, and `times` of at least 1");
    }
    Ok(fault)
}

/// The files that are meant by these paths (files, and all `.yaml` files of folders), if their name
/// contains `only`.
///
/// # Errors
/// When one is no chaos file, or none is left.
pub fn load_all(paths: &[PathBuf], only: Option<&str>) -> anyhow::Result<Vec<Fault>> {
    let mut files = step_file::find(paths)?;
    files.retain(|file| {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned());
        only.is_none_or(|only| name.is_some_and(|name| name.contains(only)))
    });
    if files.is_empty() {
        bail!("no chaos file is called like that");
    }
    files.iter().map(|file| load(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_comes_with_it_is_understood() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/chaos");
        let faults = load_all(&[folder], None).unwrap();
        let mut titles: Vec<_> = faults.iter().map(|fault| fault.chaos.as_str()).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), faults.len(), "each fault has a title of its own");
        assert!(faults.len() >= 30, "only {} faults", faults.len());
    }

    #[test]
    fn a_file_in_which_nothing_happens_is_refused() {
        assert!(parse("chaos: nothing\nfault: []\n").is_err());
        assert!(parse("chaos: never\ntimes: 0\nfault:\n  - kill: order\n").is_err());
        assert!(parse("chaos: unknown\nfault:\n  - tickle: order\n").is_err());
        let fault = parse("chaos: a death\nfault:\n  - kill: order\n").unwrap();
        assert_eq!((fault.times, fault.within.millis()), (3, 30_000));
    }
}
