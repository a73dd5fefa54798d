//! A clock that jumps while its process runs: the wall clock only, as when somebody sets it.
//!
//! Needs libfaketime; `scripts/chaos/setup` installs it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use client::process::Process;
use client::streams::Streams;
use client::wait::{Deadline, wait_until};
use protocol::{Headers, Timestamp};
use supervisor::protocol::{Arming, State};

use crate::fault::steps::Jump;
use crate::system::{SHOWS_WITHIN, System};

/// Where Debian and others keep the library.
const LIBRARY_FOLDERS: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime",
    "/usr/lib/aarch64-linux-gnu/faketime",
    "/usr/lib64/faketime",
    "/usr/lib/faketime",
];
const LIBRARY: &str = "libfaketimeMT.so.1";
const RIGHT: &str = "+0s";
/// An event that is so far from now was written by a clock that is wrong.
const WRONG_BY: Duration = Duration::from_secs(30 * 60);
/// How often the stream is read again.
const READ_EVERY: Duration = Duration::from_millis(100);

/// Makes a process's clock jump, and waits until an event of its own shows it.
pub(crate) async fn jump(system: &System, jump: &Jump) -> anyhow::Result<String> {
    let Process::Service(service) = jump.of else { bail!("{} writes no events", jump.of) };
    let file = clock_file(system, jump.of);
    std::fs::write(&file, RIGHT)?;
    let environment = BTreeMap::from(
        [
            ("LD_PRELOAD", library()?.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let arming = Arming { starts: 1, environment, arguments: Vec::new() };
    system.restart_armed(jump.of, arming).await?;
    system.until(jump.of, "is ready", |report| report.state == State::Ready).await?;
    std::fs::write(&file, &jump.by)?;
    let streams = Streams::open(&system.running).await?;
    let look = async || {
        let rows = streams.rows(service).await?;
        let last = Headers::parse(&rows.last().context("it has no events")?.headers)?.time;
        let off = runtime::handle::now().micros().abs_diff(last.micros());
        if Duration::from_micros(off) > WRONG_BY {
            return Ok(ControlFlow::Break(format!("{} says that it is {last}", jump.of)));
        }
        Ok(ControlFlow::Continue(last))
    };
    wait_until(Deadline::from(SHOWS_WITHIN).every(READ_EVERY), look, |last| {
        anyhow!("the clock of {} has not jumped: its last event is of {last}", jump.of)
    })
    .await
}

/// The clock jumps back, while the process runs.
pub(crate) async fn right(system: &System, process: Process) -> anyhow::Result<String> {
    system.until(process, "runs", |report| report.pid.is_some()).await?;
    std::fs::write(clock_file(system, process), RIGHT)?;
    let now: Timestamp = runtime::handle::now();
    Ok(format!("the clock of {process} is right again at {now}"))
}

fn clock_file(system: &System, process: Process) -> PathBuf {
    system.data().join(format!("{process}.clock"))
}

fn library() -> anyhow::Result<PathBuf> {
    let found = LIBRARY_FOLDERS.map(|folder| PathBuf::from(folder).join(LIBRARY));
    let found = found.into_iter().find(|path| path.exists());
    found.context("libfaketime is not installed: run scripts/chaos/setup")
}
