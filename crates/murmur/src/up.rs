//! `murmur up`: starts the broker, Redis and all services as processes of its own, restarts what
//! dies, and stops everything in order.
//!
//! Only processes that it started itself are ever signalled, only its own data folder is ever
//! deleted in, and everything listens on the loopback interface only.

mod supervisor;

mod lifecycle;

mod child;
mod plan;
mod probe;

mod folder;
mod ports;
mod programs;

mod background;
mod board;
mod leftovers;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use contracts::Service;

use crate::cli::{Global, Verdict};
use crate::control::server::Server;
use crate::process::Process;
use crate::running;
use folder::Folder;
use plan::{Plan, Ways};
use ports::Wanted;
use supervisor::Supervisor;

pub(crate) use board::age;

/// Broker and services give way: a fifth of a processor that the read side wants as well is theirs. At 500
/// orders a second on two processors the slowest reads take about half the time then; with more than
/// this, orders wait noticeably where the processors are full.
const NICENESS: u8 = 7;

/// What `murmur up` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Go on in the background, and return when everything is ready.
    #[arg(long)]
    detach: bool,
    /// Port of the broker; without it, a free one.
    #[arg(long, value_name = "PORT")]
    nats_port: Option<u16>,
    /// Port of Redis; without it, a free one.
    #[arg(long, value_name = "PORT")]
    redis_port: Option<u16>,
    /// First of the ports of the services, query and composer; without it, free ones.
    #[arg(long, value_name = "PORT")]
    http_port_base: Option<u16>,
    /// Services that are not started.
    #[arg(long, value_name = "PROCESS", value_delimiter = ',')]
    without: Vec<Process>,
    /// The folder with the services' programs; without it, the one that murmur itself is in.
    #[arg(long, value_name = "DIR", visible_alias = "release-dir")]
    programs: Option<PathBuf>,
    /// Milliseconds for which an order can still be cancelled when all is taken; said to order.
    #[arg(long, value_name = "MS")]
    hand_over_ms: Option<u32>,
    /// Milliseconds after which an order that is not confirmed is cancelled; said to order.
    #[arg(long, value_name = "MS")]
    deadline_ms: Option<u32>,
    /// A country that nobody delivers to; repeatable; said to shipping.
    #[arg(long, value_name = "COUNTRY", default_value = "Atlantis")]
    not_served: Vec<String>,
    /// One more argument for a process, such as `order=--log-format=json`.
    #[arg(long = "argument", value_name = "PROCESS=ARGUMENT", value_parser = extra_argument)]
    arguments: Vec<(Process, String)>,
    /// Where a process finds the broker, if not directly, such as `order=nats://127.0.0.1:4333`:
    /// through a proxy; repeatable.
    #[arg(long, value_name = "PROCESS=ADDRESS", value_parser = extra_argument)]
    broker_at: Vec<(Process, String)>,
    /// Where query finds Redis, if not directly.
    #[arg(long, value_name = "ADDRESS")]
    redis_at: Option<String>,
    /// How far broker and services give way to Redis, query and composer where processors are short:
    /// their nice level, 0 for not at all.
    #[arg(long, value_name = "LEVEL", default_value_t = NICENESS,
        value_parser = clap::value_parser!(u8).range(0..=19))]
    nice: u8,
    /// Said by `--detach` to itself.
    #[arg(long, hide = true)]
    in_background: bool,
}

impl Args {
    fn wanted_ports(&self) -> Wanted {
        Wanted { nats: self.nats_port, redis: self.redis_port, http_base: self.http_port_base }
    }

    fn ways(&self) -> Ways {
        Ways { broker: self.broker_at.iter().cloned().collect(), redis: self.redis_at.clone() }
    }

    /// What is said to single processes.
    fn for_processes(&self) -> BTreeMap<Process, Vec<String>> {
        let (order, shipping) = (Service::Order, Service::Shipping);
        let hand_over = self.hand_over_ms.map(|ms| (order, format!("--hand-over-ms={ms}")));
        let deadline = self.deadline_ms.map(|ms| (order, format!("--deadline-ms={ms}")));
        let not_served = self.not_served.iter();
        let not_served = not_served.map(|country| (shipping, format!("--not-served={country}")));
        let named = hand_over.into_iter().chain(deadline).chain(not_served);
        let named = named.map(|(service, argument)| (Process::Service(service), argument));
        let mut all = BTreeMap::<_, Vec<_>>::new();
        for (process, argument) in named.chain(self.arguments.iter().cloned()) {
            all.entry(process).or_default().push(argument);
        }
        all
    }
}

/// Starts everything, and runs until it is stopped.
pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    if args.in_background {
        background::leave_the_terminal()?;
    }
    // One thread: it mostly waits. And a process that is tethered to its parent is tethered to the
    // thread that started it, which must be the one that stays.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = prepare(global)?;
    if args.detach {
        let data = folder.path().to_owned();
        drop(folder);
        return runtime.block_on(background::start(&data));
    }
    runtime.block_on(supervise(folder, args)).map(|()| Verdict::Clean)
}

/// Opens the data folder and ends what an earlier supervisor left behind.
fn prepare(global: &Global) -> anyhow::Result<Folder> {
    let folder = Folder::open(&global.data)?;
    leftovers::clean_up(folder.path())?;
    Ok(folder)
}

async fn supervise(mut folder: Folder, args: Args) -> anyhow::Result<()> {
    let started = |process: &Process| process.is_store() || !args.without.contains(process);
    let processes: Vec<_> = Process::ALL.into_iter().filter(started).collect();
    let ports =
        ports::choose(&processes, args.wanted_ports(), folder.last_ports(), ports::is_free)?;
    folder.keep_ports(&ports)?;
    let (programs, extra) = (args.programs.as_deref(), args.for_processes());
    let plan = Plan::new(ports, programs, extra, args.ways(), args.nice)?;
    let configuration = plan::broker_configuration_in(&folder);
    std::fs::write(&configuration, plan::BROKER_CONFIGURATION)
        .with_context(|| format!("cannot write {}", configuration.display()))?;
    let socket = running::control_socket_in(folder.path());
    let (_server, questions) = Server::open(&socket)?;
    Supervisor::run(folder, plan, questions).await
}

fn extra_argument(text: &str) -> Result<(Process, String), String> {
    let (process, argument) =
        text.split_once('=').ok_or("expected PROCESS=ARGUMENT, such as order=--log-format=json")?;
    let process =
        process.parse().map_err(|error: crate::process::UnknownProcess| error.to_string());
    Ok((process?, argument.to_owned()))
}

/// Ends what a dead supervisor left running in a data folder, and says what.
pub(crate) fn end_leftovers(global: &Global) -> anyhow::Result<Vec<Process>> {
    leftovers::clean_up(&global.data)
}

/// Whether a supervisor owns the data folder.
pub(crate) fn is_supervised(global: &Global) -> bool {
    folder::is_owned(&global.data)
}
