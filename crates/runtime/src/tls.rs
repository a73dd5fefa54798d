//! TLS: by what a server is known, and which authorities a client believes.
//!
//! It is 1.3 and nothing older, by one library with one set of ciphers, for what is served and asked over HTTP; the
//! clients of broker and Redis bring the same.
//!
//! Deliberately absent: certificates of clients. Who asks is known by a token or a password.

pub mod authorities;
pub mod certificate;

use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::WantsServerCert;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{
    self, ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, SupportedProtocolVersion,
};

pub use authorities::Authorities;
pub use certificate::Certificate;

/// What is spoken.
const VERSIONS: [&SupportedProtocolVersion; 1] = [&TLS13];

/// Of a client that believes these.
#[expect(clippy::expect_used, reason = "the ciphers that are built in are those of this version")]
fn client(roots: RootCertStore) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_protocol_versions(&VERSIONS).expect("TLS 1.3");
    config.with_root_certificates(roots).with_no_client_auth()
}

/// Of a server, but for what it is known by.
fn server() -> Result<ConfigBuilder<ServerConfig, WantsServerCert>, rustls::Error> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(config.with_protocol_versions(&VERSIONS)?.with_no_client_auth())
}
