//! One HTTP/1.1 request on a connection of its own.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(15);

/// What lets a test in, by the port of each process that it was told of.
static TOKENS: Mutex<BTreeMap<u16, String>> = Mutex::new(BTreeMap::new());

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Answer {
    /// The value of a header; its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()).next()
    }

    /// The kind of problem.
    pub(crate) fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/")
    }
}

/// From now on, what is sent there is sent with this token.
pub(crate) fn log_in(port: u16, token: &str) {
    TOKENS.lock().unwrap().insert(port, token.to_owned());
}

/// Sends a request, with what lets it in there, unless it brings something of its own.
///
/// # Errors
/// When nobody answers.
pub(crate) fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Answer> {
    let token = TOKENS.lock().unwrap().get(&port).map(|token| format!("Bearer {token}"));
    let brings = headers.iter().any(|(name, _)| ["authorization", "cookie"].contains(name));
    let token = token.as_deref().filter(|_| !brings).map(|token| ("authorization", token));
    let headers: Vec<_> = headers.iter().copied().chain(token).collect();
    send_bare(port, method, path, &headers, body)
}

/// Sends a request as it is.
///
/// # Errors
/// When nobody answers.
pub(crate) fn send_bare(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let extra: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let usual = [("host", "localhost"), ("content-type", "application/json")];
    let is_usual = |(name, _): &&(&str, &str)| headers.iter().all(|(given, _)| given != name);
    let usual: String =
        usual.iter().filter(is_usual).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{usual}connection: close\r\ncontent-length: {length}\r\n\
         {extra}\r\n{body}"
    );
    // Who is refused for its body's size may be cut off while it still sends.
    stream.write_all(request.as_bytes()).or_else(|error| {
        let cut_off = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].contains(&error.kind());
        if cut_off { Ok(()) } else { Err(error) }
    })?;
    let answer = read_answer(&mut stream)?;
    let broken = || std::io::Error::other("no whole answer came");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.ok_or_else(broken)?,
        head: head.to_owned(),
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    })
}

/// Reads as much as the answer says that it has: not everybody closes when asked to.
fn read_answer(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut answer = Vec::new();
    let mut buffer = [0; 16_384];
    while !is_whole(&answer) {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
            // What came before is an answer all the same: one who was refused may be cut off.
            Err(_) if !answer.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    String::from_utf8(answer).map_err(std::io::Error::other)
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length
        .and_then(|length| length.trim().parse().ok())
        .is_some_and(|length: usize| answer.len() >= end + 4 + length)
}
