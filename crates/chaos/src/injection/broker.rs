//! Damage to what the broker keeps, while it is down, and a store that has no more room.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use client::process::Process;
use client::wait::{break_if, wait_until};
use contracts::service;
use protocol::Service;
use supervisor::protocol::{Act, State};

use super::must_be_down;
use crate::fault::steps::{Cut, Step};
use crate::system::{SHOWS_WITHIN, System};

/// How the block of JetStream begins in the broker's configuration.
const BLOCK: &str = "jetstream {\n";

/// Carries out a step that is about the broker's files.
pub(crate) async fn carry_out(system: &System, step: &Step) -> anyhow::Result<String> {
    match step {
        Step::CutTail(cut) => {
            must_be_down(system, Process::Nats).await?;
            cut_tail(system, *cut)
        }
        Step::FlipBit(service) => {
            must_be_down(system, Process::Nats).await?;
            let blocks = blocks(system, *service)?;
            let first = blocks.first().context("the stream has no file")?;
            flip_bit(first)
        }
        Step::NoRoomInBroker => no_room(system).await,
        Step::RoomInBroker => room(system).await,
        _ => bail!("{step} is not about the broker's files"),
    }
}

fn cut_tail(system: &System, cut: Cut) -> anyhow::Result<String> {
    let blocks = blocks(system, cut.of)?;
    let newest = blocks.last().context("the stream has no file")?;
    let length = newest.metadata()?.len();
    if length <= cut.bytes {
        bail!("{} has only {length} bytes", newest.display());
    }
    File::options().write(true).open(newest)?.set_len(length - cut.bytes)?;
    Ok(format!("{} of {length} bytes of {} are gone", cut.bytes, cut.of.stream()))
}

/// Flips a bit in the middle of a file.
pub(crate) fn flip_bit(path: &Path) -> anyhow::Result<String> {
    let file = File::options().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let (at, mut byte) = (length / 2, [0]);
    if length == 0 {
        bail!("{} is empty", path.display());
    }
    file.read_exact_at(&mut byte, at)?;
    byte[0] ^= 1;
    file.write_all_at(&byte, at)?;
    Ok(format!("a bit of byte {at} of {length} is flipped"))
}

/// The files with a stream's messages, the oldest first.
fn blocks(system: &System, service: Service) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    find_blocks(&system.folder(Process::Nats), &mut found)?;
    // In `STREAM/msgs`; the folder of an account is named like its stream, too.
    let of_stream = |path: &PathBuf| {
        let folder = path.parent().and_then(Path::parent);
        folder.is_some_and(|folder| folder.ends_with(service.stream()))
    };
    let number = |path: &PathBuf| -> u64 {
        path.file_stem().and_then(|name| name.to_str()?.parse().ok()).unwrap_or_default()
    };
    found.retain(of_stream);
    found.sort_by_key(number);
    Ok(found)
}

fn find_blocks(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_blocks(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "blk") {
            found.push(path);
        }
    }
    Ok(())
}

/// Gives the broker no more room than it uses, and waits until a service goes on without it.
async fn no_room(system: &System) -> anyhow::Result<String> {
    let mut found = Vec::new();
    find_blocks(&system.folder(Process::Nats), &mut found)?;
    let used: u64 = found.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum();
    let configuration = system.data().join("nats.conf");
    let text = fs::read_to_string(&configuration)?;
    if !text.contains(BLOCK) {
        bail!("{} has no block {BLOCK:?}", configuration.display());
    }
    let limited = text.replacen(BLOCK, &format!("{BLOCK}  max_file_store: {used}\n"), 1);
    fs::write(&configuration, limited)?;
    restart(system).await?;
    let order = Process::Service(service::ORDER);
    let look = async || {
        let is_alone = system.says(order).await.is_ok_and(|says| says.state == "alone");
        Ok(break_if(is_alone))
    };
    wait_until(SHOWS_WITHIN, look, |()| {
        anyhow!("the broker still takes messages with room for {used} bytes")
    })
    .await?;
    Ok(format!("the broker has room for {used} bytes and takes no more"))
}

async fn room(system: &System) -> anyhow::Result<String> {
    let configuration = system.data().join("nats.conf");
    let text = fs::read_to_string(&configuration)?;
    let lines = text.lines().filter(|line| !line.trim().starts_with("max_file_store:"));
    fs::write(&configuration, lines.map(|line| format!("{line}\n")).collect::<String>())?;
    restart(system).await?;
    Ok("the broker has room again".to_owned())
}

async fn restart(system: &System) -> anyhow::Result<()> {
    system.act(Act::Stop, Process::Nats).await?;
    system.act(Act::Start, Process::Nats).await?;
    system.until(Process::Nats, "is ready", |report| report.state == State::Ready).await?;
    Ok(())
}
