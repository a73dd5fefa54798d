//! A system of one's own, and how to talk to it.

mod broker;
mod browser;
mod forger;
mod http;
mod load;
mod system;

pub(crate) use broker::Broker;
pub(crate) use browser::{Browser, Screen};
pub(crate) use forger::Forger;
pub(crate) use http::{Answer, send, send_bare};
pub(crate) use load::under_load;
pub(crate) use system::{System, program, wait_until};
