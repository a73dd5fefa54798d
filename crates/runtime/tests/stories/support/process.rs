//! A service in a process of its own: this test binary, started again for the one test below.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use protocol::Position;
use runtime::http::auth::HttpSettings;
use runtime::settings::{LogFormat, ProcessSettings};
use runtime::{Settings, failpoint, serve};
use serde_json::Value;

use super::broker::Broker;
use super::domain::{Registry, routes};
use super::{WITHIN, eventually, eventually_or_show, free_port};

const DATA: &str = "STORY_DATA";
const NATS: &str = "STORY_NATS";
const PORT: &str = "STORY_PORT";
const FIRST_START: &str = "STORY_FIRST_START";
const BYTES_MAX: &str = "STORY_BYTES_MAX";
const DROP_FOREIGN: &str = "STORY_DROP_FOREIGN";
const SNAPSHOT_ROWS: &str = "STORY_SNAPSHOT_ROWS";

/// How long a service may take to stop: less than what a command waits for a silent broker.
pub(crate) const DRAIN: Duration = Duration::from_secs(4);

/// The service. Without its environment this is an ordinary test run, and nothing is to be done.
#[test]
fn a_service_process() {
    let Ok(data) = std::env::var(DATA) else { return };
    let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    let settings = Settings {
        data: data.into(),
        first_start: std::env::var_os(FIRST_START).is_some(),
        seal_keys: None,
        take_unsealed: false,
        drop_foreign: std::env::var(DROP_FOREIGN).ok().map(|first| first.parse().unwrap()),
        write_versions: Vec::new(),
        read_versions: Vec::new(),
        stream_replicas: 1,
        database_bytes_max: std::env::var(BYTES_MAX).ok().map(|bytes| bytes.parse().unwrap()),
        snapshots: None,
        snapshot_rows: std::env::var(SNAPSHOT_ROWS).map_or(0, |rows| rows.parse().unwrap()),
        process: ProcessSettings {
            listen: ([127, 0, 0, 1], port).into(),
            http: HttpSettings::default(),
            nats: runtime::NatsSettings::at(&std::env::var(NATS).unwrap()),
            log_format: LogFormat::Text,
            drain_seconds: DRAIN.as_secs(),
            until_stdin_closes: false,
        },
    };
    std::process::exit(serve(settings, Registry, routes).into());
}

/// A running service, ended by its id with the value.
pub(crate) struct Process {
    child: Child,
    port: u16,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// What came back over HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Process {
    pub(crate) fn first(data: &Path, broker: &Broker) -> Self {
        let process = Self::first_unready(data, broker);
        process.until_state("ready");
        process
    }

    /// A first start that is not waited for.
    pub(crate) fn first_unready(data: &Path, broker: &Broker) -> Self {
        Self::start(data, broker, &[(FIRST_START, "1")])
    }

    pub(crate) fn again(data: &Path, broker: &Broker) -> Self {
        Self::start(data, broker, &[])
    }

    /// A start that may take this message of somebody else, and what follows it, out of the stream.
    pub(crate) fn dropping(data: &Path, broker: &Broker, first: Position) -> Self {
        Self::start(data, broker, &[(DROP_FOREIGN, &first.to_string())])
    }

    /// A start, first or not, that dies at a failpoint.
    pub(crate) fn armed(data: &Path, broker: &Broker, points: &str) -> Self {
        Self::start(data, broker, &[(FIRST_START, "1"), (failpoint::VARIABLE, points)])
    }

    /// A start, first or not, whose database may grow to this size.
    pub(crate) fn with_room(data: &Path, broker: &Broker, bytes_max: u64) -> Self {
        let bytes_max = bytes_max.to_string();
        Self::start(data, broker, &[(FIRST_START, "1"), (BYTES_MAX, &bytes_max)])
    }

    /// A start, first or not, that writes a snapshot after so many rows.
    pub(crate) fn with_snapshots(data: &Path, broker: &Broker, rows: u64) -> Self {
        let rows = rows.to_string();
        Self::start(data, broker, &[(FIRST_START, "1"), (SNAPSHOT_ROWS, &rows)])
    }

    /// A start that is told to listen on this port.
    pub(crate) fn on_port(data: &Path, broker: &Broker, port: u16) -> Self {
        Self::start(data, broker, &[(PORT, &port.to_string())])
    }

