//! A second process beside the supervised one, as on another machine: with a folder and a port of its
//! own.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use client::http::{Call, Client};
use client::process::Process;
use client::wait::{break_if, wait_until};
use runtime::seal_keys;
use supervisor::broker_accounts;
use supervisor::redis_users;
use supervisor::redundancy::Goal;
use supervisor::service_status::ServiceReport;
use tokio::process::Child;

use crate::system::{SHOWS_WITHIN, System};

/// How long one question may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct SecondInstance {
    process: Process,
    child: Child,
    folder: PathBuf,
    url: String,
    pid: u32,
}

impl SecondInstance {
    /// Starts one, on what it has kept if there was one before, and waits until it is ready.
    pub(crate) async fn begin(system: &System, process: Process) -> anyhow::Result<Self> {
        let folder = system.data().join(format!("{process}-beside"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        drop(listener);
        let log = system.data().join("logs").join(format!("{process}-beside.log"));
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = System::serve(process)?;
        command.args(["--nats", &system.running.nats]).args(["--listen", &address.to_string()]);
        command.envs(broker_accounts::login_of(system.data(), process)?);
        match process {
            Process::Query => {
                command.envs(redis_users::login_in(system.data())?);
                command.args(["--redis", &system.running.redis])
            }
            // Whoever runs a service elsewhere has its key there, too.
            Process::Service(_) => {
                let keys = seal_keys::file_beside(&system.folder(process));
                command.arg("--data").arg(&folder).arg("--seal-keys").arg(keys)
            }
            Process::Nats | Process::Redis | Process::Composer => {
                bail!("{process} cannot run beside itself")
            }
        };
        let command = command.arg("--until-stdin-closes").stdin(Stdio::piped());
        let child = command.stdout(log.try_clone()?).stderr(log).kill_on_drop(true).spawn()?;
        let pid = child.id().context("it ended at once")?;
        let url = format!("http://{address}");
        let mut second = Self { process, child, folder, url, pid };
        second.ready().await?;
        Ok(second)
    }

    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let (client, url) =
            (Client::answering_within(ANSWER_WITHIN), format!("{}/readyz", self.url));
        let look = async || {
            if let Some(status) = self.child.try_wait()? {
                bail!("the second {} ended: {status}", self.process);
            }
            let answer = client.send(Call::get(&url)).await;
            let ready = answer.is_ok_and(|answer| answer.status.is_success());
            Ok(break_if(ready))
        };
        let process = self.process;
        wait_until(SHOWS_WITHIN, look, |()| anyhow!("the second {process} is not ready")).await
    }

    /// Waits until all that it holds is in two places: whoever is ready may have published nothing yet.
    /// False, if it has ended by itself before.
    pub(crate) async fn redundant(&mut self) -> anyhow::Result<bool> {
        if !self.folder.exists() {
            return Ok(true);
        }
        let client = Client::answering_within(ANSWER_WITHIN);
        let (mut goal, process) = (Goal::default(), self.process);
        let look = async || {
            if self.child.try_wait()?.is_some() {
                return Ok(ControlFlow::Break(false));
            }
            let call = Call::get(format!("{}/status", self.url));
            let unmet = match client.json::<ServiceReport>(call).await {
                Ok(report) => goal.unmet(&report),
                Err(error) => Some(error.to_string()),
            };
            Ok(unmet.map_or(ControlFlow::Break(true), ControlFlow::Continue))
        };
        wait_until(SHOWS_WITHIN, look, |unmet| {
            anyhow!("ending the second {process} would lose what is nowhere else: {unmet}")
        })
        .await
    }

    /// Ends it, if it has not ended by itself. What it has kept stays.
    pub(crate) async fn halt(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        let ended = self.child.try_wait()?;
        if ended.is_none() {
            self.child.kill().await?;
        }
        Ok(ended)
    }

    /// Ends it, if it has not ended by itself, and deletes what it has kept.
    pub(crate) async fn end(mut self) -> anyhow::Result<String> {
        let ended = self.halt().await?;
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        let process = self.process;
        Ok(match ended {
            Some(status) => format!("the second {process} had ended by itself: {status}"),
            None => format!("the second {process} is ended"),
        })
    }
}
