//! Structured logs, and metrics in Prometheus' format.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::settings::LogFormat;

/// Upper ends of latency buckets, in seconds: from a commit on a fast disk to a command's deadline.
const LATENCY_BUCKETS_SECONDS: [f64; 12] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// How often it is looked whether all is in two places.
const REDUNDANT_EVERY: Duration = Duration::from_millis(250);

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts logging to the standard error, filtered by `RUST_LOG` (default `info`), and metrics.
///
/// # Errors
/// When either has been started already in this process.
pub fn start(format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => log.with_ansi(false).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &LATENCY_BUCKETS_SECONDS)?
        .install_recorder()?;
    METRICS.set(metrics).map_err(|_| anyhow::anyhow!("metrics were started already"))
}

/// All metrics, as text.
#[must_use]
pub fn metrics() -> String {
    METRICS.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Keeps the gauge `murmur_redundant` at 1 while all that the process holds is in two places, and at 0
/// while it is not.
pub async fn measure_redundant(is_redundant: impl Fn() -> bool) {
    let mut ticks = tokio::time::interval(REDUNDANT_EVERY);
    loop {
        ticks.tick().await;
        metrics::gauge!("murmur_redundant").set(if is_redundant() { 1.0 } else { 0.0 });
    }
}
