//! The run file: what `murmur up` started, and where it listens. Everything that talks to a running
//! Murmuration reads it first.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use contracts::service;
use protocol::Service;
use runtime::http::auth::Bearer;
use runtime::tls::Authorities;
use runtime::{NatsSettings, seal_keys};
use serde::{Deserialize, Serialize};

use crate::broker_keys::{self, BrokerKeys};
use crate::deployment::Deployment;
use crate::http::Client;
use crate::passwords::Passwords;
use crate::process::Process;
use crate::redis::{self, Redis};
use crate::token_file;

/// Version of the run file's shape. A reader refuses any other.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    format: u32,
    /// Process id of the supervisor.
    pub supervisor: u32,
    /// `nats://127.0.0.1:PORT`, or `tls://`.
    pub nats: String,
    /// `redis://127.0.0.1:PORT`, or `rediss://`.
    pub redis: String,
    /// `http://127.0.0.1:PORT` of the query service.
    query: Option<String>,
    /// `http://127.0.0.1:PORT` of the composer.
    #[serde(default)]
    composer: Option<String>,
    /// `http://127.0.0.1:PORT` of each service.
    pub services: BTreeMap<Service, String>,
    /// Services beside the shop's that take part.
    #[serde(default)]
    pub newcomers: Vec<Service>,
    /// The process ids, as of the last start of each.
    pub pids: BTreeMap<Process, u32>,
    /// The data folder, absolute.
    pub data: PathBuf,
    /// The file with the authorities that sign the certificates of all that speaks TLS; none, if nothing does.
    #[serde(default)]
    tls_ca: Option<PathBuf>,
    /// What all may take to end, at most.
    #[serde(default)]
    pub down_within: Duration,
    /// What lets whoever has read this in. It stands in a file of its own.
    #[serde(skip)]
    bearer: Option<Bearer>,
    /// What lets them into the broker, if that is closed; in a file of its own, too.
    #[serde(skip)]
    broker_keys: Option<BrokerKeys>,
    /// What lets them into Redis, likewise.
    #[serde(skip)]
    redis_keys: Option<Passwords>,
    /// What stands in that file.
    #[serde(skip)]
    authorities: Authorities,
    /// What describes it, where no supervisor has started it.
    #[serde(skip)]
    deployment: Option<Deployment>,
}

impl RunFile {
    /// Of a supervisor that is this process.
    pub fn new(
        data: PathBuf,
        ports: &BTreeMap<Process, u16>,
        redis_elsewhere: Option<&str>,
        tls_ca: Option<&Path>,
    ) -> Self {
        let [broker, redis, web] = match tls_ca {
            Some(_) => ["tls", "rediss", "https"],
            None => ["nats", "redis", "http"],
        };
        let port = |process: Process| ports.get(&process).copied().unwrap_or_default();
        let http = |process: Process| format!("{web}://127.0.0.1:{}", port(process));
        let has = |service: &Service| ports.contains_key(&Process::Service(*service));
        let services = service::ALL.into_iter().filter(has);
        Self {
            format: FORMAT,
            supervisor: std::process::id(),
            nats: format!("{broker}://127.0.0.1:{}", port(Process::Nats)),
            redis: redis_elsewhere.map_or_else(
                || format!("{redis}://127.0.0.1:{}", port(Process::Redis)),
                ToOwned::to_owned,
            ),
            query: ports.contains_key(&Process::Query).then(|| http(Process::Query)),
            composer: ports.contains_key(&Process::Composer).then(|| http(Process::Composer)),
            services: services.map(|service| (service, http(Process::Service(service)))).collect(),
            newcomers: Vec::new(),
            pids: BTreeMap::new(),
            data,
            tls_ca: tls_ca.map(ToOwned::to_owned),
            down_within: Duration::ZERO,
            bearer: None,
            broker_keys: None,
            redis_keys: None,
            authorities: Authorities::default(),
            deployment: None,
        }
    }

    /// Reads the run file of a data folder, or what describes a system that others have started.
    ///
    /// # Errors
    /// When there is neither, or none that this build understands. The message says what to do.
    pub fn load(data: &Path) -> anyhow::Result<Self> {
        if let Some(mut running) = Self::find(data)? {
            running.authorities = Authorities::named(running.tls_ca.as_deref())?;
            return Ok(running);
        }
        let Some(deployment) = Deployment::find(data)? else {
            bail!(
                "nothing runs in {}: start it with `murmur up`, or name the folder with --data",
                data.display()
            );
        };
        Self::deployed(data, deployment)
    }

