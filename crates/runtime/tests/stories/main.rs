//! The runtime against a real nats-server: a file per story.
#![cfg(test)]

mod support;

mod brokers;
mod drills;
mod hands;
mod losses;
mod processes;
mod readings;
mod starts;
