//! Step four: the old database and the services, compared row by row and to the penny; and what is left.
//!
//! Both sides are read whole and worked out apart: nothing that an import noted is believed.

pub mod comparison;

mod services;

mod text;

use std::path::Path;

use client::run_file::RunFile;
use serde::Serialize;
use serde_json::{Value, json};
use terminal::verdict::Verdict;

use crate::source::Source;
use crate::source::snapshot::Scope;

/// One figure of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    pub what: String,
    pub old: String,
    pub services: String,
}

/// A thing that is not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `order 536365`.
    pub thing: String,
    pub what: String,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Reconciliation {
    pub figures: Vec<Figure>,
    pub differences: Vec<Difference>,
    /// What is not the same and need not be yet.
    pub left: Vec<Difference>,
}

/// Compares a database with the services, and so many of its orders with the read model.
///
/// # Errors
/// When either cannot be read.
pub async fn reconcile(
    running: &RunFile,
    file: &Path,
    samples: usize,
) -> anyhow::Result<Reconciliation> {
    let mut source = Source::open(file)?;
    let is_left = source.refuses_writes()?;
    let old = source.snapshot(Scope::Everything)?;
    let services = services::Services::read(running, &old, samples).await?;
    let mut found = comparison::compare(&old, &services, is_left);
    let waiting = source.waiting_changes()?;
    if waiting > 0 {
        let thing = format!("{waiting} changes");
        found.left.push(Difference { thing, what: "they are not carried over yet".to_owned() });
    }
    Ok(found)
}

impl Reconciliation {
    /// Whether all is the same; incomplete, if only that differs which need not be the same yet.
    pub fn verdict(&self) -> Verdict {
        let differs = self.figures.iter().any(|figure| !figure.is_equal());
        match (self.differences.is_empty(), self.left.is_empty()) {
            (false, _) => Verdict::Found,
            (true, false) => Verdict::Incomplete,
            (true, true) if differs => Verdict::Found,
            (true, true) => Verdict::Clean,
        }
    }

    pub fn json(&self) -> Value {
        let clean = self.verdict() == Verdict::Clean;
        let Self { figures, differences, left } = self;
        json!({ "figures": figures, "differences": differences, "left": left, "clean": clean })
    }
}

impl Figure {
    pub fn is_equal(&self) -> bool {
        self.old == self.services
    }
}
