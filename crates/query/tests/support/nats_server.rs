//! A real nats-server on a free port of the loopback, and the streams in it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use contracts::service;
use runtime::nats::{Connection, streams, wire};
use runtime::settings::NatsSettings;
use tempfile::TempDir;

use crate::history::History;

/// A broker that ends with this value.
pub(crate) struct NatsServer {
    child: Child,
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
}

impl NatsServer {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let child = spawn(port, &folder, &arguments);
        Self { child, port, folder, arguments }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills the process, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.arguments);
    }

    pub(crate) async fn connection(&self) -> Connection {
        connected(&NatsSettings::at(&self.url())).await
    }

    /// Creates the streams and publishes what they do not hold yet.
    pub(crate) async fn publish(&self, history: &History) {
        Self::publish_by(&self.connection().await, history).await;
    }

    /// The same, at one that is known by this authority.
    pub(crate) async fn publish_over_tls(&self, history: &History, authority: &Path) {
        let nats_ca = Some(authority.to_owned());
        let settings = NatsSettings { nats_ca, ..NatsSettings::at(&self.url()) };
        Self::publish_by(&connected(&settings).await, history).await;
    }

    async fn publish_by(connection: &Connection, history: &History) {
        for service in service::ALL {
            let context = connection.jetstream(service);
            let config = streams::wanted(service, 1);
            let stream = streams::create(&context, &config).await.unwrap();
            let held = usize::try_from(streams::extent(stream.cached_info()).last).unwrap();
            for row in &history.rows[&service][held..] {
                let (headers, payload) = (wire::headers_of(row), row.payload.to_vec());
                let subject = row.subject.clone();
                let sent = context.publish_with_headers(subject, headers, payload.into()).await;
                sent.unwrap().await.unwrap();
            }
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn connected(settings: &NatsSettings) -> Connection {
    let connection = Connection::open(settings, "test").await.unwrap();
    connection.connected().await;
    connection
}

fn spawn(port: u16, folder: &TempDir, arguments: &[String]) -> Child {
    let binary = std::env::var("NATS_SERVER").unwrap_or_else(|_| "nats-server".to_owned());
    Command::new(binary)
        .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
        .arg(folder.path())
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
