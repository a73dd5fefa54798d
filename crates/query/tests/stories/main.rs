//! The projector and its answers against a real redis-server: one story per file.
#![cfg(test)]

#[path = "../support/history.rs"]
#[allow(dead_code, reason = "the tests of the fold share it, and need more of it")]
mod history;
#[path = "../support/memory.rs"]
mod memory;
#[path = "../support/redis_server.rs"]
mod redis_server;

mod stage;

mod answers;
mod folding;
mod losses;
mod refusals;
mod rivals;
