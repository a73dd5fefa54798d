//! Starts the broker, Redis and all services as processes of its own, restarts what dies, and stops
//! everything in order.
//!
//! Only processes that it started itself are ever signalled, only its own data folder is ever
//! deleted in, and everything listens on the loopback interface only.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use client::process::Process;
use client::run_file::control_socket_in;
use protocol::Service;
use terminal::note;
use terminal::verdict::Verdict;

use crate::broker_accounts::BrokerAccounts;
use crate::control_socket::ControlSocket;
use crate::data_folder::DataFolder;
use crate::event_loop::EventLoop;
use crate::plan::{self, Endpoints, Plan};
use crate::port_reservation::PortReservation;
use crate::ports::{self, Wanted};
use crate::progress_view::ProgressView;
use crate::protocol::Request;
use crate::supervisor_client::SupervisorClient;
use crate::tls_files::TlsFiles;
use crate::{background, broker_accounts, inherited_descriptors, leftovers, redis_users, tokens};

/// What is started, and how.
#[derive(Debug)]
pub struct Options {
    /// What is started, in order.
    pub processes: Vec<Process>,
    pub ports: Wanted,
    /// The folder with the murmur that the services run; without it, the one that runs here.
    pub programs: Option<PathBuf>,
    /// More arguments for single processes.
    pub arguments: BTreeMap<Process, Vec<String>>,
    pub endpoints: Endpoints,
    /// The folder with what all are known by, if they are to speak TLS.
    pub tls: Option<PathBuf>,
    /// Services beside the shop's that take part, and the streams that each reads.
    pub newcomers: BTreeMap<Service, Vec<Service>>,
    /// How far broker and services give way where processors are short.
    pub nice: u8,
    /// Go on in the background, and return when everything is ready.
    pub detach: bool,
    /// Open the page once everything is ready.
    pub open: bool,
    /// This is what goes on in the background.
    pub in_background: bool,
    /// End everything once the standard input has ended.
    pub until_stdin_closes: bool,
}

/// Starts everything, and runs until it is stopped.
pub fn run(data: &Path, json: bool, options: Options) -> anyhow::Result<Verdict> {
    inherited_descriptors::let_go();
    if options.in_background {
        background::leave_the_terminal()?;
    }
    // One thread: it mostly waits. And a process that is tethered to its parent is tethered to the
    // thread that started it, which must be the one that stays.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = prepare(data, &options.newcomers)?;
    if options.detach {
        let started = background::Started::of(&folder, options.ports, options.open);
        drop(folder);
        return runtime.block_on(background::start(json, started));
    }
    runtime.block_on(supervise(folder, options, ProgressView::new(json))).map(|()| Verdict::Clean)
}

/// Opens the data folder, ends what an earlier supervisor left behind, and makes what lets its operator in.
fn prepare(data: &Path, newcomers: &BTreeMap<Service, Vec<Service>>) -> anyhow::Result<DataFolder> {
    let mut folder = DataFolder::open(data)?;
    leftovers::clean_up(folder.path())?;
    tokens::make(folder.path())?;
    folder.admit(newcomers.clone())?;
    if broker_accounts::is_open(&folder) {
        let streams = folder.of(Process::Nats);
        note!(
            "everybody on this machine can write into the streams, which are older than accounts at the \
             broker: to close it, end this with `murmur down`, move {} away and start again; each service \
             publishes its stream anew from its database",
            streams.display()
        );
    }
    Ok(folder)
}

async fn supervise(
    mut folder: DataFolder,
    options: Options,
    view: ProgressView,
) -> anyhow::Result<()> {
    let (ports, _reservation) = choose_ports(&mut folder, &options, &view)?;
    let (programs, extra) = (options.programs.as_deref(), options.arguments);
    let accounts = BrokerAccounts::make(&folder)?;
    let mut logins = accounts.as_ref().map(BrokerAccounts::logins).unwrap_or_default();
    let redis_keys = redis_users::make(&folder)?;
    if ports.contains_key(&Process::Redis) {
        logins.entry(Process::Query).or_default().extend(redis_users::login(&redis_keys));
    }
    let tls = options.tls.as_deref().map(TlsFiles::in_folder).transpose()?;
    let plan = Plan::new(ports, programs, extra, options.endpoints, tls, logins, options.nice)?;
    configure_broker(&folder, &plan, accounts.as_ref())?;
    let data = folder.path().to_owned();
    if options.in_background {
        // The caller's may be unmounted, or be somebody else's to delete.
        std::env::set_current_dir(&data)?;
    }
    let (_server, questions) = ControlSocket::open(&control_socket_in(&data))?;
    if options.until_stdin_closes {
        end_with_stdin(data);
    }
    EventLoop::run(folder, plan, &redis_keys, view, questions, options.open).await
}

/// Writes what the broker is started with, and what newcomers are.
fn configure_broker(
    folder: &DataFolder,
    plan: &Plan,
    accounts: Option<&BrokerAccounts>,
) -> anyhow::Result<()> {
    let configuration = plan::broker_configuration_in(folder);
    std::fs::write(&configuration, broker_accounts::configuration(accounts, plan.tls()))
        .with_context(|| format!("cannot write {}", configuration.display()))?;
    let nats = plan.address(Process::Nats);
    broker_accounts::write_logins_of_newcomers(folder, &nats, plan.tls(), accounts)
}

/// The ports of all processes, and the right to use them for as long as that is kept.
fn choose_ports(
    folder: &mut DataFolder,
    options: &Options,
    view: &ProgressView,
) -> anyhow::Result<(BTreeMap<Process, u16>, Option<PortReservation>)> {
    let (processes, wanted, last) = (&options.processes, options.ports, folder.last_ports());
    let needs = ports::needs_usual(processes, wanted, last);
    let reservation = needs.then(PortReservation::try_take).flatten();
    let is_reserved = reservation.is_some();
    let ports = ports::choose(processes, wanted, last, is_reserved, ports::is_free)?;
    if let Some(displaced) = ports::displaced(&ports, wanted, last) {
        view.say(&displaced);
    }
    folder.keep_ports(&ports)?;
    Ok((ports, reservation))
}

/// Asks the supervisor to end everything once the standard input has ended: whoever holds its other
/// end is gone, however that came.
fn end_with_stdin(data: PathBuf) {
    let (ended, closed) = tokio::sync::oneshot::channel::<()>();
    // A thread of its own: nobody waits for it when all has ended before.
    std::thread::spawn(move || {
        let mut nothing = [0; 64];
        while matches!(std::io::stdin().read(&mut nothing), Ok(1..)) {}
        drop(ended);
    });
    tokio::spawn(async move {
        drop(closed.await);
        if let Err(error) = SupervisorClient::in_folder(&data).ask(Request::Down).await {
            note!("the standard input has ended, and nobody could be told: {error:#}");
        }
    });
}
