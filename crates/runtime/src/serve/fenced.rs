//! The life of a service whose database cannot be used: it says so until it is stopped, and touches
//! nothing.

use std::sync::Arc;

use anyhow::Context as _;
use engine::Domain;
use engine::starting::Fence;
use warp::Filter as _;

use super::{measure_redundant, status_routes};
use crate::handle::fenced;
use crate::heartbeat::Heartbeats;
use crate::http::auth::Guard;
use crate::http::openapi::{self, Document};
use crate::http::{Api, server};
use crate::nats::Connection;
use crate::settings::ProcessSettings;
use crate::shutdown::{asked_to_stop, stop_signal};
use crate::status::Status;
use crate::tls::Certificate;

/// Answers everything with why the service is fenced, until it is asked to stop.
pub(super) async fn live<D: Domain>(
    settings: &ProcessSettings,
    guard: Guard,
    certificate: Option<Arc<Certificate>>,
    fence: Fence,
) -> anyhow::Result<()> {
    let service = D::SERVICE;
    let status = Status::fenced(service, &fence);
    let listener = server::bind(settings.listen).await?;
    tracing::info!(%service, address = %listener.local_addr()?, "listening");
    let (stopper, stop) = stop_signal(settings.drain());
    tokio::spawn(measure_redundant(status.clone()));
    let heartbeats = match Connection::open(&settings.nats, service.name()).await {
        Ok(connection) => Some(Heartbeats::begin::<D>(connection, status.clone())),
        Err(error) => {
            tracing::warn!("the fence is told over HTTP alone: {error:#}");
            None
        }
    };
    let standing = status.clone();
    let refuse = warp::any().map(move || fenced(&standing.standing()).into_response());
    let all = status_routes(status, || None).or(refuse).unify().boxed();
    let document = Document::new(service.name(), "It is fenced.", openapi::standing(), &[]);
    let api = Api::new(all, document)
        .open()
        .called(&settings.http.hosts)
        .guarded(guard)
        .known_by(certificate)
        .open_to(&settings.http.origins);
    let serving = tokio::spawn(server::serve(listener, api, stop));
    let reason = asked_to_stop(settings.until_stdin_closes).await?;
    tracing::info!(reason, "stopping");
    stopper.stop(reason);
    if let Some(heartbeats) = heartbeats {
        heartbeats.end(None).await;
    }
    serving.await.context("the HTTP server has failed")
}
