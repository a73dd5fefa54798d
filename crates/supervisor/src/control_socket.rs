//! The supervisor's end of the socket: takes questions in, hands them to the supervisor's loop, and
//! carries the answers back.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::protocol::{LINE_BYTES_MAX, Reply, Request};

/// How long a client may take to ask.
const ASKED_WITHIN: Duration = Duration::from_secs(5);
/// Questions that wait for the supervisor's loop; further clients wait in the socket.
const WAITING_MAX: usize = 16;
/// Pause after a failed accept (out of file descriptors), so as not to spin.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A question, and where its answer goes.
pub(crate) type Question = (Request, oneshot::Sender<Reply>);

/// The open socket. Dropping it closes and removes it.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

impl ControlSocket {
    /// Opens the socket. Only the supervisor that owns the data folder may: it replaces a stale one.
    pub(crate) fn open(path: &Path) -> anyhow::Result<(Self, mpsc::Receiver<Question>)> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot replace {}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
        let listener = match UnixListener::bind(path) {
            Ok(listener) => listener,
            Err(error) if error.kind() == ErrorKind::InvalidInput => bail!(
                "the path {} is too long for a socket: name a data folder with a shorter path \
                 with --data",
                path.display()
            ),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot open {}", path.display()));
            }
        };
        let (asked, questions) = mpsc::channel(WAITING_MAX);
        let accepting = tokio::spawn(accept(listener, asked));
        Ok((Self { path: path.to_owned(), accepting }, questions))
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.accepting.abort();
        // It is stale from here on, and a stale one is replaced by the next supervisor.
        drop(fs::remove_file(&self.path));
    }
}

async fn accept(listener: UnixListener, asked: mpsc::Sender<Question>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let asked = asked.clone();
                // A client that went away gets no answer, and needs none.
                tokio::spawn(async move { drop(serve(stream, asked).await) });
            }
            Err(_) => tokio::time::sleep(ACCEPT_AGAIN_AFTER).await,
        }
    }
}

async fn serve(stream: UnixStream, asked: mpsc::Sender<Question>) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    let mut reading = BufReader::new(reading.take(LINE_BYTES_MAX));
    tokio::time::timeout(ASKED_WITHIN, reading.read_line(&mut line)).await??;
    let request = serde_json::from_str::<Request>(&line);
    let reply = match &request {
        Ok(request) => answer(request.clone(), &asked).await,
        Err(error) => Reply::Refused(format!("this supervisor does not know that: {error}")),
    };
    let mut text = serde_json::to_vec(&reply)?;
    text.push(b'\n');
    let written = writing.write_all(&text).await;
    if let (Ok(Request::Lease(_, process)), Reply::Leased(lease)) = (request, reply) {
        // The kernel closes the connection, however the client ends: nothing that it could say counts.
        while written.is_ok() && matches!(reading.read_line(&mut line).await, Ok(1..)) {}
        answer(Request::Release(process, lease), &asked).await;
    }
    written
}

async fn answer(request: Request, asked: &mpsc::Sender<Question>) -> Reply {
    let (reply, answered) = oneshot::channel();
    let ending = || Reply::Refused("the supervisor is ending".to_owned());
    if asked.send((request, reply)).await.is_err() {
        return ending();
    }
    answered.await.unwrap_or_else(|_| ending())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor_client::SupervisorClient;

    #[tokio::test]
    async fn a_question_reaches_the_loop_and_its_answer_the_client() {
        let folder = tempfile::tempdir().unwrap();
        let client = SupervisorClient::in_folder(folder.path());
        let path = client::run_file::control_socket_in(folder.path());
        let (_server, mut questions) = ControlSocket::open(&path).unwrap();
        let answering = tokio::spawn(async move {
            while let Some((request, reply)) = questions.recv().await {
                assert_eq!(request, Request::Down);
                reply.send(Reply::Refused("not now".into())).unwrap();
            }
        });
        let error = client.ask(Request::Down).await.unwrap_err().to_string();
        assert_eq!(error, "not now");
        answering.abort();
    }

    #[tokio::test]
    async fn what_is_leased_is_released_when_the_client_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = client::run_file::control_socket_in(folder.path());
        let (_server, mut questions) = ControlSocket::open(&path).unwrap();
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(b"{\"lease\":[\"halt\",\"order\"]}\n").await.unwrap();
        let (request, reply) = questions.recv().await.unwrap();
        assert!(matches!(request, Request::Lease(..)), "{request:?}");
        reply.send(Reply::Leased(7)).unwrap();
        assert!(questions.try_recv().is_err());
        drop(stream);
        let (request, _) = questions.recv().await.unwrap();
        assert_eq!(request, Request::Release("order".parse().unwrap(), 7));
    }

    #[tokio::test]
    async fn nonsense_is_answered_and_not_passed_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let (_server, _questions) = ControlSocket::open(&path).unwrap();
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(b"what?\n").await.unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).await.unwrap();
        assert!(answer.contains("does not know"), "{answer}");
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x".repeat(200));
        let error = ControlSocket::open(&path).unwrap_err().to_string();
        assert!(error.contains("--data"), "{error}");
    }
}