    fn deployed(data: &Path, deployment: Deployment) -> anyhow::Result<Self> {
        Ok(Self {
            format: FORMAT,
            supervisor: 0,
            nats: deployment.nats.clone(),
            redis: deployment.redis.clone(),
            query: deployment.query.clone(),
            composer: deployment.composer.clone(),
            services: deployment.services.clone(),
            newcomers: deployment.newcomers.clone(),
            pids: BTreeMap::new(),
            data: data.to_owned(),
            tls_ca: deployment.tls_ca.clone(),
            down_within: Duration::ZERO,
            bearer: None,
            broker_keys: None,
            redis_keys: None,
            authorities: Authorities::named(deployment.tls_ca.as_deref())?,
            deployment: Some(deployment),
        })
    }

    /// Reads the run file, if there is one. Nothing is reached over TLS by it: what has signed its certificates may be
    /// gone with what it tells of.
    ///
    /// # Errors
    /// When there is one that this build does not understand.
    pub fn find(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = file_in(data);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let not_ours = || {
            format!(
                "{} was written by another version of murmur: use that one, \
                 or stop its processes and delete the file",
                path.display()
            )
        };
        let mut running: Self = serde_json::from_slice(&text).with_context(not_ours)?;
        if running.format != FORMAT {
            bail!(not_ours());
        }
        running.bearer = token_file::find(&token_file::file_in(data))?;
        running.broker_keys = BrokerKeys::find(&broker_keys::file_in(data))?;
        running.redis_keys = Passwords::find(&redis::keys_in(data))?;
        Ok(Some(running))
    }

    /// With the token of another file.
    ///
    /// # Errors
    /// When it cannot be read, or holds no token.
    pub fn logged_in_by(self, file: &Path) -> anyhow::Result<Self> {
        Ok(Self { bearer: Some(token_file::load(file)?), ..self })
    }

    /// Believing other authorities than those that it names itself.
    ///
    /// # Errors
    /// When their file cannot be used.
    pub fn believing(self, file: &Path) -> anyhow::Result<Self> {
        Ok(Self { authorities: Authorities::load(file)?, tls_ca: Some(file.to_owned()), ..self })
    }

    /// What lets whoever has read this in, if there is anything.
    pub const fn bearer(&self) -> Option<&Bearer> {
        self.bearer.as_ref()
    }

    /// The authorities that sign the certificates of what speaks TLS.
    pub const fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// A client that is let in.
    pub fn client(&self) -> Client {
        Client::default().believing(&self.authorities).logged_in(self.bearer.clone())
    }

    /// The same, which waits this long for an answer.
    pub fn client_answering_within(&self, answer_within: Duration) -> Client {
        let client = Client::answering_within(answer_within);
        client.believing(&self.authorities).logged_in(self.bearer.clone())
    }

