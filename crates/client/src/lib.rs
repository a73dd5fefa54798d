//! What every client of a running Murmuration needs: the run file that says where everything listens,
//! HTTP with tokens and keys, whole streams that are checked as they are read, and waiting.
//!
//! Deliberately absent: what is asked for, and why.

#![allow(missing_docs, reason = "names that say it are not repeated")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each fold and each table is about a few kinds out of all"
)]

pub mod broker_keys;
mod deployment;
pub mod passwords;
pub mod process;
pub mod run_file;
pub mod token_file;

pub mod consistency_token;
pub mod http;

pub mod orders;

pub mod redis;
pub mod streams;
pub mod timeline;

pub mod wait;
