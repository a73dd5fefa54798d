//! What a server is known by: a certificate and its key, in two files that are followed while the process
//! runs. What cannot be used leaves what was in them before.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, ensure};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::followed_file;
use crate::shutdown::Stop;

/// What of the mode of a key lets others read it, or change it.
const OTHERS: u32 = 0o027;

/// What HTTP is spoken.
const PROTOCOL: &[u8] = b"http/1.1";

/// A certificate and its key, as the files were when they were last looked at.
#[derive(Debug)]
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    loaded: RwLock<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    text: Text,
    config: Arc<ServerConfig>,
}

/// What stands in the files.
#[derive(PartialEq, Eq)]
struct Text {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Certificate {
    /// What is in these files.
    ///
    /// # Errors
    /// When one cannot be read, others can read the key, or they do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let text = Text::read(certificate, key)?;
        let config = text.config().with_context(|| unusable(certificate, key))?;
        let loaded = RwLock::new(Loaded { text, config });
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), loaded })
    }

    /// What shows it to a client.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&loaded.config).into()
    }

    /// Looks at the files again and again, until it is time to stop.
    pub async fn follow(self: Arc<Self>, stop: Stop) {
        let stays = "the certificate that was there before goes on to be shown";
        followed_file::follow(move || self.look_again(), stays, stop).await;
    }

    /// Looks at the files again.
    ///
    /// # Errors
    /// As for [`Certificate::load`]; what was loaded before stays.
    pub fn look_again(&self) -> anyhow::Result<()> {
        let text = Text::read(&self.certificate, &self.key)?;
        if self.loaded.read().unwrap_or_else(PoisonError::into_inner).text == text {
            return Ok(());
        }
        let config = text.config().with_context(|| unusable(&self.certificate, &self.key))?;
        tracing::info!(file = %self.certificate.display(), "the certificate has changed");
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Loaded { text, config };
        Ok(())
    }
}

impl Text {
    fn read(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let read =
            |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
        let mode = fs::metadata(key).map_or(0, |found| found.mode()) & 0o777;
        ensure!(
            mode & OTHERS == 0,
            "others can read or change the key {} (mode {mode:o}): `chmod 640` it",
            key.display()
        );
        Ok(Self { certificate: read(certificate)?, key: read(key)? })
    }

    fn config(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let chain = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<_, _>>();
        // What is wrong with a key is not shown: it may be what stands there.
        let key =
            PrivateKeyDer::from_pem_slice(&self.key).ok().context("there is no key in PEM")?;
        let mut config = super::server()?.with_single_cert(chain?, key)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Arc::new(config))
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

fn unusable(certificate: &Path, key: &Path) -> String {
    format!(
        "the certificate {} and the key {} cannot be used",
        certificate.display(),
        key.display()
    )
}
