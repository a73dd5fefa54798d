//! What a store holds, to say what is gone when it is deleted. What cannot be measured is left out: it
//! is for people to read, and nothing depends on it.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use client::process::Process;
use client::redis::Redis;
use client::run_file::RunFile;
use client::streams::Streams;
use contracts::service;
use runtime::nats::streams;
use serde::Serialize;
use terminal::quantity;
use tokio::time::timeout;

use crate::service_status::ask_services;

/// A store that takes longer to answer is deleted without its figures.
const MEASURED_WITHIN: Duration = Duration::from_secs(2);

/// What a store held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// What it is to the system: a database, streams, the read model.
    pub store: &'static str,
    pub bytes: Option<u64>,
    /// How many of them it holds.
    pub items: Option<u64>,
    /// What they are: rows, messages or keys.
    pub unit: &'static str,
}

impl Contents {
    /// What a process keeps.
    pub async fn of(running: &RunFile, process: Process) -> Self {
        let (store, unit) = match process {
            Process::Nats => ("all streams", "messages"),
            Process::Redis => ("read model", "keys"),
            Process::Service(_) | Process::Query | Process::Composer => ("database", "rows"),
        };
        let measured = timeout(MEASURED_WITHIN, measure(running, process)).await;
        let (bytes, items) = match measured {
            Ok(Ok((bytes, items))) => (Some(bytes), items),
            Ok(Err(_)) | Err(_) => (None, None),
        };
        Self { store, bytes, items, unit }
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes.map(quantity::bytes);
        let items = self.items.map(|items| format!("{} {}", quantity::count(items), self.unit));
        let held: Vec<_> = bytes.into_iter().chain(items).collect();
        f.write_str(self.store)?;
        if held.is_empty() { Ok(()) } else { write!(f, " ({})", held.join(", ")) }
    }
}

async fn measure(running: &RunFile, process: Process) -> anyhow::Result<(u64, Option<u64>)> {
    match process {
        Process::Nats => messages(running).await,
        Process::Redis => keys(&running.redis()?).await,
        Process::Service(_) | Process::Query | Process::Composer => {
            let bytes = size_of(&running.data.join(process.name()))?;
            let said = ask_services(running).await.remove(&process);
            Ok((bytes, said.and_then(Result::ok).and_then(|report| report.head)))
        }
    }
}

/// What all streams hold together.
async fn messages(running: &RunFile) -> anyhow::Result<(u64, Option<u64>)> {
    let broker = Streams::open(running).await?;
    let (mut bytes, mut messages) = (0, 0);
    for service in service::ALL {
        let context = broker.connection().jetstream(service);
        let Some(stream) = streams::find(&context, service).await? else { continue };
        let state = &stream.cached_info().state;
        bytes += state.bytes;
        messages += state.messages;
    }
    Ok((bytes, Some(messages)))
}

/// How many keys Redis holds, and in how much memory.
async fn keys(redis: &Redis) -> anyhow::Result<(u64, Option<u64>)> {
    let (memory, keys) = (redis.ask("INFO memory").await?, redis.ask("DBSIZE").await?);
    let lines = memory.iter().flat_map(|text| text.lines());
    let bytes = lines.filter_map(|line| line.strip_prefix("used_memory_dataset:")).next();
    let bytes = bytes.and_then(|bytes| bytes.trim().parse().ok());
    let bytes = bytes.context("Redis does not say its size")?;
    Ok((bytes, keys.first().and_then(|keys| keys.parse().ok())))
}

/// All files under a folder; 0 if there is none.
fn size_of(folder: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_measured_is_left_out() {
        let held = Contents {
            store: "database",
            bytes: Some(3_240_000),
            items: Some(8_114),
            unit: "rows",
        };
        assert_eq!(held.to_string(), "database (3.2 MB, 8,114 rows)");
        let silent = Contents { items: None, ..held };
        assert_eq!(silent.to_string(), "database (3.2 MB)");
        assert_eq!(Contents { bytes: None, ..silent }.to_string(), "database");
    }

    #[test]
    fn a_folder_is_as_large_as_all_that_is_under_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/a"), [0; 700]).unwrap();
        fs::write(folder.path().join("b"), [0; 300]).unwrap();
        assert_eq!(size_of(folder.path()).unwrap(), 1_000);
        assert_eq!(size_of(&folder.path().join("nothing")).unwrap(), 0);
    }
}
