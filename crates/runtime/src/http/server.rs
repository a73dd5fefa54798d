//! The HTTP server: routes on a bound listener until it is time to stop.
//!
//! Deliberately absent: HTTP/2 and TLS. Both belong in front of the services.

use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::fallback::recover;
use crate::shutdown::Stop;
use crate::telemetry;

/// Routes as a service hands them over.
pub type Routes = BoxedFilter<(Response,)>;

/// Binds the address.
///
/// # Errors
/// When it cannot be bound.
pub async fn bind(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is the port taken? Choose another with --listen")
    })
}

/// Serves the routes until it is time to stop, and then, for at most `drain`, what has begun.
pub async fn serve(listener: TcpListener, routes: Routes, mut stop: Stop, drain: Duration) {
    let mut stopping = stop.clone();
    let all = live().or(metrics()).unify().or(routes).unify().boxed().recover(recover).unify();
    let server = warp::serve(conditional(all.boxed()))
        .incoming(listener)
        .graceful(async move { stopping.stopped().await })
        .run();
    let deadline = async {
        stop.stopped().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = server => {}
        () = deadline => tracing::warn!("requests were still open at the deadline"),
    }
}

/// Answers 304 where the client holds the entity already.
fn conditional(routes: Routes) -> Routes {
    warp::header::optional::<String>("if-none-match")
        .and(routes)
        .map(|held: Option<String>, mut response: Response| {
            let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
            let same = held.zip(tag).is_some_and(|(held, tag)| {
                held.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
            });
            if same {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                *response.body_mut() = "".into();
                response.headers_mut().remove(header::CONTENT_TYPE);
            }
            response
        })
        .boxed()
}

fn live() -> Routes {
    warp::path!("livez").and(warp::get()).map(|| text("live\n".to_owned())).boxed()
}

fn metrics() -> Routes {
    warp::path!("metrics").and(warp::get()).map(|| text(telemetry::metrics())).boxed()
}

/// Plain text; the version is that of Prometheus' format, and means nothing to others.
fn text(content: String) -> Response {
    let mut response = Response::new(content.into());
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
