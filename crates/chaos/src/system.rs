//! A whole Murmuration for one run: in a folder of its own, on free ports, ended with the run.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use client::process::Process;
use client::run_file::RunFile;
use client::wait::{Deadline, wait_until};
use protocol::Service;
use supervisor::plan::SERVE;
use supervisor::protocol::{Act, Arming, Report, Request, State};
use supervisor::redundancy::{self, Loss, Permit};
use supervisor::service_status::ServiceReport;
use supervisor::service_status::ask_services;
use supervisor::supervisor_client::SupervisorClient;
use terminal::cleanup::Cleanup;
use tokio::process::{Child, ChildStdin, Command};

use crate::network::Network;

/// How long everything together may take to be ready for the first time.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long anything that is done to a process may take to show.
pub(crate) const SHOWS_WITHIN: Duration = Duration::from_secs(30);
#[derive(Debug)]
pub struct System {
    data: PathBuf,
    up: Child,
    /// That it runs. It ends with this process, however that ends: then its standard input closes.
    runs: Cleanup,
    pub running: RunFile,
    /// Who starts and ends its processes.
    pub supervisor: SupervisorClient,
    /// The proxies, if there are any.
    pub network: Option<Network>,
}

impl System {
    /// Starts one in that folder, which must not exist, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start(data: PathBuf, network: Option<Network>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&data)
            .with_context(|| format!("cannot make {}", data.display()))?;
        let ways = network.as_ref().map(Network::arguments).unwrap_or_default();
        let said = std::fs::File::create(said_in(&data))?;
        let mut up = murmur(&data)?
            .args(["up", "--until-stdin-closes"])
            .args(ways)
            .stdin(Stdio::piped())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()
            .context("cannot start murmur")?;
        let supervisor = SupervisorClient::in_folder(&data);
        let runs = ends_with(up.stdin.take(), &data, &supervisor);
        match first_ready(&data, &mut up, &supervisor, network.as_ref()).await {
            Ok(running) => Ok(Self { data, up, runs, running, supervisor, network }),
            Err(error) => {
                runs.run().await?;
                Err(error)
            }
        }
    }

    pub fn data(&self) -> &Path {
        &self.running.data
    }

    /// Where a process keeps what it keeps.
    pub fn folder(&self, process: Process) -> PathBuf {
        self.data().join(process.name())
    }

    /// The file of a service's database.
    pub fn database(&self, service: Service) -> PathBuf {
        self.folder(Process::Service(service)).join(format!("{service}.db"))
    }

    /// A `murmur` that acts on this system.
    ///
    /// # Errors
    /// When it is not known where murmur is.
    pub fn murmur(&self) -> anyhow::Result<Command> {
        murmur(&self.data)
    }

    /// Where a process stands.
    ///
    /// # Errors
    /// When the supervisor does not answer.
    pub async fn report(&self, process: Process) -> anyhow::Result<Report> {
        let reports = self.supervisor.report().await?;
        let report = reports.into_iter().find(|report| report.process == process);
        report.with_context(|| format!("{process} was not started"))
    }

    /// Waits until a process stands as wanted.
    ///
    /// # Errors
    /// When it does not; the message says how it stands instead.
    pub async fn until(
        &self,
        process: Process,
        what: &str,
        is_so: impl Fn(&Report) -> bool,
    ) -> anyhow::Result<Report> {
        let look = async || {
            let report = self.report(process).await?;
            Ok(if is_so(&report) {
                ControlFlow::Break(report)
            } else {
                ControlFlow::Continue(report)
            })
        };
        wait_until(SHOWS_WITHIN, look, |Report { state, reason, last_death, .. }| {
            let last = last_death.unwrap_or_default();
            anyhow!("{process} {what}: not so, it is {state} ({reason}; last death: {last})")
        })
        .await
    }

    /// Waits until a store may be taken away without a loss, by whoever holds the permit.
    ///
    /// # Errors
    /// When it may not; the message says what would be lost.
    pub async fn may_lose(&self, loss: Loss) -> anyhow::Result<Permit> {
        redundancy::wait(&self.running, loss, SHOWS_WITHIN, |_| {}).await
    }

    /// Does something to a process, and waits until it is down if it is to be down.
    ///
    /// # Errors
    /// When it cannot be done.
    pub async fn act(&self, act: Act, process: Process) -> anyhow::Result<()> {
        self.supervisor.act(act, process).await?;
        if matches!(act, Act::Halt | Act::Stop) {
            self.until(process, "is down", |report| report.state == State::Stopped).await?;
        }
        Ok(())
    }

    /// Makes a process start otherwise than usual, and starts it anew.
    ///
    /// # Errors
    /// When it cannot be done.
    pub async fn restart_armed(&self, process: Process, arming: Arming) -> anyhow::Result<()> {
        self.act(Act::Stop, process).await?;
        self.supervisor.arm(process, arming).await?;
        self.act(Act::Start, process).await
    }

    /// What a service says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn says(&self, process: Process) -> anyhow::Result<ServiceReport> {
        let mut all = ask_services(&self.running).await;
        let answer = all.remove(&process).with_context(|| format!("{process} says nothing"))?;
        answer.map_err(anyhow::Error::msg)
    }

    /// What starts one more process, beside the supervised ones.
    ///
    /// # Errors
    /// When it is not known where murmur is.
    pub fn serve(process: Process) -> anyhow::Result<Command> {
        let mut murmur = Command::new(own_program()?);
        murmur.args([SERVE, process.name()]);
        Ok(murmur)
    }

    /// Ends everything, and deletes the folder unless it is to be kept.
    ///
    /// # Errors
    /// When something does not end.
    pub async fn end(mut self, keep: bool) -> anyhow::Result<()> {
        if let Some(network) = &self.network {
            network.clear();
        }
        let within = self.supervisor.down_within();
        self.supervisor.ask(Request::Down).await?;
        let ended = tokio::time::timeout(within, self.up.wait()).await;
        ended.with_context(|| format!("the system in {} does not end", self.data.display()))??;
        self.runs.forget();
        if !keep {
            std::fs::remove_dir_all(&self.data)?;
            std::fs::remove_file(said_in(&self.data))?;
        }
        Ok(())
    }
}

