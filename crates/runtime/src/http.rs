//! REST for services: what every API here has in common, so that a service writes only its routes.
//!
//! # Layout
//!
//! * [`problem`]: the one error type, RFC 9457, and the explanation of each kind.
//! * [`mod@command`], [`mod@moment`], [`mod@page`], [`path`] and [`query`]: from a request to what a handler needs.
//! * [`mod@verbose`]: what else `/readyz` can be asked.
//! * [`precondition`]: what a client demands of the state that it reads or changes.
//! * [`mod@answer`]: from what a handler has to a response.
//! * [`fallback`]: what is answered where no route is.
//! * [`openapi`]: the API, described, and a page to try it.
//! * [`api`]: routes with the table of what they take; [`gate`]: what every request has to pass.
//! * [`auth`]: who may ask for what.
//! * `compression`: answers in fewer bytes; `security`: what every answer says to browsers.
//! * [`server`]: connections, with limits on all that a client can send or hold.

pub mod problem;

pub mod command;
pub mod moment;
pub mod page;
pub mod path;
pub mod precondition;
pub mod query;
pub mod verbose;

pub mod answer;

pub mod fallback;
pub mod openapi;

pub mod api;
pub mod auth;
mod compression;
pub mod gate;
mod security;
pub mod server;

pub use answer::{answer, json, paged, result, with_promise};
pub use api::Api;
pub use auth::{Caller, Scope, caller};
pub use command::{BODY_BYTES_MAX, CommandRequest, bodyless_command, command, token};
pub use moment::moment;
pub use page::{PageRequest, page};
pub use path::id;
pub use precondition::validated;
pub use problem::Problem;
pub use verbose::verbose;
pub use warp::http::StatusCode;
pub use warp::reply::Response;

/// The consistency token, in requests and responses.
pub const TOKEN_HEADER: &str = "murmur-token";
/// Where an answered change is kept, in responses.
pub const DURABILITY_HEADER: &str = "murmur-durability";
/// The least durability that a client accepts, in requests.
pub const REQUIRE_DURABILITY_HEADER: &str = "murmur-require-durability";
/// The client's name for a command, in requests.
pub const IDEMPOTENCY_KEY_HEADER: &str = "idempotency-key";
/// Says that the answer is the repeat of an earlier one, in responses.
pub const REPLAYED_HEADER: &str = "idempotency-replayed";
