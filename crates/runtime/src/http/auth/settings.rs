//! How a process is told whom it serves.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;

use super::guard::Guard;
use super::session::Sessions;
use super::tokens::Tokens;
use crate::exit::Misconfigured;
use crate::http::gate::host::HostName;
use crate::http::gate::origins::WebOrigin;
use crate::tls::Certificate;

/// Whom HTTP is served to.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct HttpSettings {
    /// Names under which clients reach this process, as NAME or NAME:PORT; repeatable, or separated
    /// by commas. The machine's own, localhost and the address that is bound, always count
    #[arg(long = "host", env = "MURMUR_HOSTS", value_delimiter = ',', value_name = "NAME[:PORT]")]
    pub hosts: Vec<HostName>,
    /// File with the tokens that clients bring, one a line as SHA256 NAME SCOPES, such as
    /// read,write,price,operate; followed while the process runs. Without it, whoever is on this machine
    /// is served, and the process listens nowhere else
    #[arg(long, env = "MURMUR_TOKENS", value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// File with the certificate in PEM, and those between it and its authority: HTTP is then served over TLS
    /// alone. Followed while the process runs, as is the key
    #[arg(long, env = "MURMUR_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// File with the key of that certificate in PEM, which others must not be able to read
    #[arg(long, env = "MURMUR_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Listen beyond this machine without tokens or without TLS: a proxy in front asks who is there, and
    /// speaks TLS
    #[arg(long, env = "MURMUR_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Pages of these origins may ask here, such as http://127.0.0.1:8080, where query serves its page;
    /// repeatable, or separated by commas. Without, none but our own may
    #[arg(long = "origin", env = "MURMUR_ORIGINS", value_delimiter = ',', value_name = "ORIGIN")]
    pub origins: Vec<WebOrigin>,
    /// File with a secret of at least 32 characters, under which browsers that signed in at query's page are
    /// known. Without it, query has them sign in again when it starts again, and no other process knows them
    #[arg(long, env = "MURMUR_SESSION_KEY", value_name = "FILE")]
    pub session_key: Option<PathBuf>,
}

impl HttpSettings {
    /// What is asked of clients of a process that listens there.
    ///
    /// # Errors
    /// When the file of tokens cannot be used; and when nobody would be asked beyond this machine.
    pub fn guard(&self, listen: SocketAddr) -> Result<Guard, Misconfigured> {
        let tokens = self.tokens.as_deref().map(Tokens::load).transpose().map_err(Misconfigured)?;
        let is_reached = !self.behind_proxy && !listen.ip().to_canonical().is_loopback();
        if tokens.is_none() && is_reached {
            return Err(Misconfigured(anyhow!(
                "{listen} can be reached from other machines, and nobody would be asked for a \
                 token: name the file of their hashes with --tokens (MURMUR_TOKENS), listen on \
                 127.0.0.1, or say --behind-proxy if a proxy asks who is there"
            )));
        }
        if self.tls_certificate.is_none() && is_reached {
            return Err(Misconfigured(anyhow!(
                "{listen} can be reached from other machines, and tokens would be sent there for \
                 everybody to read: name a certificate with --tls-certificate and --tls-key, listen \
                 on 127.0.0.1, or say --behind-proxy if a proxy speaks TLS"
            )));
        }
        if tokens.is_none() && !self.behind_proxy {
            tracing::warn!("HTTP is open to everybody on this machine: --tokens closes it");
        }
        let guard = Guard::new(tokens.map(Arc::new), self.behind_proxy);
        let Some(key) = &self.session_key else { return Ok(guard) };
        let sessions = Sessions::load(Some(key)).map_err(Misconfigured)?;
        Ok(guard.with_sessions(Arc::new(sessions)))
    }
}

impl HttpSettings {
    /// By what the server is known, if it speaks TLS.
    ///
    /// # Errors
    /// When the files cannot be used.
    pub fn certificate(&self) -> Result<Option<Arc<Certificate>>, Misconfigured> {
        let Some((certificate, key)) = self.tls_certificate.as_ref().zip(self.tls_key.as_ref())
        else {
            return Ok(None);
        };
        let loaded = Certificate::load(certificate, key).map_err(Misconfigured)?;
        Ok(Some(Arc::new(loaded)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(listen: &str, settings: &HttpSettings) -> Result<Guard, String> {
        settings.guard(listen.parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn nobody_is_served_unasked_from_another_machine() {
        let nothing = HttpSettings::default();
        for own in ["127.0.0.1:0", "127.9.9.9:1", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
            assert!(guard(own, &nothing).unwrap().tokens().is_none(), "{own}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let tokens = HttpSettings { tokens: Some(file.clone()), ..HttpSettings::default() };
        let proxy = HttpSettings { behind_proxy: true, ..HttpSettings::default() };
        for all in ["0.0.0.0:80", "[::]:80", "10.1.2.3:80"] {
            assert!(guard(all, &nothing).unwrap_err().contains("--tokens"), "{all}");
            assert!(guard(all, &tokens).unwrap_err().contains("cannot be used"), "{all}");
            assert!(guard(all, &proxy).unwrap().tokens().is_none(), "{all}");
        }
        std::fs::write(&file, "").unwrap();
        assert!(guard("127.0.0.1:80", &tokens).unwrap().tokens().is_some());
        assert!(guard("0.0.0.0:80", &tokens).unwrap_err().contains("--tls-certificate"));
        let certificate = Some("certificate.pem".into());
        for closed in [
            HttpSettings { tls_certificate: certificate, ..tokens.clone() },
            HttpSettings { behind_proxy: true, ..tokens },
        ] {
            assert!(guard("0.0.0.0:80", &closed).unwrap().tokens().is_some());
        }
    }
}
