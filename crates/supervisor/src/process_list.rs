//! What the supervisor writes down of its processes, for programs that may look and not ask: query shows it
//! on its page. Whoever may ask the supervisor may also have it stop everything.

use std::fs;
use std::path::{Path, PathBuf};

use protocol::Timestamp;
use serde_json::{Value, json};

use crate::protocol::Report;

/// Its name in the data folder.
const FILE: &str = "processes.json";

/// The file, and what is in it.
#[derive(Debug)]
pub(crate) struct ProcessList {
    path: PathBuf,
    written: Vec<Report>,
}

impl ProcessList {
    /// In this data folder.
    pub(crate) fn in_folder(data: &Path) -> Self {
        Self { path: data.join(FILE), written: Vec::new() }
    }

    /// Writes where every process stands, if that is not what was written last: whole, or not at all.
    ///
    /// # Errors
    /// When the file cannot be written. It is not tried again until something changes.
    pub(crate) fn write(&mut self, reports: &[Report], now: Timestamp) -> std::io::Result<()> {
        // How long each runs changes all the time, and follows from when it was started.
        let timeless = |report: &Report| Report { uptime_ms: None, ..report.clone() };
        let timeless: Vec<_> = reports.iter().map(timeless).collect();
        if timeless == self.written {
            return Ok(());
        }
        self.written = timeless;
        let processes: Vec<_> = reports.iter().map(|report| entry(report, now)).collect();
        let unfinished = self.path.with_extension("unfinished");
        fs::write(&unfinished, json!({ "processes": processes }).to_string())?;
        fs::rename(&unfinished, &self.path)
    }

    /// Nothing runs any more.
    pub(crate) fn remove(&self) {
        // What is not there needs no removing; what cannot be removed is written anew by the next start.
        drop(fs::remove_file(&self.path));
    }
}

fn entry(report: &Report, now: Timestamp) -> Value {
    let started = report.uptime_ms.map(|uptime| {
        let uptime = i64::try_from(uptime).unwrap_or(i64::MAX).saturating_mul(1_000);
        Timestamp::from_micros(now.micros().saturating_sub(uptime))
    });
    json!({
        "process": report.process,
        "pid": report.pid,
        "state": report.state.to_string(),
        "reason": report.reason,
        "restarts": report.restarts,
        "running_since": started,
        "last_death": report.last_death,
    })
}

#[cfg(test)]
mod tests {
    use client::process::Process;

    use super::*;
    use crate::protocol::State;

    fn report(restarts: u32, uptime_ms: u64) -> Report {
        Report {
            process: Process::Nats,
            pid: Some(7),
            port: 4222,
            state: State::Ready,
            reason: String::new(),
            restarts,
            uptime_ms: Some(uptime_ms),
            last_death: None,
        }
    }

    #[test]
    fn it_is_written_when_anything_but_time_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let mut list = ProcessList::in_folder(folder.path());
        let now = Timestamp::from_micros(5_000_000);
        list.write(&[report(0, 2_000)], now).unwrap();
        let written = || {
            let text = fs::read_to_string(folder.path().join(FILE)).ok()?;
            serde_json::from_str::<Value>(&text).ok()
        };
        let first = written().unwrap();
        assert_eq!(first["processes"][0]["process"], "nats");
        assert_eq!(first["processes"][0]["state"], "ready");
        assert_eq!(first["processes"][0]["running_since"], "1970-01-01T00:00:03.000000Z");
        list.write(&[report(0, 9_000)], now).unwrap();
        assert_eq!(written().unwrap(), first);
        list.write(&[report(1, 100)], now).unwrap();
        assert_eq!(written().unwrap()["processes"][0]["restarts"], 1);
        list.remove();
        assert_eq!(written(), None);
    }
}
