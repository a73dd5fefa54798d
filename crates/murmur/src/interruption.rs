//! What ends a command before its work is done: Ctrl-C, SIGTERM, a terminal that goes away, or a
//! standard output that nobody reads any more.
//!
//! Asked once, a command ends in order: its work is dropped, or, if it has something to show, it sees
//! that it [was asked](asked) and shows what it has. Then whatever it has [broken] is
//! mended. Asked twice, the process ends at once and says what it leaves behind.

use std::fmt;
use std::future::pending;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::LazyLock;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::broken;
use crate::cli::Verdict;

/// The exit code of a process that a signal has ended is this, plus the signal's number.
const EXIT_OF_SIGNALS: u8 = 128;

/// Who asked the command to end, if anybody did. The first stands.
static ASKED: LazyLock<watch::Sender<Option<Cause>>> = LazyLock::new(|| watch::channel(None).0);

/// Why a command is to end before its work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A signal, by its number.
    Signal(u8),
    /// Standard output cannot be written any more.
    OutputLost,
}

/// The command was asked to end, and did.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted by {0}")]
pub(crate) struct Interrupted(pub(crate) Cause);

impl Cause {
    /// The exit code of a command that ended for this.
    pub(crate) const fn exit(self) -> u8 {
        match self {
            Self::Signal(number) => EXIT_OF_SIGNALS.saturating_add(number),
            // Who has seen enough is content; what is not written for other reasons is told apart.
            Self::OutputLost => 0,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(1) => f.write_str("SIGHUP"),
            Self::Signal(2) => f.write_str("SIGINT"),
            Self::Signal(15) => f.write_str("SIGTERM"),
            Self::Signal(number) => write!(f, "signal {number}"),
            Self::OutputLost => f.write_str("the loss of its standard output"),
        }
    }
}

/// Asks the command to end.
pub(crate) fn ask(cause: Cause) {
    ASKED.send_if_modified(|asked| {
        let is_first = asked.is_none();
        asked.get_or_insert(cause);
        is_first
    });
}

/// Why the command was asked to end, if it was.
pub(crate) fn cause() -> Option<Cause> {
    *ASKED.borrow()
}

/// Returns once the command is asked to end.
pub(crate) async fn asked() -> Cause {
    loop {
        if let Ok(cause) = ASKED.subscribe().wait_for(Option::is_some).await
            && let Some(cause) = *cause
        {
            return cause;
        }
    }
}

/// Does something, unless the command is asked to end before that is done.
pub(crate) async fn unless_asked<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        _ = asked() => None,
        done = work => Some(done),
    }
}

/// Runs a command that has nothing to show before it is done.
pub(crate) fn run(work: impl Future<Output = anyhow::Result<Verdict>>) -> anyhow::Result<Verdict> {
    run_to_its_end(async {
        tokio::select! {
            cause = asked() => Err(Interrupted(cause).into()),
            ended = work => ended,
        }
    })
}

/// Runs a command that ends by itself, and soon, when it is asked to.
pub(crate) fn run_to_its_end(
    work: impl Future<Output = anyhow::Result<Verdict>>,
) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(until_mended(work));
    // Threads that still compute have nobody to tell.
    runtime.shutdown_background();
    ended
}

/// However the work ends, by a panic, too, what it has broken is mended after it.
async fn until_mended(
    work: impl Future<Output = anyhow::Result<Verdict>>,
) -> anyhow::Result<Verdict> {
    let mut signals = Signals::listen()?;
    let all = async {
        let ended = AssertUnwindSafe(work).catch_unwind().await;
        broken::mend_all().await;
        ended
    };
    tokio::select! {
        ended = all => ended.unwrap_or_else(|panic| resume_unwind(panic)),
        cause = signals.second() => {
            broken::say_what_is_left();
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
            let cause = Cause::Signal(self.next().await);
            if self::cause().is_some() {
                return cause;
            }
            ask(cause);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_a_signal_ended_has_the_exit_code_that_shells_give_it() {
        assert_eq!([1, 2, 15].map(|number| Cause::Signal(number).exit()), [129, 130, 143]);
        assert_eq!(Interrupted(Cause::Signal(2)).to_string(), "interrupted by SIGINT");
    }
}
