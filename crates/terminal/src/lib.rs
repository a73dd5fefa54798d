//! How a command speaks, and how it ends.
//!
//! Results go to standard output and everything else to standard error, for people or, as JSON, for
//! scripts. A command that is interrupted puts right what it has changed. Deliberately absent: any
//! knowledge of what the commands do.

#![allow(missing_docs, reason = "names that say it are not repeated")]

pub mod verdict;

pub mod interruption;

pub mod hint;
pub mod output;
pub mod quantity;
pub mod table;

pub mod cleanup;
pub mod execution;
