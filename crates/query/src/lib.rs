//! The read side: all six streams folded into Redis, and the answers that no single service can give.
//!
//! # Layout, in reading order
//!
//! * `projection`: what a view is; [`projections`]: those that are kept, one file each, over what [`records`] share; [`keys`] and
//!   [`positions`]: under which names, and how far they have come.
//! * [`saga`]: one order across all services, and who owes what next.
//! * [`fold`]: from a batch of events and the records that they touch to the records afterwards.
//! * [`store`]: Redis, and the one script that writes.
//! * [`projector`]: from [`sources`] of rows through folds into the store; [`projector_status`]: where that is.
//! * [`reader`]: everything that one answer needs, in one round trip; [`freshness`]: how far behind that is.
//! * [`query`]: what a query is; [`queries`]: those that are answered, one file each.
//! * [`cache`]: the same answers from memory; [`http`]: over REST.
//! * [`generations`]: the read model built anew beside the one that is read.
//! * [`search`]: an index of its own over what can be found, in memory.
//! * [`processes`]: how the services' processes are, by their own word.
//! * [`parked`]: events that could not be folded, and what people have said of them.
//! * [`events`]: one event, from its stream; [`operator_folder`]: what supervisor and auditor leave.
//! * [`live`] and [`page`]: what people look at, and what keeps it moving; [`session`]: how a browser signs in.
//! * [`process`], with its [`settings`]: the life of it all.
//!
//! Deliberately absent: any command, and any state that could not be lost. Redis can be flushed at
//! any moment, and the streams fill it again.
#![allow(
    missing_docs,
    reason = "a program: what is public here is so for its tests and the simulator"
)]

mod projection;
pub mod projections;
pub mod records;

pub mod keys;
pub mod positions;

pub mod saga;

pub mod fold;

pub mod store;

pub mod projector_status;
pub mod sources;

pub mod projector;

pub mod freshness;
pub mod reader;

pub mod search;

pub mod queries;
pub mod query;

pub mod cache;
pub mod http;

pub mod generations;

pub mod processes;

pub mod parked;

pub mod events;
pub mod operator_folder;

pub mod live;
pub mod page;
pub mod session;

pub mod process;
pub mod settings;

#[cfg(test)]
#[path = "../tests/support/history.rs"]
mod history;
