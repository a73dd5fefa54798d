//! The life of the process: from its settings to its last answer.

use std::sync::Arc;
use std::time::Duration;

use runtime::exit::Misconfigured;
use runtime::http::server;
use runtime::serve::{Threads, run_to_exit};
use runtime::shutdown::{asked_to_stop, stop_signal};
use runtime::telemetry;
use runtime::tls::Authorities;

use crate::exchange::Exchange;
use crate::http;
use crate::owners::Owners;
use crate::settings::Settings;

/// Threads for all that answers.
const THREADS: usize = 2;

/// Runs until the process is asked to stop. No owner has to be there: what is missing is said.
pub fn run(settings: Settings) -> u8 {
    run_to_exit(settings.log_format, Threads::Several(THREADS), live(settings))
}

async fn live(settings: Settings) -> anyhow::Result<()> {
    let guard = settings.http.guard(settings.listen)?;
    let certificate = settings.http.certificate()?;
    let authorities = Authorities::named(settings.tls_ca.as_deref()).map_err(Misconfigured)?;
    let exchange = Exchange::believing(&authorities);
    let owners = Arc::new(Owners::new(&settings.owners, settings.deadline(), &exchange));
    let listener = server::bind(settings.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "composer answers");
    let api = http::api(owners)
        .called(&settings.http.hosts)
        .guarded(guard)
        .known_by(certificate)
        .open_to(&settings.http.origins);
    let (stopper, stop) = stop_signal(Duration::from_secs(settings.drain_seconds));
    // It keeps nothing that could be lost.
    tokio::spawn(telemetry::measure_redundant(|| true));
    let serving = tokio::spawn(server::serve(listener, api, stop));
    let reason = asked_to_stop(settings.until_stdin_closes).await?;
    tracing::info!(reason, "composer stops");
    stopper.stop(reason);
    serving.await?;
    Ok(())
}
