//! How a process ends: its exit code says whether starting it again, as it is, makes sense.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | it was asked to stop, and all that it had committed is in the stream |
//! | 1 | it could not go on; its next start heals or fences |
//! | 64 | it is configured wrongly: starting it again changes nothing (`EX_USAGE`) |
//! | 75 | it was asked to stop, and was cut off: the next start publishes the rest (`EX_TEMPFAIL`) |

use std::ffi::OsString;
use std::io::Write as _;

use clap::Parser;

use crate::address::redacted;

/// The code of a process that could not go on.
const FAILED: u8 = 1;

/// The code of a process that is configured wrongly.
pub const MISCONFIGURED: u8 = 64;

/// The code of a process that was asked to stop and could not finish in time.
pub const CUT_OFF: u8 = 75;

/// Something has to be configured otherwise before this can run.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub struct Misconfigured(pub anyhow::Error);

/// What was begun could not be finished within the time for stopping.
#[derive(Debug, thiserror::Error)]
#[error(
    "stopped before all was acknowledged: the stream has {acknowledged} of {head} rows, and the next start publishes the rest"
)]
pub struct CutOff {
    /// The outbox's end.
    pub head: u64,
    /// Up to where the stream has acknowledged it.
    pub acknowledged: u64,
}

/// The settings from a command line, which begins with how the process is called, and the environment;
/// ends the process if they make no sense, or if only help was asked for.
pub fn arguments<A: Parser>(line: impl IntoIterator<Item = OsString>) -> A {
    A::try_parse_from(line).unwrap_or_else(|error| {
        let shown = print(&error);
        // Whoever has closed the standard error, or has seen enough, reads nothing there. Help that
        // cannot be written for another reason is a failure.
        let lost = shown.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
        std::process::exit(if error.use_stderr() { MISCONFIGURED.into() } else { lost.into() })
    })
}

/// Says what is wrong with a command line, or the help that was asked for, without the secrets that were
/// typed.
///
/// # Errors
/// When it cannot be written.
pub fn print(error: &clap::Error) -> std::io::Result<()> {
    let text = error.render().to_string();
    match redacted(&text) {
        // Help holds nothing that was typed, and shows what addresses look like.
        shown if error.use_stderr() && shown != text => {
            std::io::stderr().write_all(shown.as_bytes())
        }
        _ => error.print(),
    }
}

/// The code for the end of a process's life.
pub(crate) fn code_of(ended: &anyhow::Result<()>) -> u8 {
    let Err(error) = ended else { return 0 };
    if error.is::<Misconfigured>() {
        return MISCONFIGURED;
    }
    if error.is::<CutOff>() {
        return CUT_OFF;
    }
    FAILED
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn each_end_has_its_code_whatever_is_told_around_it() {
        let misconfigured = Misconfigured(anyhow!("no such point"));
        let wrapped = Err::<(), _>(misconfigured).context("cannot start");
        assert_eq!(code_of(&wrapped), 64);
        assert_eq!(code_of(&Err(CutOff { head: 3, acknowledged: 2 }.into())), 75);
        assert_eq!(code_of(&Err(anyhow!("the stream is gone"))), 1);
        assert_eq!(code_of(&Ok(())), 0);
    }
}
