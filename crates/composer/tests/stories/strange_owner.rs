//! An owner that does what a test says: a TCP server on a port of its own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// How an owner behaves.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// Answers each path with its body; others with 404.
    Answers(HashMap<String, String>),
    /// Answers everything with this, to the byte.
    Says(Vec<u8>),
    /// Accepts, reads, and never answers.
    Hangs,
    /// Begins an answer and never ends it.
    Trickles,
    /// Sends a body that does not end.
    Floods,
    /// Closes each connection as soon as something was asked.
    HangsUp,
}

/// A running owner; it ends with the value.
pub(crate) struct StrangeOwner {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    server: AbortHandle,
}

struct State {
    manner: Mutex<Manner>,
    asked: AtomicUsize,
    /// The consistency token of the last request.
    token: Mutex<Option<String>>,
    /// What let it in.
    authorization: Mutex<Option<String>>,
}

impl StrangeOwner {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            manner: Mutex::new(manner),
            asked: AtomicUsize::new(0),
            token: Mutex::new(None),
            authorization: Mutex::new(None),
        });
        let serving = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&serving)));
            }
        });
        Self { address, state, server: server.abort_handle() }
    }

    /// From now on it behaves like this, also on connections that are open.
    pub(crate) fn behaves(&self, manner: Manner) {
        *self.state.manner.lock().unwrap() = manner;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// The token that came with the last request.
    pub(crate) fn token(&self) -> Option<String> {
        self.state.token.lock().unwrap().clone()
    }

    /// The `Authorization` that came with the last request.
    pub(crate) fn authorization(&self) -> Option<String> {
        self.state.authorization.lock().unwrap().clone()
    }
}

impl Drop for StrangeOwner {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A whole response with a body of this type.
pub(crate) fn response(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

async fn converse(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(path) = read_request(&mut stream, &state).await {
        state.asked.fetch_add(1, Ordering::SeqCst);
        let manner = state.manner.lock().unwrap().clone();
        if behave(&mut stream, manner, &path).await.is_none() {
            return;
        }
    }
}

/// Reads a request without a body; its path.
async fn read_request(stream: &mut BufReader<TcpStream>, state: &State) -> Option<String> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|length| *length > 0)?;
    let (mut token, mut authorization) = (None, None);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        if let Some(value) = line.strip_prefix("murmur-token: ") {
            token = Some(value.trim().to_owned());
        }
        if let Some(value) = line.strip_prefix("authorization: ") {
            authorization = Some(value.trim().to_owned());
        }
        if line.trim().is_empty() {
            *state.authorization.lock().unwrap() = authorization;
            *state.token.lock().unwrap() = token;
            return first.split(' ').nth(1).map(str::to_owned);
        }
    }
}

/// `None` ends the connection.
async fn behave(stream: &mut BufReader<TcpStream>, manner: Manner, path: &str) -> Option<()> {
    match manner {
        Manner::Answers(bodies) => {
            let answer = match bodies.get(path) {
                Some(body) => response("200 OK", "application/json", body),
                None => response("404 Not Found", "application/problem+json", "{}"),
            };
            stream.write_all(&answer).await.ok()
        }
        Manner::Says(bytes) => stream.write_all(&bytes).await.ok(),
        Manner::Hangs => std::future::pending().await,
        Manner::Trickles => {
            let head =
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
            stream.write_all(head).await.ok()?;
            std::future::pending().await
        }
        Manner::Floods => {
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n\"";
            stream.write_all(head).await.ok()?;
            let much = vec![b'x'; 1 << 20];
            while stream.write_all(&much).await.is_ok() {}
            None
        }
        Manner::HangsUp => None,
    }
}
