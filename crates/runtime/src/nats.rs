//! The broker: connecting, the streams as they have to be, and rows on the wire.

pub mod connection;
pub mod streams;
pub mod wire;

pub(crate) mod claims;

mod login;
mod trouble;

pub use connection::Connection;
