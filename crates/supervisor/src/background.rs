//! `murmur up --detach`: the same supervisor, away from the terminal; returns when all is ready, or
//! says what is not.

use std::collections::BTreeMap;
use std::env;
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use client::process::Process;
use client::run_file::RunFile;
use client::wait::{LOOK_EVERY, look_until};
use serde_json::json;
use terminal::verdict::{Misuse, Verdict};
use terminal::{line, note};

use crate::child::{open_log, tail};
use crate::data_folder::{DataFolder, log_in};
use crate::ports::{self, Wanted};
use crate::protocol::{Report, State};
use crate::service_status::ask_services;
use crate::supervisor_client::SupervisorClient;
use crate::{inherited_descriptors, page, progress_view, store_address};

/// Said to the supervisor in the background: it leaves the session of the terminal.
pub(crate) const FLAG: &str = "--in-background";

/// How long everything together may take to be ready. A large stream is restored within that.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// When is first looked for services that are fenced: all others are ready by then, as a rule.
const FENCED_AFTER: Duration = Duration::from_secs(3);
/// The exit code of a supervisor that was told something wrong.
const MISUSE: i32 = 2;
/// How much of a log is shown when something is not ready.
const LOG_LINES_SHOWN: usize = 8;

/// Leaves the session of the terminal, so that nothing that ends there ends the supervisor. Hangups are
/// ignored from the first moment on.
pub(crate) fn leave_the_terminal() -> anyhow::Result<()> {
    rustix::process::setsid().map(drop).context("cannot leave the terminal's session")
}

/// What is started in the background, and what is to be said of it.
pub(crate) struct Started {
    data: PathBuf,
    ports: Wanted,
    last_ports: BTreeMap<Process, u16>,
    open: bool,
}

impl Started {
    pub(crate) fn of(folder: &DataFolder, ports: Wanted, open: bool) -> Self {
        let (data, last_ports) = (folder.path().to_owned(), folder.last_ports().clone());
        Self { data, ports, last_ports, open }
    }
}

/// Starts the supervisor and waits until all is ready.
pub(crate) async fn start(json: bool, started: Started) -> anyhow::Result<Verdict> {
    let data = &started.data;
    let log = log_in(data, "supervisor");
    let log_from = log.metadata().map_or(0, |log| log.len());
    let mut supervisor = spawn(&log)?;
    let begun = Instant::now();
    let look = async || {
        if let Some(status) = supervisor.try_wait()? {
            let said = tail(&log, log_from, LOG_LINES_SHOWN).join("\n");
            if status.code() == Some(MISUSE) {
                return Err(Misuse(anyhow!("the supervisor ended: {said}")).into());
            }
            bail!("the supervisor ended ({status}): {said}");
        }
        // No answer yet means that it has not come so far.
        let reports = SupervisorClient::in_folder(data).report().await.unwrap_or_default();
        let unready: Vec<_> = reports.iter().filter(|r| r.state != State::Ready).collect();
        if !reports.is_empty() && unready.is_empty() {
            say_all_ready(json, &reports, begun.elapsed(), &started).await?;
            return Ok(ControlFlow::Break(Verdict::Clean));
        }
        let waited = begun.elapsed();
        if waited > READY_WITHIN || (waited > FENCED_AFTER && is_any_fenced(data).await) {
            say_what_is_not(&unready, waited, data);
            say_to_script(json, data, &reports, waited, false);
            return Ok(ControlFlow::Break(Verdict::Found));
        }
        Ok(ControlFlow::Continue(()))
    };
    look_until(LOOK_EVERY, look).await
}

fn spawn(log: &Path) -> anyhow::Result<Child> {
    let output = open_log(log).with_context(|| format!("cannot write {}", log.display()))?;
    let murmur = env::current_exe().context("cannot tell where murmur itself is")?;
    // Its log is for people, whoever reads what this process says.
    let ours = ["--detach", "--json", "--open"];
    let same = env::args_os().skip(1).filter(|argument| !ours.iter().any(|our| argument == our));
    let same = same.chain([FLAG.into()]).enumerate().map(store_address::hide).collect::<Vec<_>>();
    let secrets = same.iter().filter_map(|(_, secret)| secret.clone());
    inherited_descriptors::in_background(murmur, same.iter().map(|(argument, _)| argument.clone()))
        .envs(secrets)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .context("cannot start murmur in the background")
}

async fn say_all_ready(
    json: bool,
    reports: &[Report],
    after: Duration,
    started: &Started,
) -> anyhow::Result<()> {
    if !json {
        say_to_person(reports, after, started).await?;
    }
    say_to_script(json, &started.data, reports, after, true);
    if started.open
        && let Err(why) = page::open_signed_in(&RunFile::load(&started.data)?).await
    {
        note!("{why}");
    }
    Ok(())
}

async fn say_to_person(
    reports: &[Report],
    after: Duration,
    started: &Started,
) -> anyhow::Result<()> {
    let ports = reports.iter().map(|report| (report.process, report.port)).collect();
    if let Some(displaced) = ports::displaced(&ports, started.ports, &started.last_ports) {
        note!("{displaced}");
    }
    note!("all ready after {after:.1?}; `murmur status` shows it, `murmur down` ends it");
    let Some(page) = page_in(&started.data) else { return Ok(()) };
    // What is written to a file may be read by others before anybody has followed it.
    if std::io::stderr().is_terminal() {
        note!("page: {}", page::address(&RunFile::load(&started.data)?).await?);
    } else {
        note!("page: {page}");
    }
    Ok(())
}

fn say_to_script(json: bool, data: &Path, reports: &[Report], after: Duration, ready: bool) {
    if json {
        let (after, page) = (after.as_millis(), page_in(data));
        let said = json!({ "ready": ready, "after_ms": after, "page": page, "processes": reports });
        line!("{said}");
    }
}

/// Where the page is, if query is among those that run.
fn page_in(data: &Path) -> Option<String> {
    let running = RunFile::find(data).ok()??;
    Some(format!("{}/", running.query().ok()?))
}

/// A fenced service waits for a person: there is no use in waiting for it.
async fn is_any_fenced(data: &Path) -> bool {
    let Ok(running) = RunFile::load(data) else { return false };
    let services = ask_services(&running).await;
    services.values().any(|answer| answer.as_ref().is_ok_and(|report| report.state == "fenced"))
}

fn say_what_is_not(unready: &[&Report], waited: Duration, data: &Path) {
    note!("not ready after {waited:.1?}; it goes on trying, `murmur down` ends it:");
    for report in unready {
        note!("{}", progress_view::describe(report));
        let log = log_in(data, report.process.name());
        tail(&log, 0, LOG_LINES_SHOWN).iter().for_each(|line| note!("    {line}"));
    }
}
