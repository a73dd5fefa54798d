//! The composer against owners that behave as no owner should, each a small TCP server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod stage;
mod strange_owner;

mod answering;
mod breaking;
mod misbehaving;
