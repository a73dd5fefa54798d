//! How each process is started: its program, its arguments, and where it listens.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use client::process::Process;
use protocol::Service;

use crate::command_line::{CommandLine, texts};
use crate::data_folder::DataFolder;
use crate::lifecycle::{STOP_WITHIN, stop_within};
use crate::tls_files::TlsFiles;
use crate::{programs, redis_users, tokens};

/// The subcommand of murmur by which it is one of the services; the process's name follows.
pub const SERVE: &str = "serve";

/// Ends a tethered process when the supervisor dies.
const TETHER_ARGUMENTS: [&str; 2] = ["--pdeathsig", "TERM"];

/// How processes are told how long they may take to stop.
const DRAIN_VARIABLE: &str = "MURMUR_DRAIN_SECONDS";
const DRAIN_ARGUMENT: &str = "--drain-seconds";

/// How to start every process.
#[derive(Debug)]
pub struct Plan {
    programs: BTreeMap<Process, PathBuf>,
    ports: BTreeMap<Process, u16>,
    extra: BTreeMap<Process, Vec<String>>,
    endpoints: Endpoints,
    /// What all of them are known by, if they speak TLS.
    tls: Option<TlsFiles>,
    /// What lets a process into broker and Redis, in its environment.
    logins: BTreeMap<Process, BTreeMap<String, String>>,
    wrappers: Wrappers,
    /// What the environment tells every process that drains.
    drain_seconds: Option<u64>,
}

/// Programs that start another one in their place, where there are such.
#[derive(Debug, Default)]
struct Wrappers {
    /// Ends its program when the supervisor dies.
    tether: Option<PathBuf>,
    /// Starts its program at a lower priority, and at which.
    nice: Option<(PathBuf, u8)>,
}

/// Where processes look for the stores, if not where these listen: the endpoints through proxies.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The address of the broker, by who asks.
    pub broker: BTreeMap<Process, String>,
    /// The address of Redis.
    pub redis: Option<String>,
}

impl Plan {
    /// Finds the program of each process that has a port.
    ///
    /// # Errors
    /// When one is missing.
    pub fn new(
        ports: BTreeMap<Process, u16>,
        folder_of_programs: Option<&Path>,
        extra: BTreeMap<Process, Vec<String>>,
        endpoints: Endpoints,
        tls: Option<TlsFiles>,
        logins: BTreeMap<Process, BTreeMap<String, String>>,
        niceness: u8,
    ) -> anyhow::Result<Self> {
        let mut found = BTreeMap::new();
        for process in ports.keys().copied() {
            found.insert(process, programs::find(process, folder_of_programs)?);
        }
        let nice = programs::nice().map(|nice| (nice, niceness));
        let wrappers = Wrappers { tether: programs::tether(), nice };
        let drain_seconds = std::env::var(DRAIN_VARIABLE).ok().and_then(|value| value.parse().ok());
        Ok(Self { programs: found, ports, extra, endpoints, tls, logins, wrappers, drain_seconds })
    }

    /// Where each process listens.
    pub const fn ports(&self) -> &BTreeMap<Process, u16> {
        &self.ports
    }

    /// Where a process listens; 0 if it is not part of the plan.
    pub fn port(&self, process: Process) -> u16 {
        self.ports.get(&process).copied().unwrap_or_default()
    }

    /// What all are known by, if they speak TLS.
    pub const fn tls(&self) -> Option<&TlsFiles> {
        self.tls.as_ref()
    }

    /// Where a process listens, as its clients write it.
    pub fn address(&self, process: Process) -> String {
        let scheme = match (process, self.tls.is_some()) {
            (Process::Nats, false) => "nats",
            (Process::Nats, true) => "tls",
            (Process::Redis, false) => "redis",
            (Process::Redis, true) => "rediss",
            (Process::Service(_) | Process::Query | Process::Composer, false) => "http",
            (Process::Service(_) | Process::Query | Process::Composer, true) => "https",
        };
        format!("{scheme}://127.0.0.1:{}", self.port(process))
    }

    /// The Redis that is used, if none of our own is started.
    pub fn redis_elsewhere(&self) -> Option<&str> {
        self.endpoints.redis.as_deref().filter(|_| !self.ports.contains_key(&Process::Redis))
    }

    /// What a process may take from SIGTERM to its end: above what it is told to take for it.
    pub fn stop_within(&self, process: Process) -> Duration {
        let seconds = self.extra.get(&process).and_then(|arguments| drain_seconds_in(arguments));
        seconds.or(self.drain_seconds).map_or(STOP_WITHIN, stop_within)
    }

