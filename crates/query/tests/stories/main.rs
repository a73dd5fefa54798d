//! The projector and its answers against a real redis-server: one story per file.
#![cfg(test)]

#[path = "../support/history.rs"]
#[allow(dead_code, reason = "the tests of the fold share it, and need more of it")]
mod history;
#[path = "../support/memory.rs"]
mod memory;
#[path = "../support/nats_server.rs"]
mod nats_server;
#[path = "../support/redis_server.rs"]
mod redis_server;
#[path = "../support/rest_client.rs"]
mod rest_client;
#[path = "../support/schema.rs"]
mod schema;

mod stage;

mod answers;
mod audited;
mod broker;
mod cache;
mod feed;
mod folding;
mod live;
mod losses;
mod next;
mod order_list;
mod parked;
mod process;
mod processes;
mod promises;
mod questions;
mod rebuild;
mod redis_users;
mod refusals;
mod reports;
mod rest;
mod rivals;
mod search;
mod session;
mod tls;
mod wire;
