//! What befalls a service's database.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use client::process::Process;
use protocol::Service;
use supervisor::protocol::{Act, Arming};

use super::{broker, must_be_down};
use crate::fault::steps::{Room, Step, Swap};
use crate::system::System;

/// Starts that an arming lasts for which only an operator ends.
const STARTS_MANY: u32 = 100_000;
/// How long a second owner may take to see that it is none.
const REFUSED_WITHIN: Duration = Duration::from_secs(20);

/// Carries out a step that is about a database.
pub(crate) async fn carry_out(system: &System, step: &Step) -> anyhow::Result<String> {
    match step {
        Step::DeleteFolder(service) => delete_folder(system, *service).await,
        Step::ReplaceFile(service) => replace_file(system, *service).await,
        Step::CutLog(service) => {
            must_be_down(system, Process::Service(*service)).await?;
            cut_log(&log_of(system, *service))
        }
        Step::FlipBitInLog(service) => {
            must_be_down(system, Process::Service(*service)).await?;
            broker::flip_bit(&log_of(system, *service))
        }
        Step::NoRoomFor(room) => no_room(system, *room).await,
        Step::RoomFor(service) => room(system, *service).await,
        Step::Swap(swap) => put_in_place(system, *swap).await,
        Step::SecondOwner(service) => second_owner(system, *service).await,
        _ => bail!("{step} is not about a database"),
    }
}

async fn delete_folder(system: &System, service: Service) -> anyhow::Result<String> {
    let process = Process::Service(service);
    let before = system.report(process).await?.pid;
    fs::remove_dir_all(system.folder(process))?;
    is_replaced(system, process, before).await
}

async fn replace_file(system: &System, service: Service) -> anyhow::Result<String> {
    let (process, file) = (Process::Service(service), system.database(service));
    let before = system.report(process).await?.pid;
    let other = file.with_extension("other");
    fs::copy(&file, &other)?;
    fs::rename(&other, &file)?;
    is_replaced(system, process, before).await
}

/// The process has noticed, and another one runs in its place.
async fn is_replaced(
    system: &System,
    process: Process,
    before: Option<u32>,
) -> anyhow::Result<String> {
    let is_another = |pid: Option<u32>| pid.is_some() && pid != before;
    let report = system.until(process, "has noticed", |report| is_another(report.pid)).await?;
    Ok(format!("{process} has noticed: {}", report.last_death.unwrap_or_default()))
}

fn cut_log(log: &PathBuf) -> anyhow::Result<String> {
    let length = log.metadata().with_context(|| format!("{}", log.display()))?.len();
    if length == 0 {
        bail!("{} is empty", log.display());
    }
    File::options().write(true).open(log)?.set_len(length / 2)?;
    Ok(format!("half of {length} bytes are gone"))
}

fn log_of(system: &System, service: Service) -> PathBuf {
    system.database(service).with_extension("db-wal")
}

/// Starts a service with no more room than it needs for a moment, and waits until it is full.
async fn no_room(system: &System, room: Room) -> anyhow::Result<String> {
    let process = Process::Service(room.of);
    system.act(Act::Stop, process).await?;
    let bytes_max = system.database(room.of).metadata()?.len() + room.bytes;
    let arguments = vec![format!("--database-bytes-max={bytes_max}")];
    let arming = Arming { starts: STARTS_MANY, arguments, ..Arming::default() };
    system.supervisor.arm(process, arming).await?;
    system.act(Act::Start, process).await?;
    let is_full = |death: &Option<String>| death.as_ref().is_some_and(|how| how.contains("full"));
    let full = system.until(process, "is full", |report| is_full(&report.last_death)).await?;
    Ok(format!("{process}, with {bytes_max} bytes: {}", full.last_death.unwrap_or_default()))
}

async fn room(system: &System, service: Service) -> anyhow::Result<String> {
    let process = Process::Service(service);
    system.restart_armed(process, Arming::default()).await?;
    Ok(format!("{process} has room again"))
}

async fn put_in_place(system: &System, swap: Swap) -> anyhow::Result<String> {
    for service in [swap.of, swap.by] {
        must_be_down(system, Process::Service(service)).await?;
    }
    let folder = system.folder(Process::Service(swap.of));
    fs::remove_dir_all(&folder)?;
    fs::create_dir_all(&folder)?;
    fs::copy(system.database(swap.by), system.database(swap.of))?;
    let log = log_of(system, swap.by);
    if log.exists() {
        fs::copy(log, log_of(system, swap.of))?;
    }
    Ok(format!("the database of {} stands in the place of that of {}", swap.by, swap.of))
}

/// A second process on the same database has to end, and to say why.
async fn second_owner(system: &System, service: Service) -> anyhow::Result<String> {
    let process = Process::Service(service);
    let mut second = System::serve(process)?;
    second.arg("--data").arg(system.folder(process)).args(["--listen", "127.0.0.1:0"]);
    second.args(["--nats", &system.running.nats]).stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(REFUSED_WITHIN, second.output()).await;
    let output = ended.context("a second process runs on the same database")??;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() || !said.contains("another process owns this database") {
        bail!("the second process ended with {} and says: {said}", output.status);
    }
    Ok(format!("the second process is refused: {}", output.status))
}