    /// Writes the run file, whole or not at all.
    pub fn save(&self) -> anyhow::Result<()> {
        let path = file_in(&self.data);
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, serde_json::to_vec_pretty(self)?)
            .and_then(|()| fs::rename(&unfinished, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Removes the run file: nothing runs any more.
    pub fn remove(&self) -> anyhow::Result<()> {
        let path = file_in(&self.data);
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }

    /// Everybody who owns a stream: the shop's services, and those beside them.
    pub fn owners(&self) -> impl Iterator<Item = Service> {
        service::ALL.into_iter().chain(self.newcomers.iter().copied())
    }

    /// Where a service's API is.
    ///
    /// # Errors
    /// When that service was left out by `murmur up --without`.
    pub fn url(&self, service: Service) -> anyhow::Result<&str> {
        match self.services.get(&service) {
            Some(url) => Ok(url),
            None => bail!("{service} was not started here: `murmur up` was told to leave it out"),
        }
    }

    /// Where the query service's API is.
    ///
    /// # Errors
    /// When it was left out by `murmur up --without`.
    pub fn query(&self) -> anyhow::Result<&str> {
        self.query.as_deref().context("query was not started here: `murmur up` left it out")
    }

    /// Where the composer's API is.
    ///
    /// # Errors
    /// When it was left out by `murmur up --without`.
    pub fn composer(&self) -> anyhow::Result<&str> {
        self.composer.as_deref().context("composer was not started here: `murmur up` left it out")
    }

    /// How Redis is reached, to look after it.
    ///
    /// # Errors
    /// When its address cannot be used.
    pub fn redis(&self) -> anyhow::Result<Redis> {
        Redis::at(&self.redis, self.redis_keys.as_ref(), &self.authorities)
    }

    /// How the broker is reached, to read streams.
    pub fn nats_settings(&self) -> NatsSettings {
        self.over_tls(match (&self.deployment, &self.broker_keys) {
            (Some(deployment), _) => deployment.nats_settings(),
            (None, Some(keys)) => keys.for_operator(&self.nats, &self.newcomers),
            (None, None) => NatsSettings::at(&self.nats),
        })
    }

    /// How a broker is reached at the address that a service says it uses, to read streams: as the one that
    /// was started here.
    pub fn nats_settings_at(&self, address: &str) -> NatsSettings {
        let url = address.replacen("***@", "", 1);
        NatsSettings { url: url.as_str().into(), ..self.nats_settings() }
    }

    /// How the broker is reached, to do what the owner of a stream may do, and more.
    pub fn nats_settings_in(&self, service: Service) -> NatsSettings {
        match (&self.deployment, &self.broker_keys) {
            (None, Some(keys)) => self.over_tls(keys.for_operator_in(&self.nats, service)),
            (Some(_), _) | (None, None) => self.nats_settings(),
        }
    }

    fn over_tls(&self, settings: NatsSettings) -> NatsSettings {
        let is_over_tls = self.nats.starts_with("tls://");
        NatsSettings { nats_ca: self.tls_ca.clone().filter(|_| is_over_tls), ..settings }
    }

    /// The folder of a service's database.
    ///
    /// # Errors
    /// When others have started it, and it is not said that the folder can be read here.
    pub fn database_of(&self, service: Service) -> anyhow::Result<PathBuf> {
        let Some(deployment) = &self.deployment else { return Ok(self.data.join(service.name())) };
        let named = deployment.databases.get(&service).cloned();
        named.with_context(|| format!("deployment.toml names no database of {service}"))
    }

    /// The file with the keys that seal a service's rows.
    ///
    /// # Errors
    /// When others have started it, and it is not said that the file can be read here.
    pub fn seal_keys_of(&self, service: Service) -> anyhow::Result<PathBuf> {
        let Some(deployment) = &self.deployment else {
            return Ok(seal_keys::file_beside(&self.data.join(service.name())));
        };
        let named = deployment.seal_keys.get(&service).cloned();
        named.with_context(|| format!("deployment.toml names no seal keys of {service}"))
    }

    /// Whether a supervisor has started it.
    ///
    /// # Errors
    /// When others have: then only they can stop, wipe and start.
    pub fn started_here(&self) -> anyhow::Result<()> {
        if self.deployment.is_none() {
            return Ok(());
        }
        bail!(
            "murmur did not start what {} describes: what has started it stops, wipes and starts",
            self.data.join("deployment.toml").display()
        )
    }

    pub fn control_socket(&self) -> PathBuf {
        control_socket_in(&self.data)
    }
}

/// The supervisor's socket in a data folder.
pub fn control_socket_in(data: &Path) -> PathBuf {
    data.join("control.sock")
}

fn file_in(data: &Path) -> PathBuf {
    data.join("running.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "deployment.toml";
    const TEXT: &str = "nats = 'nats://broker:4222'\nredis = 'redis://store:6379'\n\
        [services]\norder = 'http://order:8080'\n[databases]\norder = 'volumes/order'\n";

    #[test]
    fn a_folder_with_a_deployment_is_a_system_that_others_started() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), TEXT).unwrap();
        let running = RunFile::load(folder.path()).unwrap();
        assert_eq!(running.url(service::ORDER).unwrap(), "http://order:8080");
        assert_eq!(
            running.database_of(service::ORDER).unwrap(),
            folder.path().join("volumes/order")
        );
        for unknown in [running.database_of(service::PAYMENT), running.seal_keys_of(service::ORDER)]
        {
            let unknown = unknown.unwrap_err().to_string();
            assert!(unknown.contains("deployment.toml names no"), "{unknown}");
        }
        assert!(running.started_here().unwrap_err().to_string().contains("did not start"));
        assert_eq!(RunFile::find(folder.path()).unwrap(), None);
    }

    #[test]
    fn what_a_deployment_cannot_say_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), format!("brokers = 3\n{TEXT}")).unwrap();
        let error = format!("{:#}", RunFile::load(folder.path()).unwrap_err());
        assert!(error.contains("brokers"), "{error}");
    }
}
