//! A real redis-server on a free port of the loopback, in a folder of its own, with the users that a
//! deployment has: what folds and what only reads is let do what it may there, and nothing else. Who tests may
//! do everything.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::Client;
use redis::aio::MultiplexedConnection;
use runtime::http::auth::TokenHash;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// Longest wait for the server to answer.
const READY_MAX: Duration = Duration::from_secs(10);

/// What each user may do, as it is everywhere.
const USERS: &str = include_str!("../../users.acl");

/// Each is its own password.
const NAMES: [&str; 3] = ["projector", "reader", "operator"];

/// Who tests.
const TESTER: &str = "tester";

/// A server that ends with this value.
pub(crate) struct RedisServer {
    child: Child,
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
}

impl RedisServer {
    /// A server that never evicts.
    pub(crate) async fn start() -> Self {
        Self::start_with(&["--maxmemory-policy", "noeviction"]).await
    }

    /// A server that speaks TLS alone, and is known by what is in this folder.
    pub(crate) async fn start_over_tls(folder: &Path) -> Self {
        let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let (certificate, key) = (file("certificate.pem"), file("key.pem"));
        let shown = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
        let usual = ["--tls-auth-clients", "no", "--maxmemory-policy", "noeviction"];
        Self::start_with(&[&shown[..], &usual].concat()).await
    }

    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let users = folder.path().join("users.acl");
        std::fs::write(&users, users_known_by_their_names()).unwrap();
        arguments.extend(["--aclfile".to_owned(), users.to_string_lossy().into_owned()]);
        let child = spawn(port, folder.path(), &arguments);
        let mut server = Self { child, port, folder, arguments };
        server.until_ready().await;
        server
    }

    /// As what folds knows it.
    pub(crate) fn url(&self) -> String {
        self.url_of("projector", "projector")
    }

    /// As whoever says these knows it.
    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        format!("redis://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// Another database of the same server, for comparing.
    pub(crate) fn database(&self, number: u8) -> String {
        format!("{}/{number}", self.url_of(TESTER, TESTER))
    }

    /// Who folds.
    pub(crate) fn client(&self) -> Client {
        self.client_of("projector")
    }

    /// Who only reads.
    pub(crate) fn reader(&self) -> Client {
        self.client_of("reader")
    }

    pub(crate) fn client_of(&self, user: &str) -> Client {
        query::store::client(&self.url_of(user, user)).unwrap()
    }

    async fn connection(&self) -> MultiplexedConnection {
        self.client_of(TESTER).get_multiplexed_async_connection().await.unwrap()
    }

    /// Runs one command in database 0, as whoever tests.
    pub(crate) async fn run<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let mut call = redis::cmd(command[0]);
        call.arg(&command[1..]);
        call.query_async(&mut self.connection().await).await.unwrap()
    }

    /// Kills the process, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts the process again over whatever its folder holds.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.port, self.folder.path(), &self.arguments);
        self.until_ready().await;
    }

    /// The server says on its log when it is ready. What it says later is read, too: a full pipe would
    /// hold it up.
    async fn until_ready(&mut self) {
        let log = BufReader::new(self.child.stdout.take().unwrap());
        let (ready, outcome) = oneshot::channel();
        std::thread::spawn(move || {
            let mut ready = Some(ready);
            for line in log.lines().map_while(Result::ok) {
                if line.contains("Ready to accept connections") {
                    ready.take().map(|ready| ready.send(()));
                }
            }
        });
        let outcome = tokio::time::timeout(READY_MAX, outcome).await;
        assert!(
            matches!(outcome, Ok(Ok(()))),
            "redis-server has ended or takes too long: {outcome:?}"
        );
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn users_known_by_their_names() -> String {
    let known = |text: String, name: &&str| {
        text.replace(&format!("#{}", name.to_uppercase()), &format!("#{}", TokenHash::of(name)))
    };
    let tester = format!("user {TESTER} on >{TESTER} ~* &* +@all\n");
    NAMES.iter().fold(USERS.to_owned(), known) + &tester
}

fn spawn(port: u16, folder: &Path, arguments: &[String]) -> Child {
    let binary = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let is_over_tls = arguments.iter().any(|argument| argument.starts_with("--tls"));
    let speaks: &[&str] = if is_over_tls { &["--port", "0", "--tls-port"] } else { &["--port"] };
    Command::new(binary)
        .args(speaks)
        .args([&port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