    /// What all may take to end, if each has to be killed: the stores after all others.
    pub fn down_within(&self) -> Duration {
        let phase = |stores: bool| {
            let those = self.ports.keys().filter(|process| process.is_store() == stores);
            those.map(|process| 2 * self.stop_within(*process)).max().unwrap_or_default()
        };
        phase(false) + phase(true)
    }

    /// The command line of a process, in a data folder.
    pub fn command_line(&self, process: Process, folder: &DataFolder) -> CommandLine {
        let program = self.programs.get(&process).cloned().unwrap_or_default();
        let arguments = match process {
            Process::Nats => self.nats(folder),
            Process::Redis => self.redis(folder),
            Process::Service(service) => self.service(service, folder),
            Process::Query => self.query(folder),
            Process::Composer => self.composer(folder),
        };
        let mut line = CommandLine::new(program, arguments);
        line.hide("--nats", "MURMUR_NATS");
        line.hide("--redis", "MURMUR_REDIS");
        line.environment.extend(self.login_of(process, &line));
        let extra = self.extra.get(&process).into_iter().flatten();
        line.arguments.extend(extra.map(OsString::from));
        self.wrapped(process, line)
    }

    /// What lets it into the stores. Whose address says who it is was told so on purpose.
    fn login_of(&self, process: Process, line: &CommandLine) -> BTreeMap<String, String> {
        let said = |store: &str| line.environment.contains_key(store);
        let (broker, redis) = (said("MURMUR_NATS"), said("MURMUR_REDIS"));
        let mut login = self.logins.get(&process).cloned().unwrap_or_default();
        login.retain(|variable, _| match variable.starts_with("MURMUR_REDIS") {
            true => !redis,
            false => !broker,
        });
        login
    }

    fn wrapped(&self, process: Process, mut line: CommandLine) -> CommandLine {
        if let Some(tether) = self.wrappers.tether.as_ref().filter(|_| process.is_store()) {
            line = line.wrapped(tether, TETHER_ARGUMENTS);
        }
        match &self.wrappers.nice {
            Some((nice, level)) if gives_way(process) => {
                line.wrapped(nice, ["-n", &level.to_string()])
            }
            Some(_) | None => line,
        }
    }

    fn nats(&self, folder: &DataFolder) -> Vec<OsString> {
        let port = self.port(Process::Nats).to_string();
        let mut arguments = vec!["-c".into(), broker_configuration_in(folder).into()];
        arguments.extend(texts(["-a", "127.0.0.1", "-p", &port, "-sd"]));
        arguments.push(folder.of(Process::Nats).into());
        arguments
    }

