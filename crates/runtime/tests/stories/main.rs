//! The runtime against a real nats-server: a file per story.
#![cfg(test)]

mod support;

mod brokers;
mod processes;
mod readings;
mod starts;
