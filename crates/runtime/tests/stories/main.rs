//! The runtime against a real nats-server: a file per story.
#![cfg(test)]

mod support;

mod brokers;
mod clients;
mod drills;
mod fences;
mod forgeries;
mod hands;
mod heals;
mod heartbeats;
mod limits;
mod losses;
mod processes;
mod readings;
mod redundancy;
mod removals;
mod snapshots;
mod starts;
mod strays;
mod waits;
