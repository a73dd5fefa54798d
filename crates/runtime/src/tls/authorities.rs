//! The authorities that a client believes: those of one file, and without one nobody.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How connections are opened: over TLS for `https`, without for `http`.
pub type Connector = HttpsConnector<HttpConnector>;

/// Authorities. Clones share them.
#[derive(Clone, Debug)]
pub struct Authorities(Arc<ClientConfig>);

impl Authorities {
    /// Those of a file of PEM certificates.
    ///
    /// # Errors
    /// When it cannot be read, or holds none.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let loaded = || -> anyhow::Result<Self> {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(&fs::read(file)?) {
                roots.add(certificate?)?;
            }
            ensure!(!roots.is_empty(), "it holds no certificate");
            Ok(Self(Arc::new(super::client(roots))))
        };
        let unusable =
            || format!("the certificates of authorities {} cannot be used", file.display());
        loaded().with_context(unusable)
    }

    /// Those of the file that is named; nobody, if none is.
    ///
    /// # Errors
    /// As for [`Authorities::load`].
    pub fn named(file: Option<&Path>) -> anyhow::Result<Self> {
        match file {
            Some(file) => Self::load(file),
            None => Ok(Self::default()),
        }
    }

    /// Opens connections for HTTP.
    #[must_use]
    pub fn connector(&self, connect_within: Duration) -> Connector {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(connect_within));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_tls_config((*self.0).clone());
        connector.https_or_http().enable_http1().wrap_connector(tcp)
    }

    /// Asks the server of that name at the other end who it is.
    ///
    /// # Errors
    /// When it is not known by one of these.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await
    }
}

/// Believes nobody: servers without TLS are reached, and no others.
impl Default for Authorities {
    fn default() -> Self {
        Self(Arc::new(super::client(RootCertStore::empty())))
    }
}

/// Whether they are the same ones, loaded once.
impl PartialEq for Authorities {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Authorities {}

/// What can be done about a failure of TLS, if it is one; `flag` names the file with the authority.
#[must_use]
pub fn hint(failure: &str, flag: &str) -> Option<String> {
    let has = |part: &str| failure.to_lowercase().contains(part);
    if has("not valid for name") || has("notvalidforname") {
        Some("its certificate names other hosts: ask it by one of those".to_owned())
    } else if has("expired") || has("not valid yet") {
        Some("renew its certificate, or set the clock of this machine".to_owned())
    } else if has("certificate") || has("unknownissuer") {
        Some(format!("name the authority that signed its certificate with {flag}"))
    } else if has("corrupt message") || has("handshake") {
        Some(
            "what listens there does not speak TLS 1.3: name it without TLS, or switch it on"
                .to_owned(),
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let refused = || format!("{:#}", Authorities::load(&file).unwrap_err());
        assert!(refused().contains("ca.pem"), "{}", refused());
        for nothing in
            ["", "what is this", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            fs::write(&file, nothing).unwrap();
            assert!(refused().contains("cannot be used"), "{}", refused());
        }
        assert!(Authorities::named(None).is_ok());
    }

    #[test]
    fn what_fails_comes_with_what_can_be_done() {
        let said = "invalid peer certificate: UnknownIssuer";
        assert!(hint(said, "--tls-ca").unwrap().contains("--tls-ca"));
        let said = "received corrupt message of type InvalidContentType";
        assert!(hint(said, "--tls-ca").unwrap().contains("without TLS"));
        let said = "invalid peer certificate: certificate not valid for name \"h\"";
        assert!(hint(said, "--tls-ca").unwrap().contains("names other hosts"));
        assert_eq!(hint("connection refused", "--tls-ca"), None);
    }
}
