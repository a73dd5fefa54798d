//! The command line: what can be asked for, and which module answers.
//!
//! Exit codes: 0 all is well, 1 something was found or failed, 2 the command line, or a file that it
//! names, is wrong.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::control::Act;
use crate::{
    audit, bench, chaos, compare_joins, contract, control, events, heal, replay, scenario,
    simulate, status, trace, up, views,
};

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
    /// Show where a service's database and stream tell two histories, and what can be done.
    Heal(heal::Args),
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
    /// Compare composer, read model and replica on the same question.
    CompareJoins(compare_joins::Args),
    /// Make real faults happen to systems under load.
    Chaos(chaos::Args),
    /// Play simulated worlds: the real services over a broker, clocks and disks that fail.
    Simulate(simulate::Args),
    /// Build the read model anew beside the one that is read, compare the two, and switch.
    Views(views::Args),
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

/// What was asked for makes no sense: nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub(crate) struct Misuse(pub(crate) anyhow::Error);

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Verdict> {
    let global = &cli.global;
    match cli.command {
        Command::Up(args) => up::run(global, args),
        Command::Contract(args) => contract::run(global, &args),
        Command::Simulate(args) => simulate::run(global, &args),
        Command::Status => wait_for(status::run(global)),
        Command::Down => wait_for(control::down(global)),
        Command::Kill(target) => wait_for(control::act(global, Act::Kill, target)),
        Command::Stop(target) => wait_for(control::act(global, Act::Stop, target)),
        Command::Pause(target) => wait_for(control::act(global, Act::Pause, target)),
        Command::Start(target) => wait_for(control::act(global, Act::Start, target)),
        Command::Wipe(store) => wait_for(control::wipe(global, store)),
        Command::Heal(args) => wait_for(heal::run(global, args)),
        Command::Trace(args) => wait_for(trace::run(global, &args)),
        Command::Events(args) => wait_for(events::run(global, &args)),
        Command::Scenario(args) => wait_for(scenario::run(global, args)),
        Command::Replay(args) => wait_for(replay::run(global, args)),
        Command::Bench(args) => wait_for(bench::run(global, args)),
        Command::CompareJoins(args) => wait_for(compare_joins::run(global, args)),
        Command::Chaos(args) => wait_for(chaos::run(global, args)),
        Command::Views(args) => wait_for(views::run(global, &args)),
        Command::Audit(args) => wait_for(audit::run(global, args)),
    }
}

fn wait_for(work: impl Future<Output = anyhow::Result<Verdict>>) -> anyhow::Result<Verdict> {
    tokio::runtime::Runtime::new()?.block_on(work)
}
