//! A system of one's own, and how to talk to it.

mod http;
mod system;

pub(crate) use http::Answer;
pub(crate) use system::{System, program, wait_until};
