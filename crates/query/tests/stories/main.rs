//! The projector and its answers against a real redis-server: one story per file.

#[path = "../support/history.rs"]
mod history;
#[path = "../support/memory.rs"]
mod memory;
#[path = "../support/redis_server.rs"]
mod redis_server;

mod stage;

mod folding;
mod losses;
mod refusals;
mod rivals;
