//! How the process is configured: flags, or the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use contracts::service;
use protocol::Service;
use runtime::address::redacted;
use runtime::http::auth::HttpSettings;
use runtime::settings::{DRAIN_SECONDS, LogFormat};

/// Answers questions across services by asking their owners.
#[derive(Clone, Debug, Parser)]
#[command(name = "composer", version)]
pub struct Settings {
    /// Where an owner is, such as order=http://127.0.0.1:8083; repeatable, or separated by commas.
    /// An owner that is not named is missing from all answers
    #[arg(
        long = "owner",
        env = "MURMUR_OWNERS",
        value_delimiter = ',',
        value_name = "SERVICE=URL",
        value_parser = owner
    )]
    pub owners: Vec<(Service, String)>,
    /// File with the authorities in PEM that sign the certificates of owners at https://; without it none of
    /// them is believed
    #[arg(long, env = "MURMUR_TLS_CA", value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// Milliseconds that an answer takes at most, whatever the owners do
    #[arg(
        long,
        env = "MURMUR_COMPOSER_DEADLINE_MS",
        default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(10..=60_000)
    )]
    pub deadline_ms: u32,
    /// Where HTTP is served; port 0 takes a free one
    #[arg(long, env = "MURMUR_LISTEN", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Whom HTTP is served to
    #[command(flatten)]
    pub http: HttpSettings,
    /// How the log is written
    #[arg(long, env = "MURMUR_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// Seconds that a stopping process may take, from the signal on, for all that it has begun
    #[arg(long, env = "MURMUR_DRAIN_SECONDS", default_value_t = DRAIN_SECONDS)]
    pub drain_seconds: u64,
    /// Stop when the standard input ends, so that the process does not outlive who started it
    #[arg(long)]
    pub until_stdin_closes: bool,
}

impl Settings {
    /// How long an answer takes at most.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms as u64)
    }
}

fn owner(text: &str) -> Result<(Service, String), String> {
    let wrong =
        || format!("{} is not SERVICE=URL, such as order=http://127.0.0.1:8083", redacted(text));
    let (name, url) = text.split_once('=').ok_or_else(wrong)?;
    let service = service::named(name).map_err(|_| wrong())?;
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = host.map(|rest| rest.trim_end_matches('/'));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '@']) => {
            Ok((service, url.to_owned()))
        }
        Some(_) | None => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_named_with_a_plain_address() {
        let parsed = owner("order=http://127.0.0.1:8083/").unwrap();
        assert_eq!(parsed, (service::ORDER, "http://127.0.0.1:8083/".to_owned()));
        assert!(owner("order=https://a").is_ok());
        for wrong in [
            "order",
            "query=http://a",
            "order=http://",
            "order=http://a/b",
            "order=http://u:geheim@a",
        ] {
            assert!(!owner(wrong).unwrap_err().contains("geheim"), "{wrong}");
        }
    }
}
