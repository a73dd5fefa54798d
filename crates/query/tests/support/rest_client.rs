//! The smallest client of HTTP/1.1: one request, one connection, one answer, most of them JSON.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    /// The status line and the headers.
    #[allow(dead_code, reason = "one of those that share this client looks at it whole")]
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// Asks, or says that nobody answers.
pub(crate) async fn try_get(address: &str, path: &str, headers: &[(&str, &str)]) -> Option<Answer> {
    try_send(address, &format!("GET {path}"), headers, "").await
}

async fn try_send(
    address: &str,
    what: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let fields: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request =
        format!("{what} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{fields}\r\n{body}");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let text = body.to_owned();
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    Some(Answer { status, head: head.to_owned(), body, text })
}

pub(crate) async fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    try_get(address, path, headers).await.unwrap()
}

/// Posts JSON.
#[allow(dead_code, reason = "not all that share this client change anything")]
pub(crate) async fn post(address: &str, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let length = body.len().to_string();
    let headers = [("content-type", "application/json"), ("content-length", &*length)];
    try_send(address, &format!("POST {path}"), &headers, &body).await.unwrap()
}
