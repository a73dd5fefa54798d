//! What ends a command before its work is done: Ctrl-C, SIGTERM, a terminal that goes away, or a
//! standard output that nobody reads any more.

use std::fmt;
use std::sync::LazyLock;

use tokio::sync::watch;

/// The exit code of a process that a signal has ended is this, plus the signal's number.
const EXIT_OF_SIGNALS: u8 = 128;

/// Who asked the command to end, if anybody did. The first stands.
static ASKED: LazyLock<watch::Sender<Option<Cause>>> = LazyLock::new(|| watch::channel(None).0);

/// Why a command is to end before its work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A signal, by its number.
    Signal(u8),
    /// Standard output cannot be written any more.
    OutputLost,
}

/// The command was asked to end, and did.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted by {0}")]
pub struct Interrupted(pub(crate) Cause);

impl Cause {
    /// The exit code of a command that ended for this.
    pub const fn exit(self) -> u8 {
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
pub fn ask(cause: Cause) {
    ASKED.send_if_modified(|asked| {
        let is_first = asked.is_none();
        asked.get_or_insert(cause);
        is_first
    });
}

/// Why the command was asked to end, if it was.
pub fn cause() -> Option<Cause> {
    *ASKED.borrow()
}

/// Returns once the command is asked to end.
pub async fn asked() -> Cause {
    loop {
        if let Ok(cause) = ASKED.subscribe().wait_for(Option::is_some).await
            && let Some(cause) = *cause
        {
            return cause;
        }
    }
}

/// Does something, unless the command is asked to end before that is done.
pub async fn unless_asked<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        _ = asked() => None,
        done = work => Some(done),
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
