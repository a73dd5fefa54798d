//! Carries out the steps of a fault on a running system, and proves that each really happened.

mod processes;

mod broker;
mod streams;

mod databases;
mod redis;

mod clock;
mod links;

mod fences;
mod second_instance;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use client::process::Process;
use supervisor::protocol::{Act, State};
use workload::dice::Dice;

use crate::fault::steps::Step;
use crate::system::System;
use second_instance::SecondInstance;

/// How often a second process is started again until it is redundant.
const SECOND_STARTS_MAX: u32 = 5;

/// Who makes faults happen.
#[derive(Debug)]
pub(crate) struct Injector<'a> {
    system: &'a System,
    dice: Dice,
    /// Copies of what processes keep.
    copies: BTreeMap<Process, PathBuf>,
    /// SecondInstance processes that run.
    seconds: BTreeMap<Process, SecondInstance>,
}

impl<'a> Injector<'a> {
    /// Nothing has happened yet.
    pub(crate) const fn new(system: &'a System, dice: Dice) -> Self {
        Self { system, dice, copies: BTreeMap::new(), seconds: BTreeMap::new() }
    }

    /// Carries out one step, and says by what it can be seen that it happened. One that takes a store
    /// away waits until that loses nothing, unless it is forced.
    ///
    /// # Errors
    /// When it did not happen.
    pub(crate) async fn carry_out(&mut self, step: &Step) -> anyhow::Result<String> {
        let _permit = match step.takes() {
            Some(loss) => Some(self.system.may_lose(loss).await?),
            None => None,
        };
        match step {
            Step::Forced(forced) => match &**forced {
                Step::EndSecondInstance(process) => self.end_second_instance(*process, true).await,
                step => self.carry_out_at_once(step).await,
            },
            step => self.carry_out_at_once(step).await,
        }
    }

    async fn carry_out_at_once(&mut self, step: &Step) -> anyhow::Result<String> {
        let system = self.system;
        match step {
            Step::Kill(process) => processes::kill(system, *process).await,
            Step::KillAny => self.kill_any().await,
            Step::Halt(process) => processes::take_down(system, Act::Halt, *process).await,
            Step::Stop(process) => processes::take_down(system, Act::Stop, *process).await,
            Step::Pause(process) => processes::pause(system, *process).await,
            Step::Start(process) => processes::start(system, *process).await,
            Step::Dies(death) => processes::dies(system, death).await,
            Step::Wipe(process) => processes::wipe(system, *process).await,
            Step::Wait(span) => {
                tokio::time::sleep(span.0).await;
                Ok(String::new())
            }
            Step::KeepCopy(process) => self.keep_copy(*process).await,
            Step::BringBack(process) => self.bring_back(*process).await,
            Step::CutTail(_) | Step::FlipBit(_) | Step::NoRoomInBroker | Step::RoomInBroker => {
                broker::carry_out(system, step).await
            }
            Step::DeleteStream(_)
            | Step::TrimStream(_)
            | Step::PurgeBeyond(_)
            | Step::EditStream(_)
            | Step::RecreateStream(_)
            | Step::Inject(_)
            | Step::DeleteConsumers => streams::carry_out(system, step).await,
            Step::Redis(command) => redis::say(system, command).await,
            Step::EditView => redis::edit_view(system, &mut self.dice).await,
            Step::DeleteFolder(_)
            | Step::ReplaceFile(_)
            | Step::CutLog(_)
            | Step::FlipBitInLog(_)
            | Step::NoRoomFor(_)
            | Step::RoomFor(_)
            | Step::Swap(_)
            | Step::SecondOwner(_) => databases::carry_out(system, step).await,
            Step::Network(misbehaviour) => links::misbehave(system, misbehaviour).await,
            Step::ClearNetwork => links::clear(system),
            Step::Clock(jump) => clock::jump(system, jump).await,
            Step::RightClock(process) => clock::right(system, *process).await,
            Step::SecondInstance(process) => self.begin_second_instance(*process).await,
            Step::EndSecondInstance(process) => self.end_second_instance(*process, false).await,
            Step::Fenced(expected) => fences::is_fenced(system, expected).await,
            Step::NotReady(expected) => fences::is_not_ready(system, expected).await,
            Step::DiscardLocal(service) => fences::discard_local(system, *service).await,
            Step::Forced(step) => bail!("{step} is forced already"),
        }
    }

    async fn kill_any(&mut self) -> anyhow::Result<String> {
        let all: Vec<_> = Process::ALL.into_iter().filter(|process| !process.is_store()).collect();
        let victim = self.dice.one_of(&all).context("there is nobody to kill")?;
        processes::kill(self.system, *victim).await
    }

    async fn keep_copy(&mut self, process: Process) -> anyhow::Result<String> {
        must_be_down(self.system, process).await?;
        let copy = self.system.data().join(format!("{process}.copy"));
        if copy.exists() {
            std::fs::remove_dir_all(&copy)?;
        }
        let files = copy_folder(&self.system.folder(process), &copy)?;
        self.copies.insert(process, copy);
        Ok(format!("{files} files kept"))
    }

    async fn bring_back(&mut self, process: Process) -> anyhow::Result<String> {
        must_be_down(self.system, process).await?;
        let copy = self.copies.remove(&process).context("there is no copy: keep one before")?;
        let folder = self.system.folder(process);
        std::fs::remove_dir_all(&folder)?;
        std::fs::rename(copy, folder)?;
        Ok(format!("{process} has its older state"))
    }

    async fn begin_second_instance(&mut self, process: Process) -> anyhow::Result<String> {
        if let Some(mut before) = self.seconds.remove(&process) {
            before.halt().await?;
        }
        let second = SecondInstance::begin(self.system, process).await?;
        let said = format!("a second {process} is ready, pid {}", second.pid());
        self.seconds.insert(process, second);
        Ok(said)
    }

    async fn end_second_instance(
        &mut self,
        process: Process,
        forced: bool,
    ) -> anyhow::Result<String> {
        let mut second = self.seconds.remove(&process).context("there is no second process")?;
        for _ in 0..SECOND_STARTS_MAX {
            if forced || second.redundant().await? {
                return second.end().await;
            }
            // It has ended so that its next start can mend something, and may hold what is nowhere else.
            second = SecondInstance::begin(self.system, process).await?;
        }
        bail!("the second {process} ends again and again, and is not redundant before")
    }
}

/// What a process keeps may be touched only while it is down.
async fn must_be_down(system: &System, process: Process) -> anyhow::Result<()> {
    let report = system.report(process).await?;
    if report.state != State::Stopped {
        bail!("{process} is {}: halt or stop it first", report.state);
    }
    Ok(())
}

/// Copies a folder with all that is in it; how many files that were.
fn copy_folder(from: &std::path::Path, to: &std::path::Path) -> anyhow::Result<u64> {
    std::fs::create_dir_all(to)?;
    let mut files = 0;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files += copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
            files += 1;
        }
    }
    Ok(files)
}
