//! What all that is started is known by: three files in a folder, as `scripts/test-certificates` makes them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runtime::tls::{Authorities, Certificate};

/// The certificate of this machine, its key, and who has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl TlsFiles {
    /// Those of a folder.
    ///
    /// # Errors
    /// When one is missing, or cannot be used.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let missing = || {
            format!(
                "{} is to hold ca.pem, certificate.pem and key.pem: scripts/test-certificates makes them",
                folder.display()
            )
        };
        // Who is started works in another folder.
        let file = |name: &str| folder.join(name).canonicalize().with_context(missing);
        let found = Self {
            authority: file("ca.pem")?,
            certificate: file("certificate.pem")?,
            key: file("key.pem")?,
        };
        Authorities::load(&found.authority)?;
        Certificate::load(&found.certificate, &found.key)?;
        Ok(found)
    }
}
