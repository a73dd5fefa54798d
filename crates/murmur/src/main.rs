//! `murmur`: the operator's command. It starts a whole Murmuration on one machine, shows what it
//! does, drives it with scenarios and real input, and audits what came out.
//!
//! It is a client like any other: it talks to the services over REST, reads their streams, and
//! signals only processes that it started itself. Deliberately absent: any part in the choreography.
//! Nothing here is needed for an order to reach its end.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each fold and each table is about a few kinds out of all"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to people")]

mod cli;

mod awaiting;
mod control;
mod process;
mod redundancy;
mod running;
mod up;

mod amounts;
mod http;
mod output;
mod seen;
mod streams;
mod table;

mod contract;
mod events;
mod heal;
mod status;
mod trace;
mod views;

mod audit;
mod bench;
mod chaos;
mod compare_joins;
mod replay;
mod scenario;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Misuse, Verdict};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(Verdict::Clean) => ExitCode::SUCCESS,
        Ok(Verdict::Found) => ExitCode::from(1),
        Err(error) => {
            eprintln!("murmur: {error:#}");
            ExitCode::from(if error.is::<Misuse>() { 2 } else { 1 })
        }
    }
}
