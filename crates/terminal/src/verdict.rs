//! What a command says in its exit code.
//!
//! 0 all is well, 1 something was found or failed, 2 the command line, or a file that it names, is
//! wrong, 3 nothing wrong was found and not everything could be compared, 128 and more: a signal ended
//! it (130 for Ctrl-C).

use crate::interruption::{Cause, Interrupted};

/// What a command that looked for something says in its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    /// Something was found, and has been printed.
    Found,
    /// It was asked to end before it was through, and has printed what there was.
    Partial(Cause),
    /// Nothing was found, and not everything could be looked at.
    Incomplete,
    /// Of a process that ran in place of the command: its exit code.
    Process(u8),
}

/// What was asked for makes no sense: nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub struct Misuse(pub anyhow::Error);

/// A check could not look at all, which says nothing about what it would have found.
#[derive(Debug, thiserror::Error)]
#[error("nothing could be compared")]
pub struct NothingCompared;

impl Verdict {
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Found => 1,
            Self::Incomplete => 3,
            Self::Partial(cause) => cause.exit(),
            Self::Process(exit) => exit,
        }
    }
}

/// The exit code of a command that failed.
pub fn exit_code_of(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Interrupted>() {
        Some(Interrupted(cause)) => cause.exit(),
        None if error.is::<Misuse>() => 2,
        None if error.is::<NothingCompared>() => 3,
        None => 1,
    }
}