    /// A first start that is told to find its broker there.
    pub(crate) fn first_at(data: &Path, url: &str) -> Self {
        let program = Command::new(std::env::current_exe().unwrap());
        Self::run(program, data, url, &[(FIRST_START, "1")])
    }

    /// A first start that may never open more than so many descriptors.
    pub(crate) fn with_descriptors(data: &Path, broker: &Broker, most: u32) -> Self {
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("ulimit -n {most} && exec \"$0\" \"$@\"")]);
        limited.arg(std::env::current_exe().unwrap());
        let process = Self::run(limited, data, &broker.url(), &[(FIRST_START, "1")]);
        process.until_state("ready");
        process
    }

    fn start(data: &Path, broker: &Broker, environment: &[(&str, &str)]) -> Self {
        let program = Command::new(std::env::current_exe().unwrap());
        Self::run(program, data, &broker.url(), environment)
    }

    fn run(mut command: Command, data: &Path, url: &str, environment: &[(&str, &str)]) -> Self {
        command.args(["support::process::a_service_process", "--exact", "--nocapture"]);
        let asked = environment.iter().find(|(name, _)| *name == PORT);
        let port = asked.map_or_else(free_port, |(_, port)| port.parse().unwrap());
        command.env(DATA, data).env(NATS, url).env(PORT, port.to_string());
        command.envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (errors, lines) = (child.stderr.take().unwrap(), Arc::clone(&log));
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                lines.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { child, port, log, reader: Some(reader) }
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn status(&self) -> Option<Value> {
        self.try_send("GET", "/status", &[], "").map(|reply| reply.body)
    }

    /// Waits until `/status` is as wanted, and returns it.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually_or_show(what, || self.log(), || self.status().filter(&holds))
    }

    /// Waits until `/readyz` gives a reason with all of these parts, and returns it.
    pub(crate) fn until_unready(&self, parts: &[&str]) -> String {
        let log = || self.log();
        eventually_or_show(&format!("unready for {parts:?}"), log, || {
            let reply =
                self.try_send("GET", "/readyz", &[], "").filter(|reply| reply.status == 503)?;
            let reason = reply.body["detail"].as_str()?.to_owned();
            parts.iter().all(|part| reason.contains(part)).then_some(reason)
        })
    }

    pub(crate) fn until_state(&self, state: &str) -> Value {
        self.until(state, |status| status["state"] == state)
    }

    pub(crate) fn register(&self, id: &str, headers: &[&str]) -> Reply {
        self.try_send("POST", "/customers", headers, &format!("\"{id}\"")).unwrap()
    }

    pub(crate) fn knows(&self, id: &str) -> bool {
        let reply = self.try_send("GET", &format!("/customers/{id}"), &[], "").unwrap();
        reply.body == Value::Bool(true)
    }

    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> Option<Reply> {
        Self::read_reply(self.begin_send(method, path, headers, body)?)
    }

    /// Sends a request, and leaves its reply for later.
    pub(crate) fn begin_send(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> Option<TcpStream> {
        let mut stream = self.connect()?;
        let more: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        Some(stream)
    }

    /// A connection on which nothing is sent yet.
    pub(crate) fn connect(&self) -> Option<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(WITHIN)).unwrap();
        Some(stream)
    }

    /// The reply to a request that was sent.
    pub(crate) fn read_reply(stream: TcpStream) -> Option<Reply> {
        let answer = Self::read_text(stream)?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = serde_json::from_str(body).unwrap_or(Value::Null);
        Some(Reply { status, head: head.to_lowercase(), body })
    }

    /// What is there as text, head and all.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        Self::read_text(self.begin_send("GET", path, &[], "")?)
    }

    fn read_text(mut stream: TcpStream) -> Option<String> {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// A signal by its name, to this process alone.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        let ended = eventually("the process ends", || self.child.try_wait().unwrap());
        // Its log is whole by then.
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        ended
    }

    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert!(self.ended().success(), "{}", self.log());
    }

    pub(crate) fn has_ended_within(&mut self, wait: Duration) -> bool {
        let deadline = std::time::Instant::now() + wait;
        while std::time::Instant::now() < deadline {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}
