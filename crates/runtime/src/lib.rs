//! The shell around an engine: one process that owns one service's database and stream.
//!
//! What to do next is decided by [`engine::process`]; here it is done.
//!
//! # Layout, in reading order
//!
//! * [`mod@serve`]: the life of a service's process, as a numbered list.
//! * [`settings`], [`telemetry`], [`shutdown`], [`exit`]: how it is configured, watched, stopped, and what
//!   its end tells; [`address`]: what of that may be shown; [`seal_keys`]: what its rows are sealed with;
//!   `followed_file`: what may change meanwhile; [`failpoint`]: how it is made to die, for drills.
//! * [`handle`] and [`command_result`]: what a service's routes hold; [`http`]: what they are made of; [`token`]: what
//!   reads and commands wait for; `ticket`: who waits for an answer.
//! * [`entity`]: the routes of whoever owns plain entities.
//! * `driver`: the one loop that carries out what a process asks for; `clock`: its clocks;
//!   `snapshots`: copies of the database, written beside it.
//! * [`reading`]: a stream, whole and in order, for those who are no service.
//! * [`replicas`]: what a service knows of others, in memory; [`status`]: how it stands; [`heartbeat`]: how it
//!   says so to people.
//! * [`healing`]: what an operator is shown who has to choose between a database and its stream.
//! * [`nats`]: the broker; [`tls`]: by what a server is known, and which authorities a client believes.
//!
//! Deliberately absent: any rule about orders, any decision about what a stream proves, and any about
//! what a process does next.

pub mod serve;

pub mod address;
pub mod exit;
pub mod failpoint;
pub mod seal_keys;
pub mod settings;
pub mod shutdown;
pub mod telemetry;

mod followed_file;

pub mod command_result;
pub mod handle;
pub mod http;
pub mod token;

pub mod entity;

mod ticket;

mod clock;
mod driver;
mod snapshots;

pub mod reading;

pub mod replicas;
pub mod status;

pub mod heartbeat;

pub mod healing;

pub mod nats;

pub mod tls;

pub use command_result::{CommandResult, Promise};
pub use exit::arguments;
pub use handle::Handle;
pub use serve::serve;
pub use settings::{NatsSettings, ProcessSettings, Settings};
pub use token::Token;
pub use {async_nats, warp};
