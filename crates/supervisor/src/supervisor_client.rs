//! The way into a running supervisor: a Unix socket in the data folder.
//!
//! Whoever may open the data folder may use it; there is no other access control.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use client::process::Process;
use client::run_file::{RunFile, control_socket_in};
use client::wait::Deadline;
use terminal::cleanup::Cleanup;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use crate::protocol::{Act, Arming, LINE_BYTES_MAX, Reply, Report, Request, State};

/// The supervisor answers from memory: one that takes longer hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a process may take to be in another state: a drain, or a restore of a large stream.
const EFFECT_WITHIN: Duration = Duration::from_secs(60);
/// How long everything may take to end beyond what the supervisor gives all processes for it.
const DOWN_MARGIN: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub struct SupervisorClient {
    socket: PathBuf,
}

impl SupervisorClient {
    /// The supervisor of what the run file describes.
    pub fn of(running: &RunFile) -> Self {
        Self { socket: running.control_socket() }
    }

    /// The supervisor of a data folder, whether it runs or not.
    pub fn in_folder(data: &Path) -> Self {
        Self { socket: control_socket_in(data) }
    }

    /// Asks it something.
    ///
    /// # Errors
    /// When it does not run, or refuses.
    pub async fn ask(&self, request: Request) -> anyhow::Result<Reply> {
        Ok(self.converse(request).await?.0)
    }

    /// A report on every process.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn report(&self) -> anyhow::Result<Vec<Report>> {
        match self.ask(Request::Report).await? {
            Reply::Report(reports) => Ok(reports),
            Reply::Done | Reply::Leased(_) | Reply::Refused(_) => {
                bail!("the supervisor answered something else")
            }
        }
    }

    /// A report on one process.
    ///
    /// # Errors
    /// When it was not started here.
    pub async fn report_on(&self, process: Process) -> anyhow::Result<Report> {
        let reports = self.report().await?;
        let report = reports.into_iter().find(|report| report.process == process);
        report.with_context(|| format!("{process} was not started here"))
    }

    /// Takes a process down, or freezes it, for as long as this command lives: what is returned holds
    /// the connection, and as soon as that closes, for whatever reason, the supervisor starts the
    /// process again. None if it was down before: then it is left as it was.
    pub async fn lease(&self, act: Act, process: Process) -> anyhow::Result<Option<Cleanup>> {
        let (reply, held) = self.converse(Request::Lease(act, process)).await?;
        if !matches!(reply, Reply::Leased(_)) {
            return Ok(None);
        }
        let supervisor = self.clone();
        let folder = self.socket.parent().unwrap_or(&self.socket).display().to_string();
        let is = if act == Act::Pause { "frozen" } else { "down" };
        Ok(Some(Cleanup::register(
            format!("{process} is {is}, and is started again"),
            format!("`murmur start {process} --data {folder}`, if it is not back in a moment"),
            async move {
                drop(held);
                supervisor.wait_for(process, State::Ready).await
            },
        )))
    }

    /// Does something to a process and returns at once.
    pub async fn act(&self, act: Act, process: Process) -> anyhow::Result<()> {
        self.ask(Request::Act(act, process)).await.map(drop)
    }

    /// Deletes what a process keeps and starts it again; returns at once.
    pub async fn wipe(&self, process: Process) -> anyhow::Result<()> {
        self.ask(Request::Wipe(process)).await.map(drop)
    }

    /// Makes the next starts of a process differ from the usual one.
    pub async fn arm(&self, process: Process, arming: Arming) -> anyhow::Result<()> {
        self.ask(Request::Arm(process, arming)).await.map(drop)
    }

    /// Waits until a process is in that state.
    ///
    /// # Errors
    /// When it is not within a minute, or as long as a stop may take, or gave up for good; the message
    /// says where it stands instead.
    pub async fn wait_for(&self, process: Process, state: State) -> anyhow::Result<()> {
        let within = match state {
            State::Stopped => EFFECT_WITHIN.max(self.down_within()),
            State::Starting
            | State::Ready
            | State::Unready
            | State::Paused
            | State::Stopping
            | State::Waiting => EFFECT_WITHIN,
        };
        let deadline = Deadline::from(within);
        loop {
            let report = self.report_on(process).await?;
            if report.state == state {
                return Ok(());
            }
            report.refuse_if_given_up()?;
            if !deadline.allows_another_look().await {
                let (is, reason) = (report.state, report.reason);
                bail!("{process} is not {state} after {within:?}: it is {is} ({reason})");
            }
        }
    }

    /// How long all may take to end, and to be seen to have ended.
    pub fn down_within(&self) -> Duration {
        let running = self.socket.parent().and_then(|data| RunFile::find(data).ok().flatten());
        running.map_or(EFFECT_WITHIN, |running| running.down_within + DOWN_MARGIN)
    }

    /// Asks something, and returns the connection with the answer.
    async fn converse(&self, request: Request) -> anyhow::Result<(Reply, UnixStream)> {
        let asked = tokio::time::timeout(ANSWER_WITHIN, self.exchange(request)).await;
        let asked = asked.context("the supervisor does not answer: it may be paused or hang")??;
        match asked {
            (Reply::Refused(reason), _) => bail!(reason),
            (Reply::Done | Reply::Leased(_) | Reply::Report(_), _) => Ok(asked),
        }
    }

    async fn exchange(&self, request: Request) -> anyhow::Result<(Reply, UnixStream)> {
        let mut stream = self.connect().await?;
        let mut line = serde_json::to_vec(&request)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = String::new();
        BufReader::new((&mut stream).take(LINE_BYTES_MAX)).read_line(&mut answer).await?;
        let reply = serde_json::from_str(&answer);
        Ok((reply.context("the supervisor ended while it was asked")?, stream))
    }

    async fn connect(&self) -> anyhow::Result<UnixStream> {
        match UnixStream::connect(&self.socket).await {
            Ok(stream) => Ok(stream),
            Err(error) if is_nobody(error.kind()) => {
                let folder = self.socket.parent().unwrap_or(&self.socket);
                RunFile::load(folder)?.started_here()?;
                bail!(
                    "nothing runs in {}: start it with `murmur up`, or name the folder with --data",
                    folder.display()
                )
            }
            Err(error) => {
                Err(error).with_context(|| format!("cannot use {}", self.socket.display()))
            }
        }
    }
}

fn is_nobody(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}
