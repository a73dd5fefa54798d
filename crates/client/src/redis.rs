//! Redis, as the operator's commands use it: single commands, each a line as people type it, by the user
//! that may do this and no more.
//!
//! Deliberately absent: the read model. What is in it is query's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use runtime::address::{Secret, redacted};
use runtime::tls::Authorities;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::passwords::Passwords;

/// The file with the passwords of its users, in a data folder.
const FILE: &str = "redis.keys";

/// Who folds the streams into it.
pub const PROJECTOR: &str = "projector";
/// Who only answers from it.
pub const READER: &str = "reader";
/// Who looks after it.
pub const OPERATOR: &str = "operator";

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// More than the longest line or text that is answered to what is asked here.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Where it is, and as whom it is used.
#[derive(Clone, Debug)]
pub struct Redis {
    host: String,
    port: u16,
    /// Its operator's; none where everybody is let in.
    password: Option<Secret>,
    /// Who may have signed its certificate; none where it speaks no TLS.
    authorities: Option<Authorities>,
}

/// A connection, over TLS or without.
type Stream = BufReader<Box<dyn Wire>>;

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// The file in a data folder.
pub fn keys_in(data: &Path) -> PathBuf {
    data.join(FILE)
}

impl Redis {
    /// The one at `redis://HOST:PORT`, or `rediss://`, used as its operator if it has users.
    ///
    /// # Errors
    /// When that is no such address.
    pub fn at(
        address: &str,
        keys: Option<&Passwords>,
        authorities: &Authorities,
    ) -> anyhow::Result<Self> {
        let host_and_port = || {
            let (scheme, rest) = address.split_once("://")?;
            let host = rest.rsplit('@').next()?.split('/').next()?;
            let (host, port) = host.rsplit_once(':')?;
            Some((scheme == "rediss", host.to_owned(), port.parse().ok()?))
        };
        let no_port = || format!("{} names no host and port", redacted(address));
        let (is_over_tls, host, port) = host_and_port().with_context(no_port)?;
        let password = keys.and_then(|keys| keys.of(OPERATOR)).cloned();
        let authorities = is_over_tls.then(|| authorities.clone());
        Ok(Self { host, port, password, authorities })
    }

    /// The answer to a command: one text, or several.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub async fn ask(&self, command: &str) -> anyhow::Result<Vec<String>> {
        self.ask_within(command, ANSWER_WITHIN).await
    }

    /// The same, within less time.
    ///
    /// # Errors
    /// As for [`Redis::ask`].
    pub async fn ask_within(&self, command: &str, within: Duration) -> anyhow::Result<Vec<String>> {
        let answer = timeout(within, self.exchange(command)).await;
        answer.with_context(|| format!("Redis does not answer on port {}", self.port))?
    }

    async fn connect(&self) -> anyhow::Result<Stream> {
        let unreachable = || format!("Redis does not answer on port {}", self.port);
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.with_context(unreachable)?;
        let Some(authorities) = &self.authorities else {
            return Ok(BufReader::new(Box::new(stream)));
        };
        let stream = authorities.connect(&self.host, stream).await;
        Ok(BufReader::new(Box::new(stream.context("Redis is not known by its certificate")?)))
    }

    async fn exchange(&self, command: &str) -> anyhow::Result<Vec<String>> {
        let mut stream = self.connect().await?;
        if let Some(password) = &self.password {
            let login = format!("AUTH {OPERATOR} {}\r\n", password.expose());
            stream.write_all(login.as_bytes()).await?;
            read_answer(&mut stream).await?;
        }
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        read_answer(&mut stream).await
    }
}

async fn read_answer(stream: &mut Stream) -> anyhow::Result<Vec<String>> {
    let head = read_line(stream).await?;
    match head.split_at_checked(1) {
        Some(("+" | ":", text)) => Ok(vec![text.to_owned()]),
        Some(("$", length)) => Ok(vec![read_bulk(stream, length).await?]),
        Some(("*", count)) => {
            let mut all = Vec::new();
            for _ in 0..count.parse::<u32>()? {
                let head = read_line(stream).await?;
                all.push(read_bulk(stream, head.trim_start_matches('$')).await?);
            }
            Ok(all)
        }
        _ => bail!("Redis answers {head:?}"),
    }
}

async fn read_bulk(stream: &mut Stream, length: &str) -> anyhow::Result<String> {
    let length: usize = length.parse().context("there is no such key")?;
    if length > TEXT_BYTES_MAX {
        bail!("Redis answers {length} bytes");
    }
    let mut bytes = vec![0; length + 2];
    stream.read_exact(&mut bytes).await?;
    bytes.truncate(length);
    Ok(String::from_utf8(bytes)?)
}

async fn read_line(stream: &mut Stream) -> anyhow::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        bail!("Redis closes the connection");
    }
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_host_and_port_and_what_is_none_is_told_without_its_password() {
        let at = |address: &str| {
            Redis::at(address, None, &Authorities::default()).map(|redis| (redis.host, redis.port))
        };
        for fine in ["redis://h:7", "redis://h:7/2", "redis://a:ge:heim@h:7", "redis://h:7/"] {
            assert_eq!(at(fine).unwrap(), ("h".to_owned(), 7), "{fine}");
        }
        for wrong in ["h:7", "redis://a:geheim@h", "redis://h:x"] {
            assert!(!at(wrong).unwrap_err().to_string().contains("geheim"), "{wrong}");
        }
    }
}
