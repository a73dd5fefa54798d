//! `murmur`: the operator's command. It starts a whole Murmuration on one machine, shows what it
//! does, drives it with scenarios and real input, and audits what came out.
//!
//! It is a client like any other: it talks to the services over REST, reads their streams, and
//! signals only processes that it started itself. Deliberately absent: any part in the choreography.
//! Nothing here is needed for an order to reach its end, but for `serve`: this program is also every
//! service, so that what they share is compiled, linked and kept on disk once.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each fold and each table is about a few kinds out of all"
)]

mod cli;
mod command_line;
mod config_file;
mod global;
mod help;

mod completions;
mod config;

mod serve;
mod up;

mod act;
mod aside;
mod down;
mod effect;
mod logs;
mod new;
mod page;
mod status;
mod wipe;

mod contract;
mod events;
mod heal;
mod orders;
mod parked;
mod rebuild;
mod stuck;
mod trace;
mod views;

mod audit;
mod bench;
mod chaos;
mod compare_joins;
mod drill;
mod import;
mod load;
mod replay;
mod scenario;
mod simulate;
mod verify;

use std::io::ErrorKind;
use std::process::ExitCode;

use terminal::interruption::Interrupted;
use terminal::output;
use terminal::verdict::{Verdict, exit_code_of};

/// Folding events makes and drops many small values: with the system's allocator a third of the time
/// in which query rebuilds a read model goes into that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let ended = command_line::parse().map_or_else(Ended::silent, |cli| Ended::of(cli::run(cli)));
    ExitCode::from(ended.report())
}

/// How a command ended.
struct Ended {
    exit: u8,
    /// Why it failed, unless that has been said.
    error: Option<anyhow::Error>,
}

impl Ended {
    const fn silent(exit: u8) -> Self {
        Self { exit, error: None }
    }

    fn of(ended: anyhow::Result<Verdict>) -> Self {
        match ended {
            Ok(verdict) => Self::silent(verdict.exit_code()),
            Err(error) => Self { exit: exit_code_of(&error), error: Some(error) },
        }
    }

    /// Says why it failed; its exit code. A result that nobody got is a failure, unless its reader had
    /// seen enough.
    fn report(self) -> u8 {
        let lost = output::lost();
        if let Some(lost) = lost.filter(|lost| lost.kind() != ErrorKind::BrokenPipe) {
            let exit = self.exit.max(1);
            output::print_error(&format!("cannot write to standard output: {lost}"), exit);
            return exit;
        }
        if let Some(error) = self.error.filter(|error| lost.is_none() || !error.is::<Interrupted>())
        {
            output::print_error(&format!("{error:#}"), self.exit);
        }
        self.exit
    }
}
