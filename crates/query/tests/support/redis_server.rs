//! A real redis-server on a free port of the loopback, in a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::Client;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// Longest wait for the server to answer.
const READY_MAX: Duration = Duration::from_secs(10);

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

    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let child = spawn(port, folder.path(), &arguments);
        let mut server = Self { child, port, folder, arguments };
        server.until_ready().await;
        server
    }

    /// Database 0, as services know it.
    pub(crate) fn url(&self) -> String {
        self.database(0)
    }

    /// Another database of the same server, for comparing.
    pub(crate) fn database(&self, number: u8) -> String {
        format!("redis://127.0.0.1:{}/{number}", self.port)
    }

    pub(crate) fn client(&self) -> Client {
        query::store::client(&self.url()).unwrap()
    }

    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        self.client().get_multiplexed_async_connection().await.unwrap()
    }

    /// Runs one command in database 0.
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
        let (ready, told) = oneshot::channel();
        std::thread::spawn(move || {
            let mut ready = Some(ready);
            for line in log.lines().map_while(Result::ok) {
                if line.contains("Ready to accept connections") {
                    ready.take().map(|ready| ready.send(()));
                }
            }
        });
        let told = tokio::time::timeout(READY_MAX, told).await;
        assert!(matches!(told, Ok(Ok(()))), "redis-server has ended or takes too long: {told:?}");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(port: u16, folder: &Path, arguments: &[String]) -> Child {
    let binary = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    Command::new(binary)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
