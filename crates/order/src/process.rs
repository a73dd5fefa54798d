//! The process of the order service.

use clap::Parser;

use crate::domain::{DEADLINE_MS_MAX, DEADLINE_MS_MIN, HAND_OVER_MS_MAX};
use crate::{OrderDomain, api};

/// Takes orders, and brings each to its one end.
#[derive(Debug, Parser)]
#[command(name = "order", version)]
pub struct Arguments {
    #[command(flatten)]
    settings: runtime::Settings,
    /// Milliseconds after which an order that is not confirmed is cancelled, unless it says otherwise
    #[arg(
        long,
        env = "MURMUR_DEADLINE_MS",
        default_value_t = 30_000,
        value_parser = clap::value_parser!(u32).range(i64::from(DEADLINE_MS_MIN)..=i64::from(DEADLINE_MS_MAX))
    )]
    deadline_ms: u32,
    /// Milliseconds for which an order can still be cancelled when all is taken, unless it says otherwise
    #[arg(
        long,
        env = "MURMUR_HAND_OVER_MS",
        default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(..=i64::from(HAND_OVER_MS_MAX))
    )]
    hand_over_ms: u32,
}

/// Runs until the process is asked to stop, or has to; the exit code.
pub fn run(arguments: Arguments) -> u8 {
    let Arguments { settings, deadline_ms, hand_over_ms } = arguments;
    runtime::serve(settings, OrderDomain { deadline_ms, hand_over_ms }, api::api)
}