/// Notes that a system runs, which ends when that input closes.
fn ends_with(input: Option<ChildStdin>, data: &Path, supervisor: &SupervisorClient) -> Cleanup {
    let (folder, supervisor) = (data.display().to_string(), supervisor.clone());
    Cleanup::register(
        format!("a system runs in {folder}, and is ended; the folder stays"),
        format!("`murmur down --data {folder}`, if it has not ended in a moment"),
        async move {
            drop(input);
            let within = supervisor.down_within();
            let deadline = Deadline::from(within);
            while supervisor.report().await.is_ok() {
                if !deadline.allows_another_look().await {
                    bail!("it has not ended after {within:?}");
                }
            }
            Ok(())
        },
    )
}

/// What `murmur up` itself says; beside its folder, which has to be empty.
fn said_in(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn murmur(data: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(own_program()?);
    // What an operator has set for a system that stays is not for this one.
    command.env("MURMUR_DATA", data).env("MURMUR_CONFIG", "");
    Ok(command)
}

fn own_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot tell where murmur itself is")
}

async fn first_ready(
    data: &Path,
    up: &mut Child,
    supervisor: &SupervisorClient,
    network: Option<&Network>,
) -> anyhow::Result<RunFile> {
    let mut aimed = false;
    let look = async || {
        if let Some(status) = up.try_wait()? {
            let said = std::fs::read_to_string(said_in(data)).unwrap_or_default();
            bail!("the system did not start ({status}): {}", said.trim());
        }
        let Some(running) = RunFile::find(data)? else { return Ok(ControlFlow::Continue(())) };
        if let (Some(network), false) = (network, aimed) {
            network.aim(&running)?;
            aimed = true;
        }
        let reports = supervisor.report().await.unwrap_or_default();
        let ready = !reports.is_empty() && reports.iter().all(|one| one.state == State::Ready);
        Ok(if ready { ControlFlow::Break(running) } else { ControlFlow::Continue(()) })
    };
    wait_until(READY_WITHIN, look, |()| {
        anyhow!("the system in {} is not ready after {READY_WITHIN:?}", data.display())
    })
    .await
}
