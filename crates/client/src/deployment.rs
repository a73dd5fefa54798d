//! `deployment.toml`: where everything of a Murmuration is that `murmur up` did not start. In a folder in
//! place of the run file, it makes that folder one that commands can be told with `--data`.
//!
//! Deliberately absent: how its processes are stopped and started. That is for what has started them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use contracts::service;
use protocol::Service;
use runtime::NatsSettings;
use serde::{Deserialize, Serialize};

/// Its name.
const FILE: &str = "deployment.toml";

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Deployment {
    /// `nats://HOST:PORT`, or `nats://USER:PASSWORD@HOST:PORT`; `tls://` over TLS.
    pub(crate) nats: String,
    /// The prefix of inboxes, where that user's permissions name one.
    pub(crate) nats_inbox: Option<String>,
    /// Where JetStream's API for a stream is imported, where each service has an account of its own.
    #[serde(default)]
    pub(crate) foreign_prefixes: BTreeMap<Service, String>,
    /// `redis://HOST:PORT`; `rediss://` over TLS.
    pub(crate) redis: String,
    /// `http://HOST:PORT` of the query service.
    pub(crate) query: Option<String>,
    /// `http://HOST:PORT` of the composer.
    pub(crate) composer: Option<String>,
    /// The authorities that sign the certificates of all that is reached over TLS.
    pub(crate) tls_ca: Option<PathBuf>,
    /// `http://HOST:PORT` of each service; `https://` over TLS.
    pub(crate) services: BTreeMap<Service, String>,
    /// Services beside the shop's that take part.
    #[serde(default)]
    pub(crate) newcomers: Vec<Service>,
    /// The folders of the databases that can be read from here.
    #[serde(default)]
    pub(crate) databases: BTreeMap<Service, PathBuf>,
    /// The files of the seal keys that can be read from here.
    #[serde(default)]
    pub(crate) seal_keys: BTreeMap<Service, PathBuf>,
}

impl Deployment {
    /// Reads the one of a folder, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or says something else.
    pub(crate) fn find(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let mut all: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        let named = [all.services.keys(), all.foreign_prefixes.keys()].into_iter().flatten();
        let named = named.chain(all.databases.keys()).chain(all.seal_keys.keys());
        for service in named.filter(|service| !all.newcomers.contains(service)) {
            service::named(service.name()).with_context(|| path.display().to_string())?;
        }
        // As seen from the file that names them.
        let files = all.databases.values_mut().chain(all.seal_keys.values_mut());
        for named in files.chain(all.tls_ca.as_mut()) {
            *named = folder.join(&*named);
        }
        Ok(Some(all))
    }

    /// How its broker is reached.
    pub(crate) fn nats_settings(&self) -> NatsSettings {
        let mut settings = NatsSettings::at(&self.nats);
        if let Some(inbox) = &self.nats_inbox {
            settings.nats_inbox.clone_from(inbox);
        }
        settings.foreign_prefix = self.foreign_prefixes.clone().into_iter().collect();
        settings
    }
}
