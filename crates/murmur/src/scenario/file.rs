//! The form of a scenario file: what is given, what is done, and what is expected then.
//!
//! Names in a file (of customers, products and orders) are the file's own. Each run makes fresh ids
//! of them, so that a scenario can run again and again on one system.

pub(crate) mod steps;

pub(crate) mod values;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::scenario::amount::Amount;
use steps::Step;

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What it is about, in one line.
    pub(crate) scenario: String,
    /// Why that matters; for who reads the file.
    #[serde(default, rename = "because")]
    _because: String,
    /// What there is before.
    pub(crate) given: Given,
    /// What is done, in this order.
    pub(crate) when: Vec<Step>,
    /// What is expected after it.
    pub(crate) then: Vec<Step>,
}

/// What there is before a scenario begins. All of it is made for it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Given {
    /// Customers, by name.
    pub(crate) customers: BTreeMap<String, CustomerGiven>,
    /// Products, by name.
    pub(crate) products: BTreeMap<String, ProductGiven>,
}

/// A customer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerGiven {
    /// What the customer may owe.
    pub(crate) credit_limit: Amount,
    /// Where the customer lives.
    #[serde(default = "home")]
    pub(crate) country: String,
}

/// A product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductGiven {
    /// The price of one unit.
    pub(crate) price: Amount,
    /// Units that come in.
    #[serde(default)]
    pub(crate) stock: u32,
}

fn home() -> String {
    "United Kingdom".to_owned()
}

/// Reads one scenario.
///
/// # Errors
/// When the file cannot be read, or is no scenario; the message says where.
pub(crate) fn load(path: &Path) -> anyhow::Result<Scenario> {
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

/// The scenario files that are meant by these paths: files, and all `.yaml` files of folders.
///
/// # Errors
/// When a folder cannot be read, or there is no file at all.
pub(crate) fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries =
            fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        let mut found: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        found.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
        found.sort();
        files.extend(found);
    }
    if files.is_empty() {
        bail!("there is no scenario: name files, or folders with .yaml files in them");
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
