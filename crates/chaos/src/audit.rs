//! The audit of one run: the same that an operator runs, with the journal of the load.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use crate::system::System;

/// How long the audit waits for orders that are under way: above every order's deadline.
const WAIT_SECONDS: &str = "60";
/// Findings that are shown.
const SHOWN_MAX: usize = 3;

/// Audits, and says what is wrong; nothing, if the audit is clean.
///
/// # Errors
/// When the audit cannot be run.
pub(crate) async fn audit(system: &System, journal: &Path) -> anyhow::Result<Vec<String>> {
    let mut murmur = system.murmur()?;
    murmur.args(["audit", "--json", "--wait-seconds", WAIT_SECONDS, "--journal"]).arg(journal);
    let output = murmur.output().await.context("cannot run the audit")?;
    let audit: Value = serde_json::from_slice(&output.stdout).with_context(|| {
        format!("the audit failed: {}", String::from_utf8_lossy(&output.stderr).trim())
    })?;
    Ok(if audit["verdict"] == "clean" { Vec::new() } else { findings(&audit) })
}

fn findings(audit: &Value) -> Vec<String> {
    let checks = audit["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_check = |check: &Value| {
        let unknown = check["unknown"].as_str().map(|why| format!("unknown: {why}"));
        let findings = check["findings"].as_array().cloned().unwrap_or_default();
        let texts = findings.into_iter().map(|finding| {
            format!("{} {}: {}", finding["invariant"], finding["about"], finding["difference"])
        });
        unknown.into_iter().chain(texts).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = checks.iter().flat_map(of_check).collect();
    let more = all.len().saturating_sub(SHOWN_MAX);
    all.truncate(SHOWN_MAX);
    if more > 0 {
        all.push(format!("and {more} more findings"));
    }
    if all.is_empty() {
        all.push(format!("the audit says: {}", audit["verdict"]));
    }
    all
}
