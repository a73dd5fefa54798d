//! Orders at a given rate, and what they cost: what a client sees, what each process takes of the
//! processor, and what the broker alone can do on the same machine, for scale.
//!
//! Load is open-loop: requests are due at fixed times, whatever the services do, and every latency
//! counts from when its request was due. Who waits for an answer before asking again measures only
//! how patient they are.

pub mod fixture;

mod marks;
pub mod order_tracker;

mod ends;
mod load;
mod reads;

pub mod broker_throughput;
pub mod processor_time;

pub mod measurement;

pub mod rate_search;
