//! How a process is configured: flags, or the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use engine::Domain;
use engine::database::snapshots::{self, Snapshots};
use engine::versions::{InvalidVersion, Versions};
use protocol::{Kind, Position, SealKeys, Service};

use crate::address::{Address, Secret};
use crate::http::auth::HttpSettings;
use crate::seal_keys;

/// Seconds that a stopping process may take, unless it is told otherwise: above the five after which
/// a command that waits for a silent broker is answered without it.
pub const DRAIN_SECONDS: u64 = 10;

/// What whoever ends processes by force leaves them beyond their own deadline: time to let go of what
/// is open, and to be noticed. `stop_grace_period` in compose.yaml is the sum of both.
pub const STOP_MARGIN: Duration = Duration::from_secs(5);

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line of text for each event.
    Text,
    /// A JSON object for each event.
    Json,
}

/// The settings of a service's process.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// Folder of the service's database. Its lock is the file beside it, named like it with .lock
    #[arg(long, env = "MURMUR_DATA")]
    pub data: PathBuf,
    /// Begin a new history if database and stream are empty. Without it, an empty database beside a
    /// missing stream is a loss, and is told
    #[arg(long, env = "MURMUR_FIRST_START")]
    pub first_start: bool,
    /// File with the keys that seal this service's rows, one a line as 64 hexadecimal digits, the newest
    /// first; made where there is none. Default: beside the database's folder, named like it with .seal
    #[arg(long, env = "MURMUR_SEAL_KEYS")]
    pub seal_keys: Option<PathBuf>,
    /// Take rows without a seal over from the stream: for a history that began without seals
    #[arg(long, env = "MURMUR_TAKE_UNSEALED")]
    pub take_unsealed: bool,
    /// Publish the stream anew without this message and what follows it, if somebody else wrote them and the
    /// database holds all that is this service's own: the message as `murmur heal` shows it
    #[arg(long, env = "MURMUR_DROP_FOREIGN", value_name = "NUMBER:CHAIN")]
    pub drop_foreign: Option<Position>,
    /// Write an event in this version, such as shipping.created=2: the older one until every reader knows the
    /// newer one; repeatable, or separated by commas. Default: what this build's contract says
    #[arg(long, env = "MURMUR_WRITE_VERSIONS", value_name = "EVENT=VERSION", value_delimiter = ',',
        value_parser = event_and_version)]
    pub write_versions: Vec<(Kind, u16)>,
    /// Understand rows of an event up to this version only, as an older build does, and hold what is newer: to
    /// try an upgrade and its way back
    #[arg(long, env = "MURMUR_READ_VERSIONS", value_name = "EVENT=VERSION", value_delimiter = ',',
        value_parser = event_and_version)]
    pub read_versions: Vec<(Kind, u16)>,
    /// Copies of the stream that a cluster of brokers keeps
    #[arg(long, env = "MURMUR_STREAM_REPLICAS", default_value_t = 1)]
    pub stream_replicas: usize,
    /// Bytes that the database may grow to; beyond, the process ends as on a full disk, and starts
    /// again once it may grow further. Default: as much as the disk has
    #[arg(long, env = "MURMUR_DATABASE_BYTES_MAX")]
    pub database_bytes_max: Option<u64>,
    /// Folder of the snapshots that a lost database begins as: on another disk, they outlive that of the database.
    /// Default: `snapshots` in --data
    #[arg(long, env = "MURMUR_SNAPSHOTS")]
    pub snapshots: Option<PathBuf>,
    /// Rows after which another snapshot is written, if they are a quarter of all; 0: none ever is. Two are kept, each
    /// as large as the database
    #[arg(long, env = "MURMUR_SNAPSHOT_ROWS", default_value_t = snapshots::ROWS_MIN)]
    pub snapshot_rows: u64,
    /// The process's surroundings
    #[command(flatten)]
    pub process: ProcessSettings,
}

