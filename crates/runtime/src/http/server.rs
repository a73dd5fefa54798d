//! The HTTP server: an API on a bound listener until it is time to stop, with limits on all that a
//! client can send, hold or leave undone.
//!
//! Deliberately absent: HTTP/2. It belongs in front of the services.

mod connections;
mod stall;
mod wire;

use std::convert::Infallible;
use std::error::Error;
use std::future::Ready;
use std::io::Write as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::{BoxFuture, Either};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, Request, Response as HttpResponse, header};
use warp::reply::Response;

use super::api::Api;
use super::fallback::recover;
use super::gate::Gate;
use super::precondition::{self, answer_conditionally};
use super::problem::{Problem, kinds};
use super::{compression, security};
use crate::shutdown::Stop;
use crate::telemetry;
use crate::tls::Certificate;
use connections::{Connections, Permit};
use wire::Wire;

/// Routes as a service hands them over.
pub type Routes = BoxedFilter<(Response,)>;

/// Who is asked before the routes are, and answers or does not.
pub type Front = Arc<dyn Fn(&Request<Incoming>) -> Option<Answering> + Send + Sync>;

/// An answer that is there, or comes.
pub type Answering = Either<Ready<Response>, BoxFuture<'static, Response>>;

/// How long a client is waited for, whatever it is in the middle of: long for any line worth the
/// name, and short for a connection that nobody uses.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pause after a connection could not be accepted, such as for want of descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How long clients are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the head of a request, and for a next one on a connection that is kept. Clients of ours
    /// give up an idle connection before.
    pub head: Duration,
    /// For the body of a request.
    pub body: Duration,
    /// For a client to take anything of what it is sent.
    pub taken: Duration,
}

/// Where a request comes from.
#[derive(Clone)]
pub(super) struct Origin {
    from: SocketAddr,
    permit: Arc<Permit>,
    body_within: Duration,
}

/// What every connection asks.
struct Server<S> {
    gate: Gate,
    front: Option<Front>,
    routes: S,
}

/// A body, and the place of its connection, which waits for its client again once it is sent.
struct Sent<B> {
    body: B,
    permit: Arc<Permit>,
}

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
pub fn origin() -> impl Filter<Extract = (Option<SocketAddr>,), Error = Infallible> + Copy {
    warp::ext::optional::<Origin>().map(|origin: Option<Origin>| origin.map(|origin| origin.from))
}

/// Serves an API until it is time to stop, and then, until the stop's deadline, what has begun.
pub async fn serve(listener: TcpListener, api: impl Into<Api>, mut stop: Stop) {
    let api: Api = api.into();
    let connections = Connections::within_descriptors(api.descriptors_each);
    let patience = api.patience;
    if let Some(tokens) = api.guard.tokens() {
        tokio::spawn(Arc::clone(tokens).follow(stop.clone()));
    }
    let certificate = api.certificate.clone();
    if let Some(certificate) = &certificate {
        tokio::spawn(Arc::clone(certificate).follow(stop.clone()));
    }
    let server = Arc::new(Server::of(api));
    let open = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.stopped() => break,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let Some(permit) = connections.admit() else {
            turn_away(stream, certificate.is_some());
            continue;
        };
        let origin = Origin { from, permit: Arc::clone(&permit), body_within: patience.body };
        let (server, local) = (Arc::clone(&server), stream.local_addr().unwrap_or(from));
        let service =
            service_fn(move |request| Arc::clone(&server).answer(origin.clone(), local, request));
        let (watcher, certificate, stop) = (open.watcher(), certificate.clone(), stop.clone());
        let served = async move {
            let opened = opened(stream, certificate, patience, stop).await;
            let Some(wire) = opened else { return };
            note_end(watcher.watch(connection(wire, service, patience)).await);
        };
        tokio::spawn(async move {
            tokio::select! {
                () = served => {}
                () = permit.taken_away() => tracing::debug!("a waiting connection made room"),
            }
        });
    }
    drop(listener);
    if stop.in_time(open.shutdown()).await.is_none() {
        tracing::warn!("requests were still open at the deadline");
    }
}

