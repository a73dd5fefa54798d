//! The command line: what can be asked for, and which module answers.
//!
//! Exit codes: 0 all is well, 1 something was found or failed, 2 the command line, or a file that it
//! names, is wrong, 3 an audit has found nothing wrong and could not compare everything, 128 and more:
//! a signal ended it (130 for Ctrl-C).

use clap::{CommandFactory as _, Parser, Subcommand};
use supervisor::protocol::Act;
use terminal::execution::{self, run_to_its_end};
use terminal::verdict::Verdict;

use crate::config::Settings;
use crate::global::Global;
use crate::{
    act, audit, bench, chaos, compare_joins, completions, contract, down, drill, events, heal,
    help, import, load, logs, new, orders, page, parked, rebuild, replay, scenario, serve,
    simulate, status, stuck, trace, up, verify, views, wipe,
};

/// Runs and looks after a Murmuration on this machine.
#[derive(Debug, Parser)]
#[command(name = "murmur", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What holds, and from where; for the command that shows it.
    #[arg(skip)]
    pub(crate) settings: Option<Settings>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the broker, Redis and all services, and keep them running.
    Up(up::Args),
    /// Run one service in the foreground, with its own options: what `up` and containers start.
    Serve(serve::Args),
    /// Show every process, and what each service says of itself.
    Status(status::Args),
    /// Print an address of the page that signs one browser in, once and within minutes.
    Page(page::Args),
    /// Show what the processes have written to their logs, merged by time.
    Logs(logs::Args),
    /// Stop everything, in order.
    Down,
    /// Kill a process (SIGKILL); it is restarted.
    Kill(act::Change),
    /// Stop a process (SIGTERM); it stays down until `start`.
    Stop(act::Change),
    /// Freeze a process (SIGSTOP) until `start`.
    Pause(act::Target),
    /// Start a stopped process, or thaw a paused one.
    Start(act::Change),
    /// Delete one store and start its process again: it is restored from the others.
    Wipe(wipe::Args),
    /// Show where a service's database and stream tell two histories, and what can be done.
    Heal(heal::Args),
    /// List the newest orders, or those that are stuck.
    Orders(orders::Args),
    /// Show one order's saga as a timeline, and what is owed next.
    Trace(trace::Args),
    /// List the orders that wait too long, by the service that they wait for.
    Stuck(stuck::Args),
    /// Show events as they happen.
    Events(events::Args),
    /// Check, show or document the choreography.
    Contract(contract::Args),
    /// Make a service of your own, in a checkout.
    New(new::Args),
    /// Run scenario files against the running services.
    Scenario(scenario::Args),
    /// Place the orders of a file of real input.
    Replay(replay::Args),
    /// Move out of a shared database: report, move, follow, switch, reconcile.
    Import(import::Args),
    /// Send mixed commands for a while, then count what was lost or doubled, and audit.
    Load(load::Args),
    /// Put load on the running services and measure.
    Bench(bench::Args),
    /// Compare composer, read model and replica on the same question.
    CompareJoins(compare_joins::Args),
    /// Make real faults happen to systems under load.
    Chaos(chaos::Args),
    /// Take stores away from the running system, one after the other, while orders come, and audit.
    Drill(drill::Args),
    /// Play simulated worlds: the real services over a broker, clocks and disks that fail.
    Simulate(simulate::Args),
    /// Have a service fold its state anew from its stream, and compare that with what it held before.
    ///
    /// Exit codes: 0 the same, 1 something else, 3 it has decided more meanwhile.
    Rebuild(rebuild::Args),
    /// Build the read model anew beside the one that is read, compare the two, and switch.
    Views(views::Args),
    /// List, show, retry or drop the events that the read side could not fold; list the streams that services hold.
    Parked(parked::Args),
    /// Check every invariant over everything that was run.
    ///
    /// Exit codes: 0 clean, 1 something is broken, 3 nothing is, but not everything could be compared yet.
    Audit(audit::Args),
    /// Verify a service's rows: chained and sealed in its database and its stream, and the same in both.
    ///
    /// Exit codes: 0 clean, 1 something is broken, 3 nothing is, but not everything could be looked at.
    Verify(verify::Args),
    /// Show what the flags, the environment and murmur.toml have set.
    Config,
    /// Print what a shell needs to complete commands and options.
    Completions(completions::Args),
}

/// All that can be typed.
pub(crate) fn command() -> clap::Command {
    help::with_groups(Cli::command())
}

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Verdict> {
    let global = &cli.global;
    let act = |act, process, no_wait| execution::run(act::run(global, act, process, no_wait));
    match cli.command {
        Command::Up(args) => up::run(global, args),
        Command::Config => Ok(cli.settings.map_or(Verdict::Clean, |all| all.show(global.json))),
        Command::Completions(args) => Ok(completions::run(global, &args, command())),
        Command::Serve(args) => serve::run(args),
        Command::Contract(args) => contract::run(global, &args),
        Command::New(args) => new::run(global, &args),
        Command::Status(args) if args.watch => run_to_its_end(status::watch::run(global)),
        Command::Status(_) => execution::run(status::run(global)),
        Command::Page(args) => execution::run(page::run(global, &args)),
        Command::Logs(args) => run_to_its_end(logs::run(global, &args)),
        Command::Orders(args) => execution::run(orders::run(global, args)),
        Command::Down => execution::run(down::run(global)),
        Command::Kill(change) => act(Act::Kill, change.target.process, change.no_wait),
        Command::Pause(target) => act(Act::Pause, target.process, true),
        Command::Stop(change) => act(Act::Stop, change.target.process, change.no_wait),
        Command::Start(change) => act(Act::Start, change.target.process, change.no_wait),
        Command::Wipe(store) => execution::run(wipe::run(global, store)),
        Command::Heal(args) => execution::run(heal::run(global, args)),
        Command::Drill(args) => execution::run(drill::run(global, args)),
        Command::Trace(args) => execution::run(trace::run(global, &args)),
        Command::Stuck(args) => execution::run(stuck::run(global, &args)),
        Command::Replay(args) => execution::run(replay::run(global, args)),
        Command::Import(args) => import::run(global, args),
        Command::Views(args) => execution::run(views::run(global, &args)),
        Command::Parked(args) => execution::run(parked::run(global, &args)),
        Command::Audit(args) => execution::run(audit::run(global, args)),
        Command::Rebuild(args) => execution::run(rebuild::run(global, args)),
        Command::Verify(args) => execution::run(verify::run(global, args)),
        Command::Events(args) => run_to_its_end(events::run(global, &args)),
        Command::Scenario(args) => run_to_its_end(scenario::run(global, args)),
        Command::Load(args) => run_to_its_end(load::run(global, args)),
        Command::Bench(args) => run_to_its_end(bench::run(global, args)),
        Command::CompareJoins(args) => run_to_its_end(compare_joins::run(global, args)),
        Command::Chaos(args) => run_to_its_end(chaos::run(global, args)),
        Command::Simulate(args) => run_to_its_end(simulate::run(global.clone(), args)),
    }
}
