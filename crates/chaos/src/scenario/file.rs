//! The form of a scenario file: what is given, what is done, and what is expected then.
//!
//! Names in a file (of customers, products and orders) are the file's own. Each run makes fresh ids
//! of them, so that a scenario can run again and again on one system.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::steps::Step;
use crate::amount::Amount;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is about, in one line.
    pub scenario: String,
    /// Why that matters; for who reads the file.
    #[serde(default, rename = "because")]
    _because: String,
    /// What there is before.
    pub given: Given,
    /// What is done, in this order.
    pub when: Vec<Step>,
    /// What is expected after it.
    pub then: Vec<Step>,
}

impl Scenario {
    /// Whether it needs somebody who can stop and start processes.
    pub fn stops_processes(&self) -> bool {
        let acts = |step: &Step| {
            matches!(step, Step::Kill(_) | Step::Stop(_) | Step::Pause(_) | Step::Start(_))
        };
        self.when.iter().chain(&self.then).any(acts)
    }
}

/// What there is before a scenario begins. All of it is made for it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    pub customers: BTreeMap<String, CustomerGiven>,
    pub products: BTreeMap<String, ProductGiven>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerGiven {
    /// What the customer may owe.
    pub credit_limit: Amount,
    /// Where the customer lives.
    #[serde(default = "home")]
    pub country: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductGiven {
    /// The price of one unit.
    pub price: Amount,
    /// Units that come in.
    #[serde(default)]
    pub stock: u32,
}

fn home() -> String {
    "United Kingdom".to_owned()
}

/// Reads one scenario.
///
/// # Errors
/// When the file cannot be read, or is no scenario; the message says where.
pub fn load(path: &Path) -> anyhow::Result<Scenario> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} is no scenario", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Scenario> {
    let scenario: Scenario = serde_saphyr::from_str(text)?;
    if scenario.when.is_empty() || scenario.then.is_empty() {
        bail!("a scenario needs at least one step in `when` and one in `then`");
    }
    Ok(scenario)
}

#[cfg(test)]
mod tests;