/// What every process has, with or without a database.
#[derive(Clone, Debug, Args)]
pub struct ProcessSettings {
    /// Where HTTP is served; port 0 takes a free one
    #[arg(long, env = "MURMUR_LISTEN", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Whom HTTP is served to
    #[command(flatten)]
    pub http: HttpSettings,
    /// The broker
    #[command(flatten)]
    pub nats: NatsSettings,
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

/// How the broker is reached.
#[derive(Clone, Debug, Args)]
pub struct NatsSettings {
    /// Address of the broker: nats://HOST:PORT, nats://USER:PASSWORD@HOST:PORT or nats://TOKEN@HOST:PORT,
    /// tls:// where it has to be TLS; several, separated by commas, for a cluster
    #[arg(
        long = "nats",
        env = "MURMUR_NATS",
        hide_env_values = true,
        default_value = "nats://127.0.0.1:4222"
    )]
    pub url: Address,
    /// User name
    #[arg(long, env = "MURMUR_NATS_USER", requires = "nats_password")]
    pub nats_user: Option<String>,
    /// Password
    #[arg(long, env = "MURMUR_NATS_PASSWORD", hide_env_values = true, requires = "nats_user")]
    pub nats_password: Option<Secret>,
    /// Credentials file (JWT and key)
    #[arg(long, env = "MURMUR_NATS_CREDENTIALS", conflicts_with = "nats_user")]
    pub nats_credentials: Option<PathBuf>,
    /// File with the authorities in PEM that sign the broker's certificate, instead of those that this machine
    /// believes: TLS is then spoken to every address
    #[arg(long, env = "MURMUR_NATS_CA", value_name = "FILE")]
    pub nats_ca: Option<PathBuf>,
    /// Prefix of inboxes, where permissions name one
    #[arg(long, env = "MURMUR_NATS_INBOX", default_value = "_INBOX")]
    pub nats_inbox: String,
    /// Where the JetStream API for a foreign stream is imported, as STREAM=PREFIX; repeatable, several
    /// separated by commas
    #[arg(long, env = "MURMUR_FOREIGN_PREFIX", value_delimiter = ',', value_parser = stream_and_prefix)]
    pub foreign_prefix: Vec<(Service, String)>,
}

impl Settings {
    /// The keys that seal this service's rows.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds something else.
    pub fn load_seal_keys(&self) -> anyhow::Result<SealKeys> {
        let file = self.seal_keys.clone().unwrap_or_else(|| seal_keys::file_beside(&self.data));
        let keys = seal_keys::load_or_make(&file)?;
        Ok(if self.take_unsealed { keys.taking_unsealed() } else { keys })
    }

    /// The snapshots of this service's database, sealed with these keys.
    #[must_use]
    pub fn snapshots(&self, service: Service, keys: Arc<SealKeys>) -> Snapshots {
        let within = || self.data.join(snapshots::FOLDER);
        Snapshots::new(self.snapshots.clone().unwrap_or_else(within), service, keys)
    }

    /// In which versions a service writes and reads events.
    ///
    /// # Errors
    /// When this build does not know one of them.
    pub fn versions<D: Domain>(&self) -> Result<Versions, InvalidVersion> {
        let (written, read) = (&self.write_versions, &self.read_versions);
        Versions::of(D::choreography(), D::SERVICE, written, read)
    }
}

impl ProcessSettings {
    /// How long a stopping process may take.
    #[must_use]
    pub const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

impl NatsSettings {
    /// The broker at this address, with what the address holds.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            url: url.into(),
            nats_user: None,
            nats_password: None,
            nats_credentials: None,
            nats_ca: None,
            nats_inbox: "_INBOX".to_owned(),
            foreign_prefix: Vec::new(),
        }
    }
}

fn event_and_version(text: &str) -> Result<(Kind, u16), String> {
    let wrong = || format!("{text:?} is not EVENT=VERSION, such as shipping.created=2");
    let (kind, version) = text.split_once('=').ok_or_else(wrong)?;
    let kind = kind.parse().map_err(|_| wrong())?;
    version.parse().map(|version| (kind, version)).map_err(|_| wrong())
}

fn stream_and_prefix(text: &str) -> Result<(Service, String), String> {
    let wrong = || format!("{text:?} is not STREAM=PREFIX, such as ORDER=JSORDER.API");
    let (stream, prefix) = text.split_once('=').ok_or_else(wrong)?;
    let service = Service::of_stream(stream).ok_or_else(wrong)?;
    if prefix.is_empty() { Err(wrong()) } else { Ok((service, prefix.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_said_of_an_event() {
        let created = "shipping.created".parse().unwrap();
        assert_eq!(event_and_version("shipping.created=2"), Ok((created, 2)));
        for wrong in
            ["", "shipping.created", "shipping.created=", "created=2", "a.b=-1", "a.b=70000"]
        {
            assert!(event_and_version(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn containers_get_the_time_that_a_stop_takes_and_the_margin() {
        let compose = include_str!("../../../compose.yaml");
        let seconds = DRAIN_SECONDS + STOP_MARGIN.as_secs();
        let granted = compose.matches(&format!("stop_grace_period: {seconds}s")).count();
        // All processes share one description; beside it, the broker's and Redis' are their own.
        let processes = compose.matches("image: murmuration:local").count();
        let stops = compose.matches("stop_grace_period:").count();
        assert_eq!((granted, processes, stops), (1, 1, 3));
    }
}