    fn redis(&self, folder: &DataFolder) -> Vec<OsString> {
        let port = self.port(Process::Redis).to_string();
        let mut arguments = match &self.tls {
            None => texts(["--port", &port]),
            Some(TlsFiles { certificate, key, .. }) => {
                let mut arguments = texts(["--port", "0", "--tls-port", &port]);
                arguments.extend(texts(["--tls-auth-clients", "no", "--tls-protocols", "TLSv1.3"]));
                arguments.extend(["--tls-cert-file".into(), certificate.clone().into()]);
                arguments.extend(["--tls-key-file".into(), key.clone().into()]);
                arguments
            }
        };
        arguments.extend(texts(["--bind", "127.0.0.1", "--dir"]));
        arguments.push(folder.of(Process::Redis).into());
        // Views are a fold and can be lost; a second of them is quicker to catch up than all. What
        // does not fit must be refused: an evicted key would be a wrong answer.
        arguments.extend(texts(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]));
        arguments.extend(texts(["--maxmemory-policy", "noeviction", "--daemonize", "no"]));
        arguments.extend(["--aclfile".into(), redis_users::file_in(folder.path()).into()]);
        arguments
    }

    fn service(&self, service: Service, folder: &DataFolder) -> Vec<OsString> {
        let process = Process::Service(service);
        let mut arguments = texts([SERVE, service.name(), "--data"]);
        arguments.push(folder.of(process).into());
        arguments.extend(self.network(process, folder));
        arguments.extend(self.open_to_the_page(folder));
        if folder.is_first_start(process) {
            arguments.push("--first-start".into());
        }
        arguments
    }

    fn query(&self, folder: &DataFolder) -> Vec<OsString> {
        let redis = self.endpoints.redis.clone().unwrap_or_else(|| self.address(Process::Redis));
        let mut arguments = texts([SERVE, Process::Query.name(), "--redis", &redis]);
        arguments.extend(self.network(Process::Query, folder));
        if let Some(tls) = self.tls.as_ref().filter(|_| redis.starts_with("rediss://")) {
            arguments.extend(["--redis-ca".into(), tls.authority.clone().into()]);
        }
        arguments.extend(session_key(folder));
        arguments.extend(["--operator-folder".into(), folder.path().into()]);
        for (process, port) in &self.ports {
            if matches!(process, Process::Service(_) | Process::Composer) {
                arguments.extend(texts(["--page-owner", &format!("{}=:{port}", process.name())]));
            }
        }
        arguments
    }

    /// Has a service take commands from the page, of whoever has signed in there.
    fn open_to_the_page(&self, folder: &DataFolder) -> Vec<OsString> {
        if !self.ports.contains_key(&Process::Query) {
            return Vec::new();
        }
        let page = self.address(Process::Query);
        let origins = format!("{page},{}", page.replace("127.0.0.1", "localhost"));
        let mut arguments = texts(["--origin", &origins]);
        arguments.extend(session_key(folder));
        arguments
    }

    fn composer(&self, folder: &DataFolder) -> Vec<OsString> {
        let listen = format!("127.0.0.1:{}", self.port(Process::Composer));
        let name = Process::Composer.name();
        let mut arguments = texts([SERVE, name, "--listen", &listen, "--until-stdin-closes"]);
        arguments.extend(closed(folder));
        arguments.extend(self.known_by());
        arguments.extend(self.open_to_the_page(folder));
        if let Some(tls) = &self.tls {
            arguments.extend(["--tls-ca".into(), tls.authority.clone().into()]);
        }
        for process in self.ports.keys() {
            if let Process::Service(service) = process {
                let owner = format!("{service}={}", self.address(*process));
                arguments.extend(texts(["--owner", &owner]));
            }
        }
        arguments
    }

    /// What a process that serves HTTP shows.
    fn known_by(&self) -> Vec<OsString> {
        let Some(TlsFiles { certificate, key, .. }) = &self.tls else { return Vec::new() };
        let (certificate, key) = (certificate.clone().into(), key.clone().into());
        vec!["--tls-certificate".into(), certificate, "--tls-key".into(), key]
    }

    fn network(&self, process: Process, folder: &DataFolder) -> Vec<OsString> {
        let listen = format!("127.0.0.1:{}", self.port(process));
        let direct = || self.address(Process::Nats);
        let nats = self.endpoints.broker.get(&process).cloned().unwrap_or_else(direct);
        let mut arguments = texts(["--listen", &listen, "--nats", &nats, "--until-stdin-closes"]);
        arguments.extend(closed(folder));
        arguments.extend(self.known_by());
        if let Some(tls) = &self.tls {
            arguments.extend(["--nats-ca".into(), tls.authority.clone().into()]);
        }
        arguments
    }
}

/// Lets in only who brings a token of this system.
fn closed(folder: &DataFolder) -> [OsString; 2] {
    ["--tokens".into(), tokens::hashes_in(folder.path()).into()]
}

/// Knows browsers that have signed in at the page.
fn session_key(folder: &DataFolder) -> [OsString; 2] {
    ["--session-key".into(), tokens::session_key_in(folder.path()).into()]
}

/// What these arguments say of the time for stopping.
fn drain_seconds_in(arguments: &[String]) -> Option<u64> {
    let mut seconds = None;
    for (nth, argument) in arguments.iter().enumerate() {
        let value = match argument.strip_prefix(DRAIN_ARGUMENT) {
            Some("") => arguments.get(nth + 1).map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        seconds = value.and_then(|value| value.parse().ok()).or(seconds);
    }
    seconds
}

/// Where the broker's configuration is written.
pub fn broker_configuration_in(folder: &DataFolder) -> PathBuf {
    folder.path().join("nats.conf")
}

/// Whether a process gives way to those that people read from. A saga has time: it is many small steps,
/// and where these wait a little, more of them are taken at once. A read has none.
const fn gives_way(process: Process) -> bool {
    match process {
        Process::Nats | Process::Service(_) => true,
        Process::Redis | Process::Query | Process::Composer => false,
    }
}

#[cfg(test)]
mod tests;
