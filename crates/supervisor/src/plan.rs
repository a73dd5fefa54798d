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
use crate::{programs, tokens};

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
    /// What lets a process into the broker, in its environment.
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
        Ok(Self { programs: found, ports, extra, endpoints, logins, wrappers, drain_seconds })
    }

    /// Where each process listens.
    pub const fn ports(&self) -> &BTreeMap<Process, u16> {
        &self.ports
    }

    /// Where a process listens; 0 if it is not part of the plan.
    pub fn port(&self, process: Process) -> u16 {
        self.ports.get(&process).copied().unwrap_or_default()
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
        // Whose address says who it is was told so on purpose.
        if !line.environment.contains_key("MURMUR_NATS") {
            line.environment.extend(self.logins.get(&process).cloned().unwrap_or_default());
        }
        let extra = self.extra.get(&process).into_iter().flatten();
        line.arguments.extend(extra.map(OsString::from));
        self.wrapped(process, line)
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
        let mut arguments = texts(["--port", &port, "--bind", "127.0.0.1", "--dir"]);
        arguments.push(folder.of(Process::Redis).into());
        // Views are a fold and can be lost; a second of them is quicker to catch up than all. What
        // does not fit must be refused: an evicted key would be a wrong answer.
        arguments.extend(texts(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]));
        arguments.extend(texts(["--maxmemory-policy", "noeviction", "--daemonize", "no"]));
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
        let direct = || format!("redis://127.0.0.1:{}", self.port(Process::Redis));
        let redis = self.endpoints.redis.clone().unwrap_or_else(direct);
        let mut arguments = texts([SERVE, Process::Query.name(), "--redis", &redis]);
        arguments.extend(self.network(Process::Query, folder));
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
        let Some(port) = self.ports.get(&Process::Query) else { return Vec::new() };
        let origins = format!("http://127.0.0.1:{port},http://localhost:{port}");
        let mut arguments = texts(["--origin", &origins]);
        arguments.extend(session_key(folder));
        arguments
    }

    fn composer(&self, folder: &DataFolder) -> Vec<OsString> {
        let listen = format!("127.0.0.1:{}", self.port(Process::Composer));
        let name = Process::Composer.name();
        let mut arguments = texts([SERVE, name, "--listen", &listen, "--until-stdin-closes"]);
        arguments.extend(closed(folder));
        arguments.extend(self.open_to_the_page(folder));
        for (process, port) in &self.ports {
            if let Process::Service(service) = process {
                let owner = format!("{service}=http://127.0.0.1:{port}");
                arguments.extend(texts(["--owner", &owner]));
            }
        }
        arguments
    }

    fn network(&self, process: Process, folder: &DataFolder) -> Vec<OsString> {
        let listen = format!("127.0.0.1:{}", self.port(process));
        let direct = || format!("nats://127.0.0.1:{}", self.port(Process::Nats));
        let nats = self.endpoints.broker.get(&process).cloned().unwrap_or_else(direct);
        let mut arguments = texts(["--listen", &listen, "--nats", &nats, "--until-stdin-closes"]);
        arguments.extend(closed(folder));
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
mod tests {
    use super::*;
    use contracts::service;

    fn arguments(plan: &Plan, process: Process, folder: &DataFolder) -> Vec<String> {
        let line = plan.command_line(process, folder);
        line.arguments.into_iter().map(|part| part.to_string_lossy().into_owned()).collect()
    }

    fn plan() -> Plan {
        let ports = (1u16..).zip(Process::ALL).map(|(port, process)| (process, port)).collect();
        let programs = Process::ALL.map(|process| (process, PathBuf::from(process.name()))).into();
        let extra = BTreeMap::from([(Process::Query, vec!["--more".to_owned()])]);
        Plan {
            programs,
            ports,
            extra,
            endpoints: Endpoints::default(),
            logins: BTreeMap::new(),
            wrappers: Wrappers::default(),
            drain_seconds: None,
        }
    }

    #[test]
    fn first_start_is_said_until_a_service_was_ready_once() {
        let data = tempfile::tempdir().unwrap();
        let mut folder = DataFolder::open(data.path()).unwrap();
        let order = Process::Service(service::ORDER);
        assert!(arguments(&plan(), order, &folder).contains(&"--first-start".to_owned()));
        folder.was_ready(order).unwrap();
        assert!(!arguments(&plan(), order, &folder).contains(&"--first-start".to_owned()));
    }

    #[test]
    fn only_the_stores_are_tethered_and_everything_listens_on_loopback_and_asks_for_tokens() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let tether = Some("/usr/bin/setpriv".into());
        let plan = Plan { wrappers: Wrappers { tether, nice: None }, ..plan() };
        for process in Process::ALL {
            let line = plan.command_line(process, &folder);
            assert_eq!(line.program.ends_with("setpriv"), process.is_store(), "{process}");
            let text = arguments(&plan, process, &folder).join(" ");
            assert!(text.contains("127.0.0.1") && !text.contains("0.0.0.0"), "{text}");
            assert_eq!(text.contains("--tokens"), !process.is_store(), "{text}");
        }
    }

    #[test]
    fn what_changes_gives_way_to_what_is_read() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let (tether, nice) = (Some("/bin/setpriv".into()), Some(("/bin/nice".into(), 7)));
        let plan = Plan { wrappers: Wrappers { tether, nice }, ..plan() };
        let starts = |process, with: &[&str]| {
            let line = plan.command_line(process, &folder);
            let all = std::iter::once(line.program.into_os_string()).chain(line.arguments);
            all.take(with.len()).eq(with.iter().map(OsString::from))
        };
        let tethered = ["/bin/setpriv", "--pdeathsig", "TERM", "redis"];
        assert!(starts(Process::Redis, &tethered));
        assert!(starts(Process::Query, &["query", "serve", "query"]));
        let both = ["/bin/nice", "-n", "7", "/bin/setpriv", "--pdeathsig", "TERM", "nats"];
        assert!(starts(Process::Nats, &both));
        assert!(starts(
            Process::Service(service::ORDER),
            &["/bin/nice", "-n", "7", "order", "serve", "order"]
        ));
    }

    #[test]
    fn who_has_a_way_of_its_own_is_not_told_where_the_store_listens() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let order = Process::Service(service::ORDER);
        let broker = BTreeMap::from([(order, "nats://127.0.0.1:9".to_owned())]);
        let endpoints = Endpoints { broker, redis: Some("redis://127.0.0.1:8".to_owned()) };
        let plan = Plan { endpoints, ..plan() };
        assert!(arguments(&plan, order, &folder).contains(&"nats://127.0.0.1:9".to_owned()));
        let query = arguments(&plan, Process::Query, &folder);
        assert!(query.contains(&"redis://127.0.0.1:8".to_owned()));
        assert!(query.contains(&"nats://127.0.0.1:1".to_owned()));
    }

    #[test]
    fn who_may_drain_for_longer_is_killed_later_and_down_waits_for_it() {
        let order = Process::Service(service::ORDER);
        let drain = vec!["--drain-seconds".to_owned(), "60".to_owned()];
        let plan = Plan { extra: BTreeMap::from([(order, drain)]), ..plan() };
        assert_eq!(plan.stop_within(order), Duration::from_secs(65));
        assert_eq!(plan.stop_within(Process::Query), STOP_WITHIN);
        assert_eq!(plan.down_within(), Duration::from_secs(2 * 65) + 2 * STOP_WITHIN);
        assert_eq!(drain_seconds_in(&["--drain-seconds=7".to_owned()]), Some(7));
        assert_eq!(drain_seconds_in(&["--drain-seconds-x=7".to_owned()]), None);
    }

    #[test]
    fn an_address_with_a_password_does_not_stand_in_the_arguments() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let broker = BTreeMap::from([(Process::Query, "nats://a:geheim@h".to_owned())]);
        let endpoints = Endpoints { broker, redis: Some("redis://:geheim@h".to_owned()) };
        let line = Plan { endpoints, ..plan() }.command_line(Process::Query, &folder);
        let arguments = format!("{:?}", line.arguments);
        assert!(!arguments.contains("geheim") && arguments.contains("--listen"), "{arguments}");
        assert_eq!(line.environment["MURMUR_NATS"], "nats://a:geheim@h");
        assert_eq!(line.environment["MURMUR_REDIS"], "redis://:geheim@h");
    }

    #[test]
    fn a_password_of_the_broker_is_in_the_environment_of_its_process_only() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let login = BTreeMap::from([("MURMUR_NATS_PASSWORD".to_owned(), "geheim".to_owned())]);
        let plan = Plan { logins: BTreeMap::from([(Process::Query, login)]), ..plan() };
        for process in Process::ALL {
            let line = plan.command_line(process, &folder);
            assert!(!format!("{:?}", line.arguments).contains("geheim"));
            assert_eq!(!line.environment.is_empty(), process == Process::Query, "{process}");
        }
        let broker = BTreeMap::from([(Process::Query, "nats://a:anderes@h".to_owned())]);
        let plan = Plan { endpoints: Endpoints { broker, redis: None }, ..plan };
        let line = plan.command_line(Process::Query, &folder);
        assert!(!line.environment.contains_key("MURMUR_NATS_PASSWORD"));
    }

    #[test]
    fn what_the_operator_adds_comes_last() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        assert_eq!(arguments(&plan(), Process::Query, &folder).last().unwrap(), "--more");
    }
}
