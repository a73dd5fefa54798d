//! `GET /live`: the dashboard, sent again whenever it has changed, as server-sent events.
//!
//! One task works out what all listeners are sent ([`update`]), and only while anybody listens. Each
//! listener is sent everything first, and then the sections that differ from what it has
//! ([`listener`]); so a connection that breaks costs nothing but a new one, and `Last-Event-ID` is
//! not needed.
//!
//! Deliberately absent: history. A listener that is slow misses updates, and never what is true now.

pub mod update;

pub mod listener;

use std::sync::Arc;
use std::time::Duration;

use runtime::http::server::Routes;
use runtime::http::{Problem, Response, StatusCode};
use runtime::shutdown::Stop;
use runtime::warp::{self, Filter, Reply as _};
use tokio::sync::{Semaphore, watch};

use listener::Listener;
use update::Source;

/// Most listeners at once: each holds a connection for as long as somebody looks at the page.
pub const LISTENERS_MAX: usize = 64;

/// Proxies close connections on which nothing is sent for long.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The routes, and the task that feeds them.
///
/// `changed` need only be marked as changed whenever the answers may have.
#[must_use]
pub fn routes<T: Send + Sync + 'static>(
    source: Source,
    changed: watch::Receiver<T>,
    stop: Stop,
) -> Routes {
    let (publisher, subscriber) = update::channel();
    tokio::spawn(publisher.run(source, changed, stop.clone()));
    let seats = Arc::new(Semaphore::new(LISTENERS_MAX));
    warp::path!("live")
        .and(warp::get())
        .map(move || match Arc::clone(&seats).try_acquire_owned() {
            Ok(seat) => respond(Listener::new(subscriber.subscribe(), stop.clone(), seat)),
            Err(_) => too_many(),
        })
        .boxed()
}

fn respond(listener: Listener) -> Response {
    let events = warp::sse::keep_alive().interval(KEEP_ALIVE).stream(listener.events());
    warp::sse::reply(events).into_response()
}

fn too_many() -> Response {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", "Too many pages listen")
        .detail(format!("at most {LISTENERS_MAX} may listen at once"))
        .retry_after(5)
        .into_response()
}
