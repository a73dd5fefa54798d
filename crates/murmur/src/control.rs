//! The way into a running supervisor: a Unix socket in the data folder, and the commands that use it.
//!
//! Whoever may open the data folder may use it; there is no other access control.

pub(crate) mod protocol;

pub(crate) mod server;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::Instant;

use crate::awaiting;
use crate::broken::Broken;
use crate::cli::{Global, Verdict};
use crate::output::{line, note};
use crate::process::Process;
use crate::redundancy::{self, Loss, Permit, SecondLoss};
use crate::running::{Running, control_socket_in};
use crate::up;
use protocol::{Arming, LINE_BYTES_MAX, Reply, Report, Request, State};

pub(crate) use protocol::Act;

/// The supervisor answers from memory: one that takes longer hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often a client looks whether what it asked for has come about.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How long `stop`, `start` and `wipe` wait for their effect: a drain, or a restore of a large stream.
const EFFECT_WITHIN: Duration = Duration::from_secs(60);
/// How long `down` waits for rows that are being published.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(10);
/// How long `down` waits beyond what the supervisor gives all processes to end.
const DOWN_MARGIN: Duration = Duration::from_secs(5);

/// Which process to act on.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// nats, redis, customer, product, order, inventory, payment, shipping, query or composer.
    pub(crate) process: Process,
}

/// Which process to stop or start.
#[derive(Debug, clap::Args)]
pub(crate) struct Change {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Return at once, without waiting for the effect.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Which store to delete.
#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    /// A service (its database), broker (all streams) or redis (all views).
    store: Process,
    /// Return at once, without waiting until it is ready again and all is in two places.
    #[arg(long)]
    no_wait: bool,
    /// Delete it even if it holds what is nowhere else: that is lost.
    #[arg(long)]
    force: bool,
}

/// A running supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    socket: PathBuf,
}

impl Supervisor {
    /// The supervisor of what the run file describes.
    pub(crate) fn of(running: &Running) -> Self {
        Self { socket: running.control_socket() }
    }

    /// The supervisor of a data folder, whether it runs or not.
    pub(crate) fn in_folder(data: &Path) -> Self {
        Self { socket: control_socket_in(data) }
    }

    /// Asks it something.
    ///
    /// # Errors
    /// When it does not run, or refuses.
    pub(crate) async fn ask(&self, request: Request) -> anyhow::Result<Reply> {
        Ok(self.converse(request).await?.0)
    }

