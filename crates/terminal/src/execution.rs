//! Runs a command to its end, whatever ends it.
//!
//! Asked once, a command ends in order: its work is dropped, or, if it has something to show, it sees
//! that it [was asked](asked) and shows what it has. Then all [cleanups](crate::cleanup) are run.
//! Asked twice, the process ends at once and says what it leaves behind.

use std::future::pending;
use std::panic::{AssertUnwindSafe, resume_unwind};

use anyhow::Context as _;
use futures_util::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cleanup;
use crate::interruption::{Cause, Interrupted, ask, asked, cause};

/// Runs a command that has nothing to show before it is done.
pub fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    run_to_its_end(async {
        tokio::select! {
            cause = asked() => Err(Interrupted(cause).into()),
            ended = work => ended,
        }
    })
}

/// Runs a command that ends by itself, and soon, when it is asked to.
pub fn run_to_its_end<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(until_cleaned_up(work));
    // Threads that still compute have nobody to tell.
    runtime.shutdown_background();
    ended
}

/// However the work ends, by a panic, too, its cleanups are run after it.
async fn until_cleaned_up<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut signals = Signals::listen()?;
    let all = async {
        let ended = AssertUnwindSafe(work).catch_unwind().await;
        cleanup::run_all().await;
        ended
    };
    tokio::select! {
        ended = all => ended.unwrap_or_else(|panic| resume_unwind(panic)),
        cause = signals.second() => {
            cleanup::say_what_is_left();
            Err(Interrupted(cause).into())
        }
    }
}

/// The signals that ask a command to end.
struct Signals([(u8, Signal); 3]);

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let one = |kind: SignalKind| {
            let number = u8::try_from(kind.as_raw_value())?;
            anyhow::Ok((number, signal(kind).context("cannot listen to signals")?))
        };
        Ok(Self([
            one(SignalKind::interrupt())?,
            one(SignalKind::terminate())?,
            one(SignalKind::hangup())?,
        ]))
    }

    /// Passes the first on, and returns at the second.
    async fn second(&mut self) -> Cause {
        loop {
            let signal = Cause::Signal(self.next().await);
            if cause().is_some() {
                return signal;
            }
            ask(signal);
        }
    }

    async fn next(&mut self) -> u8 {
        let [interrupt, terminate, hang_up] = &mut self.0;
        let number = tokio::select! {
            Some(()) = interrupt.1.recv() => interrupt.0,
            Some(()) = terminate.1.recv() => terminate.0,
            Some(()) = hang_up.1.recv() => hang_up.0,
            else => pending().await,
        };
        number
    }
}
