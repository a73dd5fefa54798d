//! `murmur completions`: what a shell needs to complete commands, options and the names of processes.

use clap::Command;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use client::orders;
use client::process::Process;
use contracts::service;
use protocol::Service;
use protocol::choreography::NONE;
use serde_json::json;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// What `murmur completions` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(global: &Global, args: &Args, command: Command) -> Verdict {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut with_names(command), "murmur", &mut script);
    let script = String::from_utf8_lossy(&script);
    if global.json {
        line!("{}", json!({ "shell": args.shell.to_string(), "script": script }));
    } else {
        line!("{}", script.trim_end());
    }
    Verdict::Clean
}

/// The command line with the names that its values can have. What is typed is still read as before: that
/// knows second names, and says more of a wrong one.
fn with_names(command: Command) -> Command {
    let (all, owners) = (Process::ALL, service::ALL);
    let processes: Vec<_> = all.iter().map(Process::name).collect();
    let services: Vec<_> = owners.iter().map(Service::name).collect();
    let states: Vec<_> = orders::states().filter(|state| *state != NONE).collect();
    let stores = [&services[..], &["broker", "redis"]].concat();
    let logs = [&processes[..], &["supervisor"]].concat();
    let named: [(&[&str], &str, &[&str]); 7] = [
        (&["kill", "stop", "pause", "start"], "process", &processes),
        (&["wipe"], "store", &stores),
        (&["logs"], "names", &logs),
        (&["up"], "without", &processes),
        (&["heal", "events"], "service", &services),
        (&["orders"], "state", &states),
        (&["trace"], "latest", &states),
    ];
    let all = named.into_iter().flat_map(|(commands, argument, names)| {
        commands.iter().map(move |command| (*command, argument, names))
    });
    all.fold(command, |command, (name, argument, names)| {
        let names = PossibleValuesParser::new(names.iter().map(ToString::to_string));
        command.mut_subcommand(name, |of| of.mut_arg(argument, |arg| arg.value_parser(names)))
    })
}
