//! The command line: what can be asked for, and which module answers.
//!
//! Exit codes: 0 all is well, 1 something was found or failed, 2 the command line is wrong.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{audit, bench, contract, control, events, replay, scenario, status, trace, up};

/// Runs and looks after a Murmuration on this machine.
#[derive(Debug, Parser)]
#[command(name = "murmur", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The folder that holds everything of one Murmuration.
    #[arg(long, global = true, env = "MURMUR_DATA", default_value = ".murmur", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Print JSON for a script instead of text for a person.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the broker, Redis and all services, and keep them running.
    Up(up::Args),
    /// Show every process, and what each service says of itself.
    Status,
    /// Stop everything, in order.
    Down,
    /// Kill a process (SIGKILL); it is restarted.
    Kill(control::Target),
    /// Stop a process (SIGTERM); it stays down until `start`.
    Stop(control::Target),
    /// Freeze a process (SIGSTOP) until `start`.
    Pause(control::Target),
    /// Start a stopped process, or thaw a paused one.
    Start(control::Target),
    /// Delete one store and start its process again: it is restored from the others.
    Wipe(control::Store),
    /// Show one order's saga as a timeline, and what is owed next.
    Trace(trace::Args),
    /// Show events as they happen.
    Events(events::Args),
    /// Check or show the choreography.
    Contract(contract::Args),
    /// Run scenario files against the running services.
    Scenario(scenario::Args),
    /// Place the orders of a file of real input.
    Replay(replay::Args),
    /// Put load on the running services and measure.
    Bench(bench::Args),
    /// Check every invariant over everything that was run.
    Audit(audit::Args),
}

/// What a command that looked for something says in its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing to report.
    Clean,
    /// Something was found, and has been printed.
    Found,
}

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Verdict> {
    let global = cli.global;
    match cli.command {
        Command::Up(args) => up::run(&global, args),
        Command::Contract(args) => contract::run(&global, &args),
        client => tokio::runtime::Runtime::new()?.block_on(run_client(&global, client)),
    }
}

/// The commands that talk to a Murmuration which is running already.
async fn run_client(global: &Global, command: Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Up(args) => up::run(global, args),
        Command::Contract(args) => contract::run(global, &args),
        Command::Status => status::run(global).await,
        Command::Down => control::down(global).await,
        Command::Kill(target) => control::act(global, control::Act::Kill, target).await,
        Command::Stop(target) => control::act(global, control::Act::Stop, target).await,
        Command::Pause(target) => control::act(global, control::Act::Pause, target).await,
        Command::Start(target) => control::act(global, control::Act::Start, target).await,
        Command::Wipe(store) => control::wipe(global, store).await,
        Command::Trace(args) => trace::run(global, &args).await,
        Command::Events(args) => events::run(global, &args).await,
        Command::Scenario(args) => scenario::run(global, args).await,
        Command::Replay(args) => replay::run(global, args).await,
        Command::Bench(args) => bench::run(global, args).await,
        Command::Audit(args) => audit::run(global, args).await,
    }
}