    /// A report on every process.
    pub(crate) async fn report(&self) -> anyhow::Result<Vec<Report>> {
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
    pub(crate) async fn report_on(&self, process: Process) -> anyhow::Result<Report> {
        let reports = self.report().await?;
        let report = reports.into_iter().find(|report| report.process == process);
        report.with_context(|| format!("{process} was not started here"))
    }

    /// Takes a process down, or freezes it, for as long as this command lives: what is returned holds
    /// the connection, and as soon as that closes, for whatever reason, the supervisor starts the
    /// process again. None if it was down before: then it is left as it was.
    pub(crate) async fn lease(&self, act: Act, process: Process) -> anyhow::Result<Option<Broken>> {
        let (reply, held) = self.converse(Request::Lease(act, process)).await?;
        if !matches!(reply, Reply::Leased(_)) {
            return Ok(None);
        }
        let supervisor = self.clone();
        let folder = self.socket.parent().unwrap_or(&self.socket).display().to_string();
        let is = if act == Act::Pause { "frozen" } else { "down" };
        Ok(Some(Broken::note(
            format!("{process} is {is}, and is started again"),
            format!("`murmur start {process} --data {folder}`, if it is not back in a moment"),
            async move {
                drop(held);
                supervisor.wait_for(process, State::Ready).await
            },
        )))
    }

    /// Does something to a process and returns at once.
    pub(crate) async fn act(&self, act: Act, process: Process) -> anyhow::Result<()> {
        self.ask(Request::Act(act, process)).await.map(drop)
    }

    /// Deletes what a process keeps and starts it again; returns at once.
    pub(crate) async fn wipe(&self, process: Process) -> anyhow::Result<()> {
        self.ask(Request::Wipe(process)).await.map(drop)
    }

    /// Makes the next starts of a process differ from the usual one.
    pub(crate) async fn arm(&self, process: Process, arming: Arming) -> anyhow::Result<()> {
        self.ask(Request::Arm(process, arming)).await.map(drop)
    }

    /// Waits until a process is in that state.
    ///
    /// # Errors
    /// When it is not within a minute, or as long as a stop may take, or gave up for good; the message
    /// says where it stands instead.
    pub(crate) async fn wait_for(&self, process: Process, state: State) -> anyhow::Result<()> {
        let within = match state {
            State::Stopped => EFFECT_WITHIN.max(self.down_within()),
            State::Starting
            | State::Ready
            | State::Unready
            | State::Paused
            | State::Stopping
            | State::Waiting => EFFECT_WITHIN,
        };
        let deadline = Instant::now() + within;
        loop {
            let report = self.report_on(process).await?;
            if report.state == state {
                return Ok(());
            }
            report.refuse_if_given_up()?;
            if Instant::now() > deadline {
                let (is, reason) = (report.state, report.reason);
                bail!("{process} is not {state} after {within:?}: it is {is} ({reason})");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// How long all may take to end, and to be seen to have ended.
    pub(crate) fn down_within(&self) -> Duration {
        let running = self.socket.parent().and_then(|data| Running::find(data).ok().flatten());
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
            Err(error) if is_nobody(error.kind()) => bail!(
                "nothing runs in {}: start it with `murmur up`, or name the folder with --data",
                self.socket.parent().unwrap_or(&self.socket).display()
            ),
            Err(error) => {
                Err(error).with_context(|| format!("cannot use {}", self.socket.display()))
            }
        }
    }
}

fn is_nobody(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

/// `murmur kill|stop|pause|start`.
pub(crate) async fn act(
    global: &Global,
    act: Act,
    process: Process,
    no_wait: bool,
) -> anyhow::Result<Verdict> {
    let supervisor = Supervisor::in_folder(&global.data);
    supervisor.act(act, process).await?;
    match act {
        Act::Stop | Act::Halt if !no_wait => {
            supervisor.wait_for(process, State::Stopped).await?;
        }
        Act::Start if !no_wait => awaiting::ready(global, process).await?,
        Act::Kill | Act::Pause | Act::Stop | Act::Halt | Act::Start => {}
    }
    say_done(global, act.name(), process).await
}

/// `murmur wipe`. Waits before until nothing is lost by it, and after until another store may be.
pub(crate) async fn wipe(global: &Global, store: Store) -> anyhow::Result<Verdict> {
    let supervisor = Supervisor::in_folder(&global.data);
    let permit = may_be_lost(&Running::load(&global.data)?, &store).await?;
    supervisor.wipe(store.store).await?;
    drop(permit);
    if !store.no_wait {
        awaiting::redundant(global, store.store).await?;
    }
    say_done(global, "wipe", store.store).await
}

/// For a script: what was done, and where the process stands.
async fn say_done(global: &Global, done: &str, process: Process) -> anyhow::Result<Verdict> {
    if global.json {
        let report = Supervisor::in_folder(&global.data).report_on(process).await?;
        line!("{}", json!({ "done": done, "process": report }));
    }
    Ok(Verdict::Clean)
}

/// Waits until nothing is lost, unless that is forced; the permit is for as long as it takes to act.
async fn may_be_lost(running: &Running, store: &Store) -> anyhow::Result<Option<Permit>> {
    let Some(loss) = Loss::of(store.store) else { return Ok(None) };
    // The supervisor says that it was left out.
    let is_here = |service| running.url(service).is_ok();
    if matches!(loss, Loss::Database(service) if !is_here(service)) {
        return Ok(None);
    }
    if store.force {
        if let Some(lost) = redundancy::at_once(running, loss).await? {
            note!("{lost}; it is done, since --force was said");
        }
        return Ok(None);
    }
    let say = |text: &str| note!("waits until nothing would be lost: {text}");
    match redundancy::wait(running, loss, EFFECT_WITHIN, say).await {
        Err(error) if error.is::<SecondLoss>() => {
            bail!("{error}. Wait until `murmur status` says that all is redundant, or say --force")
        }
        waited => waited.map(Some),
    }
}

/// `murmur down`.
pub(crate) async fn down(global: &Global) -> anyhow::Result<Verdict> {
    let ended = if up::is_supervised(global) {
        end_supervised(global).await?
    } else {
        up::end_leftovers(global)?
    };
    if global.json {
        line!("{}", json!({ "done": "down", "ended": ended }));
    } else if ended.is_empty() {
        note!("nothing runs in {}", global.data.display());
    }
    Ok(Verdict::Clean)
}

/// Has the supervisor end everything, and says which processes ran.
async fn end_supervised(global: &Global) -> anyhow::Result<Vec<Process>> {
    let supervisor = Supervisor::in_folder(&global.data);
    let reports = supervisor.report().await?;
    let left = left_in_one_place(global).await;
    let within = supervisor.down_within();
    supervisor.ask(Request::Down).await?;
    let deadline = Instant::now() + within;
    // Until the data folder is free again: then the next `up` finds nothing in its way.
    while up::is_supervised(global) {
        if Instant::now() > deadline {
            bail!("the supervisor still runs after {within:?}: see its log");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    if !left.is_empty() {
        let (left, data) = (left.join("; "), global.data.display());
        note!("stopped while not all was in two places: {left}. Keep {data}: `murmur up` goes on");
    }
    let ran = reports.into_iter().filter(|report| report.pid.is_some());
    Ok(ran.map(|report| report.process).collect())
}

/// Ending loses nothing, and deleting the folder, or moving to another broker, would.
async fn left_in_one_place(global: &Global) -> Vec<String> {
    let Ok(running) = Running::load(&global.data) else { return Vec::new() };
    let say = |text: &str| note!("waits until all is in two places: {text}");
    redundancy::left_in_one_place(&running, PUBLISHED_WITHIN, say).await
}
