//! Ends what a supervisor that died in mid-flight has left running.
//!
//! Only processes that the run file names and that work in this data folder are touched: a process
//! id alone may long be somebody else's.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use client::process::Process;
use client::run_file::RunFile;
use rustix::process::Pid;
use terminal::note;

use crate::child::send;
use crate::lifecycle::{STOP_WITHIN, Signal};

/// How often is looked whether they have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Ends the processes of a run file whose supervisor is gone, and removes the file. Returns which
/// processes still ran.
///
/// # Errors
/// When one does not even end on SIGKILL.
pub fn clean_up(data: &Path) -> anyhow::Result<Vec<Process>> {
    let Some(running) = RunFile::find(data)? else { return Ok(Vec::new()) };
    let named = running.pids.iter().filter_map(|(process, pid)| {
        let pid = Pid::from_raw(i32::try_from(*pid).ok()?)?;
        works_in(pid, data).then_some((*process, pid))
    });
    let left: Vec<_> = named.collect();
    for signal in [Signal::Continue, Signal::Term] {
        left.iter().try_for_each(|(_, pid)| send(*pid, signal))?;
    }
    if !all_end(&left, data) {
        left.iter().try_for_each(|(_, pid)| send(*pid, Signal::Kill))?;
        if !all_end(&left, data) {
            bail!("processes of an earlier run do not end: see running.json in {}", data.display());
        }
    }
    for (process, _) in &left {
        note!("ended {process}, left over from a supervisor that had died");
    }
    running.remove()?;
    Ok(left.into_iter().map(|(process, _)| process).collect())
}

fn all_end(left: &[(Process, Pid)], data: &Path) -> bool {
    let deadline = Instant::now() + STOP_WITHIN;
    while left.iter().any(|(_, pid)| works_in(*pid, data)) {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    true
}

/// In the data folder, or below: Redis changes into its own. Where there is no `/proc`, nothing is
/// recognized and nothing touched.
fn works_in(pid: Pid, data: &Path) -> bool {
    let folder = fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero()));
    folder.is_ok_and(|folder| data.canonicalize().is_ok_and(|data| folder.starts_with(data)))
}
