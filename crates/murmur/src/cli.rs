//! The command line: what can be asked for, and which module answers.
//!
//! Exit codes: 0 all is well, 1 something was found or failed, 2 the command line, or a file that it
//! names, is wrong, 3 an audit has found nothing wrong and could not compare everything, 128 and more:
//! a signal ended it (130 for Ctrl-C).

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use runtime::address::redacted;
use supervisor::protocol::Act;
use terminal::execution::{self, run_to_its_end};
use terminal::verdict::Verdict;
use terminal::{output, table};

use crate::global::Global;
use crate::{
    act, audit, bench, chaos, compare_joins, contract, down, drill, events, heal, replay, scenario,
    serve, simulate, status, trace, up, views, wipe,
};

/// What has no data folder: nothing is kept, or each run makes folders of its own.
const WITHOUT_DATA: [&str; 4] = ["contract", "chaos", "simulate", "serve"];

/// Runs and looks after a Murmuration on this machine.
#[derive(Debug, Parser)]
#[command(name = "murmur", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the broker, Redis and all services, and keep them running.
    Up(up::Args),
    /// Run one service in the foreground, with its own options: what `up` and containers start.
    Serve(serve::Args),
    /// Show every process, and what each service says of itself.
    Status,
    /// Stop everything, in order.
    Down,
    /// Kill a process (SIGKILL); it is restarted.
    Kill(act::Target),
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
    /// Take stores away from the running system, one after the other, while orders come, and audit.
    Drill(drill::Args),
    /// Play simulated worlds: the real services over a broker, clocks and disks that fail.
    Simulate(simulate::Args),
    /// Build the read model anew beside the one that is read, compare the two, and switch.
    Views(views::Args),
    /// Check every invariant over everything that was run. Exit codes: 0 clean, 1 something is broken,
    /// 3 nothing is, but not everything could be compared yet.
    Audit(audit::Args),
}

/// Reads the command line.
///
/// # Errors
/// The exit code, when it is wrong or asks for help only: all is said then.
pub(crate) fn parse() -> Result<Cli, u8> {
    let parsed = Cli::command().try_get_matches().and_then(|matches| {
        refuse_what_has_no_use(&matches)?;
        Cli::from_arg_matches(&matches)
    });
    match parsed {
        Ok(cli) => {
            if cli.global.json {
                output::speak_json();
            }
            Ok(cli)
        }
        Err(wrong) => Err(say(&wrong)),
    }
}

/// An option that is taken and does nothing would be believed to do something.
fn refuse_what_has_no_use(matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some((command, of_command)) = matches.subcommand() else { return Ok(()) };
    let is_said = of_command.value_source("data") == Some(ValueSource::CommandLine);
    if is_said && WITHOUT_DATA.contains(&command) {
        let text = format!("--data has no use here: `murmur {command}` acts on no data folder\n");
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, text));
    }
    Ok(())
}

/// Says what is wrong, or shows the help that was asked for; the exit code.
fn say(wrong: &clap::Error) -> u8 {
    let text = wrong.render();
    if !wrong.use_stderr() {
        let text = if table::colour() { text.ansi().to_string() } else { text.to_string() };
        output::print_line(format_args!("{}", text.trim_end()));
        return 0;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        output::speak_json();
        output::print_error(&redacted(text.to_string().trim_end()), 2);
    } else {
        // Who closed standard error reads nothing there.
        drop(runtime::exit::tell(wrong));
    }
    2
}

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Verdict> {
    let global = &cli.global;
    let act = |act, process, no_wait| execution::run(act::run(global, act, process, no_wait));
    match cli.command {
        Command::Up(args) => up::run(global, args),
        Command::Serve(args) => serve::run(args),
        Command::Contract(args) => contract::run(global, &args),
        Command::Status => execution::run(status::run(global)),
        Command::Down => execution::run(down::run(global)),
        Command::Kill(target) => act(Act::Kill, target.process, true),
        Command::Pause(target) => act(Act::Pause, target.process, true),
        Command::Stop(change) => act(Act::Stop, change.target.process, change.no_wait),
        Command::Start(change) => act(Act::Start, change.target.process, change.no_wait),
        Command::Wipe(store) => execution::run(wipe::run(global, store)),
        Command::Heal(args) => execution::run(heal::run(global, args)),
        Command::Drill(args) => execution::run(drill::run(global, args)),
        Command::Trace(args) => execution::run(trace::run(global, &args)),
        Command::Replay(args) => execution::run(replay::run(global, args)),
        Command::Views(args) => execution::run(views::run(global, &args)),
        Command::Audit(args) => execution::run(audit::run(global, args)),
        Command::Events(args) => run_to_its_end(events::run(global, &args)),
        Command::Scenario(args) => run_to_its_end(scenario::run(global, args)),
        Command::Bench(args) => run_to_its_end(bench::run(global, args)),
        Command::CompareJoins(args) => run_to_its_end(compare_joins::run(global, args)),
        Command::Chaos(args) => run_to_its_end(chaos::run(global, args)),
        Command::Simulate(args) => run_to_its_end(simulate::run(global.clone(), args)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_data_folder_is_refused_where_none_is_used() {
        let parse = |line: &str| {
            let matches = Cli::command().try_get_matches_from(line.split(' ')).unwrap();
            refuse_what_has_no_use(&matches).map_err(|error| error.to_string())
        };
        assert!(parse("murmur simulate --data x").unwrap_err().contains("--data has no use here"));
        assert!(parse("murmur --data x contract check").is_err());
        for fine in ["murmur simulate", "murmur status --data x", "murmur --data x audit"] {
            assert_eq!(parse(fine), Ok(()));
        }
    }
}
