//! `murmur serve`: one service, query or the composer, as a process of its own.
//!
//! All that comes after the process's name is the process's own command line; its options, its exit codes
//! and its log know nothing of the operator's command. The stores are programs of others.

use std::ffi::OsString;

use anyhow::anyhow;
use clap::Parser;
use client::process::Process;
use contracts::service;
use terminal::verdict::{Misuse, Verdict};

/// What `murmur serve` takes.
#[derive(Debug, clap::Args)]
#[command(override_usage = "murmur serve <PROCESS> [OPTIONS]", after_help = PROCESSES)]
pub(crate) struct Args {
    #[command(subcommand)]
    process: Served,
}

const PROCESSES: &str = "customer, product, order, inventory, payment, shipping, query, composer: \
    `murmur serve order --help` says what order takes";

#[derive(Debug, clap::Subcommand)]
enum Served {
    /// Its name, and its command line as it stands.
    #[command(external_subcommand)]
    Process(Vec<OsString>),
}

/// Runs the process until it is asked to stop, or has to.
pub(crate) fn run(args: Args) -> anyhow::Result<Verdict> {
    let Served::Process(line) = args.process;
    let process = process_of(&line).map_err(Misuse)?;
    let exit = match process {
        Process::Service(service::CUSTOMER) => customer::process::run(read(process, line)),
        Process::Service(service::PRODUCT) => product::process::run(read(process, line)),
        Process::Service(service::ORDER) => order::process::run(read(process, line)),
        Process::Service(service::INVENTORY) => inventory::process::run(read(process, line)),
        Process::Service(service::PAYMENT) => payment::process::run(read(process, line)),
        Process::Service(service::SHIPPING) => shipping::process::run(read(process, line)),
        Process::Query => query::process::run(read(process, line)),
        Process::Composer => composer::process::run(read(process, line)),
        Process::Service(_) | Process::Nats | Process::Redis => {
            return Err(Misuse(anyhow!("{process} is a program of its own")).into());
        }
    };
    Ok(Verdict::Process(exit))
}

fn process_of(line: &[OsString]) -> anyhow::Result<Process> {
    let name = line.first().and_then(|name| name.to_str()).unwrap_or_default();
    Ok(name.parse()?)
}

/// A process's own command line; ends this one if it makes no sense.
fn read<A: Parser>(process: Process, line: Vec<OsString>) -> A {
    let called = OsString::from(format!("murmur serve {process}"));
    runtime::arguments([called].into_iter().chain(line.into_iter().skip(1)))
}
