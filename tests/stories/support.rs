//! A system of one's own, and how to talk to it.

mod broker;
mod browser;
mod forger;
mod http;
mod load;
mod redis;
mod system;

pub(crate) use broker::Broker;
pub(crate) use browser::{Browser, Screen};
pub(crate) use forger::Forger;
pub(crate) use http::{Answer, send, send_bare};
pub(crate) use load::under_load;
pub(crate) use redis::say as say_to_redis;
pub(crate) use system::{System, is_within_patience, program, wait_until};
