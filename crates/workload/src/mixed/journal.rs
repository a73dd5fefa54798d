//! The journal, as the auditor reads it: written line by line, each before the next attempt.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use auditor::journal::{Durability, Entry, Outcome};
use client::http::Answer;

use super::commands::Command;

/// Where an answer says that its change is kept.
pub(crate) const DURABILITY: &str = "murmur-durability";

/// A journal that is being written.
#[derive(Debug)]
pub(crate) struct Journal(Mutex<File>);

impl Journal {
    /// Begins one.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path);
        let file = file.with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(Mutex::new(file)))
    }

    pub(crate) fn write(
        &self,
        command: &Command,
        attempt: u32,
        outcome: Outcome,
        answer: Option<&Answer>,
    ) -> std::io::Result<()> {
        let accepted = answer.filter(|_| outcome == Outcome::Ok);
        let entry = Entry {
            service: command.service,
            command: command.name.to_owned(),
            id: Some(command.id.clone()),
            key: command.key.clone(),
            request: command.request(),
            attempt,
            outcome,
            answer: accepted.map(Answer::value),
            durability: accepted.and_then(durability_of),
            row: accepted.and_then(|answer| own_row(command, answer)),
        };
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}

/// What an answer promises.
pub(crate) fn durability_of(answer: &Answer) -> Option<Durability> {
    match answer.header(DURABILITY)? {
        "replicated" => Some(Durability::Replicated),
        "local" => Some(Durability::Local),
        _ => None,
    }
}

/// The row of the service's own stream that its answer names.
fn own_row(command: &Command, answer: &Answer) -> Option<u64> {
    let own = command.service.stream();
    let parts = answer.token()?.split(',').filter_map(|part| part.trim().split_once('='));
    parts.filter(|(stream, _)| *stream == own).find_map(|(_, row)| row.parse().ok())
}
