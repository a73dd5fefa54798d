//! `murmur up`: starts the broker, Redis and all services as processes of its own, restarts what
//! dies, and stops everything in order.
//!
//! Only processes that it started itself are ever signalled, only its own data folder is ever
//! deleted in, and everything listens on the loopback interface only.

mod options;

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
mod inherited;
mod leftovers;
mod store_address;

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::cli::{Global, Misuse, Verdict};
use crate::control::Supervisor as Client;
use crate::control::protocol::Request;
use crate::control::server::Server;
use crate::output::note;
use crate::process::Process;
use crate::running;
use board::Board;
use folder::Folder;
use plan::Plan;
use supervisor::Supervisor;

pub(crate) use board::age;
pub(crate) use options::Args;

/// Starts everything, and runs until it is stopped.
pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    args.check().map_err(Misuse)?;
    inherited::let_go();
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
        return runtime.block_on(background::start(global, &data));
    }
    runtime.block_on(supervise(folder, args, Board::new(global.json))).map(|()| Verdict::Clean)
}

/// Opens the data folder and ends what an earlier supervisor left behind.
fn prepare(global: &Global) -> anyhow::Result<Folder> {
    let folder = Folder::open(&global.data)?;
    leftovers::clean_up(folder.path())?;
    Ok(folder)
}

async fn supervise(mut folder: Folder, args: Args, board: Board) -> anyhow::Result<()> {
    let ports =
        ports::choose(&args.processes(), args.wanted_ports(), folder.last_ports(), ports::is_free)?;
    folder.keep_ports(&ports)?;
    let (programs, extra) = (args.programs.as_deref(), args.for_processes());
    let plan = Plan::new(ports, programs, extra, args.ways(), args.nice)?;
    let configuration = plan::broker_configuration_in(&folder);
    std::fs::write(&configuration, plan::BROKER_CONFIGURATION)
        .with_context(|| format!("cannot write {}", configuration.display()))?;
    let data = folder.path().to_owned();
    if args.in_background {
        // The caller's may be unmounted, or be somebody else's to delete.
        std::env::set_current_dir(&data)?;
    }
    let (_server, questions) = Server::open(&running::control_socket_in(&data))?;
    if args.until_stdin_closes {
        end_with_stdin(data);
    }
    Supervisor::run(folder, plan, board, questions).await
}

/// Asks the supervisor to end everything once the standard input has ended: whoever holds its other
/// end is gone, however that came.
fn end_with_stdin(data: PathBuf) {
    let (ended, hears) = tokio::sync::oneshot::channel::<()>();
    // A thread of its own: nobody waits for it when all has ended before.
    std::thread::spawn(move || {
        let mut nothing = [0; 64];
        while matches!(std::io::stdin().read(&mut nothing), Ok(1..)) {}
        drop(ended);
    });
    tokio::spawn(async move {
        drop(hears.await);
        if let Err(error) = Client::in_folder(&data).ask(Request::Down).await {
            note!("the standard input has ended, and nobody could be told: {error:#}");
        }
    });
}

/// Ends what a dead supervisor left running in a data folder, and says what.
pub(crate) fn end_leftovers(global: &Global) -> anyhow::Result<Vec<Process>> {
    leftovers::clean_up(&global.data)
}

/// Whether a supervisor owns the data folder.
pub(crate) fn is_supervised(global: &Global) -> bool {
    folder::is_owned(&global.data)
}
