//! A nats-server of a test's own.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use runtime::async_nats::{self, jetstream};
use runtime::nats::Connection;
use runtime::settings::NatsSettings;

use super::{Folder, eventually, free_port};

/// A broker on a free port, ended by its id with the value.
pub(crate) struct Broker {
    folder: Folder,
    port: u16,
    child: Option<Child>,
}

impl Broker {
    pub(crate) fn start() -> Self {
        let mut broker = Self { folder: Folder::new(), port: free_port(), child: None };
        broker.restart();
        broker
    }

    /// Starts one that is configured like this.
    pub(crate) fn configured(configuration: &str) -> Self {
        let mut broker = Self::away();
        broker.restart_as(configuration);
        broker
    }

    /// Starts it again, configured like this.
    pub(crate) fn restart_as(&mut self, configuration: &str) {
        let file = self.folder.path().join("broker.conf");
        std::fs::write(&file, configuration).unwrap();
        let (file, store) = (file.display().to_string(), self.folder.path().display().to_string());
        // A store that is named in the configuration must not be named twice.
        let named = configuration.contains("store_dir");
        let arguments = ["-c", &file, "-sd", &store];
        self.spawn(if named { &arguments[..2] } else { &arguments });
    }

    /// Starts it again with so much room for what it stores.
    pub(crate) fn restart_with_room(&mut self, bytes: u64) {
        self.restart_as(&format!("jetstream {{ max_file_store: {bytes} }}"));
    }

    /// A broker that is not there.
    pub(crate) fn away() -> Self {
        Self { folder: Folder::new(), port: free_port(), child: None }
    }

    pub(crate) fn restart(&mut self) {
        let store = self.folder.path().display().to_string();
        self.spawn(&["-js", "-sd", &store]);
    }

    fn spawn(&mut self, more: &[&str]) {
        let program = std::env::var_os("NATS_SERVER").unwrap_or("nats-server".into());
        let child = Command::new(program)
            .args(["-a", "127.0.0.1", "-p", &self.port.to_string()])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
        let port = self.port;
        eventually("the broker listens", || TcpStream::connect(("127.0.0.1", port)).ok());
    }

    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends it in order: it writes down what it holds, and believes that at its next start.
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        self.child.take().unwrap().wait().unwrap();
    }

    /// Stops and continues it by a signal's name: it keeps its connections and says nothing.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Flips one bit of a stored message while the broker is down. `text` is in that message alone.
    pub(crate) fn flip_a_bit_in(&self, text: &str) {
        let blocks = files_below(self.folder.path())
            .into_iter()
            .filter(|file| file.extension().is_some_and(|extension| extension == "blk"));
        let mut flipped = 0;
        for block in blocks {
            let mut bytes = std::fs::read(&block).unwrap();
            let found = bytes.windows(text.len()).position(|part| part == text.as_bytes());
            let Some(found) = found else { continue };
            bytes[found] ^= 1;
            std::fs::write(&block, bytes).unwrap();
            flipped += 1;
        }
        assert_eq!(flipped, 1, "{text:?} is stored once");
    }

    /// Loses everything that it had stored.
    pub(crate) fn wipe(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.folder.path()).unwrap();
        std::fs::create_dir_all(self.folder.path()).unwrap();
        self.restart();
    }

    /// Its address, for who says to be somebody.
    pub(crate) fn url_as(&self, who: &str) -> String {
        format!("nats://{who}@127.0.0.1:{}", self.port)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn settings(&self) -> NatsSettings {
        NatsSettings::at(&self.url())
    }

    pub(crate) async fn connection(&self) -> Connection {
        let connection = Connection::open(&self.settings(), "test").await.unwrap();
        connection.connected().await;
        connection
    }

    /// JetStream, for a hand from outside.
    pub(crate) async fn jetstream(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(self.url()).await.unwrap())
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

impl Drop for Broker {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}