/// The connection, once HTTP can be spoken on it. Nobody has begun anything before: it is not waited for when
/// it is time to stop.
async fn opened(
    stream: TcpStream,
    certificate: Option<Arc<Certificate>>,
    patience: Patience,
    mut stop: Stop,
) -> Option<Wire> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection answers in its own time");
    }
    if certificate.is_none() {
        return Wire::open(stream, None, patience).await.ok();
    }
    tokio::select! {
        opened = Wire::open(stream, certificate.as_deref(), patience) => match opened {
            Ok(wire) => Some(wire),
            Err(error) => {
                tracing::debug!(%error, "a connection came to no handshake");
                None
            }
        },
        () = stop.stopped() => None,
    }
}

fn connection<S, B>(
    wire: Wire,
    service: S,
    patience: Patience,
) -> http1::Connection<TokioIo<Wire>, S>
where
    S: Service<Request<Incoming>, Response = HttpResponse<B>, Error = Infallible>,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .serve_connection(TokioIo::new(wire), service)
}

impl Server<()> {
    fn of(
        api: Api,
    ) -> Server<
        impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
        + Send
        + Sync,
    > {
        let (gate, front) = (Gate::of(&api), api.front);
        let all = live().or(metrics()).unify().or(api.routes).unify().boxed();
        let routes = TowerToHyperService::new(warp::service(all.recover(recover).unify().boxed()));
        Server { gate, front, routes }
    }
}

impl<S> Server<S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    async fn answer(
        self: Arc<Self>,
        origin: Origin,
        local: SocketAddr,
        mut request: Request<Incoming>,
    ) -> Result<HttpResponse<impl Body<Data = bytes::Bytes, Error = warp::Error>>, Infallible> {
        let permit = Arc::clone(&origin.permit);
        if request.body().is_end_stream() {
            permit.answers();
        }
        let method = request.method().clone();
        let compression = compression::Asked::of(&method, request.headers_mut());
        let conditions = precondition::asked(request.headers());
        let page = self.gate.page_of(request.headers());
        let mut response = match self.gate.pass(&mut request, origin.from, local) {
            Ok(()) => self.ask(origin, request).await?,
            Err(refused) => *refused,
        };
        let is_compressed = compression.decide(&mut response);
        let response = match conditions {
            Some(conditions) => answer_conditionally(&method, &conditions, response),
            None => response,
        };
        let response = compression::complete(response, is_compressed).await;
        let response = self.gate.complete(security::complete(response), page.as_ref());
        Ok(response.map(|body| Sent { body, permit }))
    }

    async fn ask(
        &self,
        origin: Origin,
        mut request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        match self.front.as_ref().and_then(|front| front(&request)) {
            Some(answering) => Ok(answering.await),
            None => {
                request.extensions_mut().insert(origin);
                self.routes.call(request).await
            }
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: PATIENCE, body: PATIENCE, taken: PATIENCE }
    }
}

impl Origin {
    /// How long the body of its request may take.
    pub(super) const fn body_within(&self) -> Duration {
        self.body_within
    }

    /// All of its request is here.
    pub(super) fn answers(&self) {
        self.permit.answers();
    }
}

impl<B: Body + Unpin> Body for Sent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Sent<B> {
    fn drop(&mut self) {
        self.permit.waits();
    }
}

/// Waiting would keep everybody behind it from the answer that they, too, would get. Who waits for a handshake
/// can be told nothing.
fn turn_away(stream: TcpStream, speaks_tls: bool) {
    metrics::counter!("murmur_http_connections_turned_away_total").increment(1);
    if speaks_tls {
        return;
    }
    let problem = Problem::new(&kinds::TOO_MANY_CONNECTIONS).body();
    let answer = plain_answer("503 Service Unavailable\r\nretry-after: 1", &problem);
    let written = stream.into_std().and_then(|mut stream| stream.write_all(answer.as_bytes()));
    if let Err(error) = written {
        tracing::debug!(%error, "a client for whom there is no place was not told so");
    }
}

/// An answer for who has not asked anything yet.
fn plain_answer(status: &str, problem: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\n\r\n{problem}",
        problem.len()
    )
}

/// Clients come and go as they like.
fn note_end(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
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

#[cfg(test)]
mod tests;
