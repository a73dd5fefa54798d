//! The HTTP server: routes on a bound listener until it is time to stop.
//!
//! Deliberately absent: HTTP/2 and TLS. Both belong in front of the services.

use std::convert::Infallible;
use std::future::Ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, HeaderValue, Method, Request, header};
use warp::reply::Response;

use super::fallback::recover;
use super::precondition::{self, answer_conditionally};
use crate::shutdown::Stop;
use crate::telemetry;

/// Routes as a service hands them over.
pub type Routes = BoxedFilter<(Response,)>;

/// Who is asked before the routes are, and answers or does not.
pub type Front = Arc<dyn Fn(&Request<Incoming>) -> Option<Answering> + Send + Sync>;

/// An answer that is there, or comes.
pub type Answering = Either<Ready<Response>, BoxFuture<'static, Response>>;

/// Where a request comes from.
#[derive(Clone, Copy)]
struct Caller(SocketAddr);

/// Pause after a connection could not be accepted, such as for want of descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Binds the address.
///
/// # Errors
/// When it cannot be bound.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is the port taken? Choose another with --listen")
    })
}

/// Where a request comes from; nothing if no server of this module took it.
pub fn caller() -> impl Filter<Extract = (Option<SocketAddr>,), Error = Infallible> + Copy {
    warp::ext::optional::<Caller>().map(|caller: Option<Caller>| caller.map(|Caller(from)| from))
}

/// Serves the routes until it is time to stop, and then, for at most `drain`, what has begun.
pub async fn serve(listener: TcpListener, routes: Routes, stop: Stop, drain: Duration) {
    serve_behind(Arc::new(|_| None), listener, routes, stop, drain).await;
}

/// Like [`serve`], with somebody who is asked first.
pub async fn serve_behind(
    front: Front,
    listener: TcpListener,
    routes: Routes,
    mut stop: Stop,
    drain: Duration,
) {
    let all = live().or(metrics()).unify().or(routes).unify().boxed().recover(recover).unify();
    let routes = TowerToHyperService::new(warp::service(conditional(all.boxed())));
    let open = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.stopped() => break,
        };
        match accepted {
            Ok((stream, caller)) => {
                let (front, routes) = (Arc::clone(&front), routes.clone());
                let caller = Caller(caller);
                let service = service_fn(move |request| ask(&front, &routes, caller, request));
                let connection = connection(stream, service);
                tokio::spawn(open.watch(connection).map(note_end));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(drain, open.shutdown()).await.is_err() {
        tracing::warn!("requests were still open at the deadline");
    }
}

fn connection<S>(stream: TcpStream, service: S) -> http1::Connection<TokioIo<TcpStream>, S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection answers in its own time");
    }
    http1::Builder::new().serve_connection(TokioIo::new(stream), service)
}

fn ask<S>(
    front: &Front,
    routes: &S,
    caller: Caller,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> + use<S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    match front(&request) {
        Some(answering) => Either::Left(answering.map(Ok)),
        None => {
            request.extensions_mut().insert(caller);
            Either::Right(routes.call(request))
        }
    }
}

/// Clients come and go as they like.
fn note_end(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Answers 304 or 412 where a read's preconditions say so.
fn conditional(routes: Routes) -> Routes {
    warp::method()
        .and(warp::header::headers_cloned())
        .and(routes)
        .map(|method: Method, headers: HeaderMap, response: Response| {
            match precondition::asked(&headers) {
                Some(asked) => answer_conditionally(&method, &asked, response),
                None => response,
            }
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
