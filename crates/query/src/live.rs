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
pub mod seats;

use std::time::Duration;

use contracts::problems;
use runtime::http::server::Routes;
use runtime::http::{Caller, Problem, Response, caller};
use runtime::shutdown::Stop;
use runtime::warp::{self, Filter, Reply as _};
use tokio::sync::watch;

use listener::Listener;
use seats::{Full, LISTENERS_EACH_MAX, LISTENERS_MAX, Seats};
use update::Source;

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
    let seats = Seats::default();
    warp::path!("live")
        .and(warp::get())
        .and(caller())
        .map(move |caller: Caller| match seats.take(caller.client()) {
            Ok(seat) => respond(Listener::new(subscriber.subscribe(), stop.clone(), seat)),
            Err(full) => too_many(full),
        })
        .boxed()
}

fn respond(listener: Listener) -> Response {
    let events = warp::sse::keep_alive().interval(KEEP_ALIVE).stream(listener.events());
    warp::sse::reply(events).into_response()
}

fn too_many(full: Full) -> Response {
    let detail = match full {
        Full::All => format!("at most {LISTENERS_MAX} may listen at once"),
        Full::Client => {
            format!(
                "at most {LISTENERS_EACH_MAX} of one client may listen at once: close some pages"
            )
        }
    };
    Problem::new(&problems::TOO_MANY_LISTENERS).detail(detail).retry_after(5).into_response()
}
