//! The connection as HTTP is spoken on it: over TLS where the server has a certificate, and plain otherwise.
//!
//! A handshake is waited for as the head of a request is, and its connection counts among those that wait for their
//! client: silent ones keep nobody out here either.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::stall::Stalling;
use super::{Patience, plain_answer};
use crate::http::problem::{Problem, kinds};
use crate::tls::Certificate;

/// The first byte of a handshake. No method of HTTP begins like that.
const HANDSHAKE: u8 = 0x16;

/// A connection.
pub(super) enum Wire {
    Plain(Stalling),
    Secure(Box<TlsStream<Stalling>>),
}

impl Wire {
    /// The connection of a client, once it has taken the certificate, if there is one.
    ///
    /// # Errors
    /// When the client is too slow, speaks no TLS, or does not like what it is shown.
    pub(super) async fn open(
        stream: TcpStream,
        certificate: Option<&Certificate>,
        patience: Patience,
    ) -> io::Result<Self> {
        let Some(certificate) = certificate else {
            return Ok(Self::Plain(Stalling::new(stream, patience.taken)));
        };
        let acceptor = certificate.acceptor();
        let shake_hands = async {
            let stream = speaking_tls(stream).await?;
            let stream = acceptor.accept(Stalling::new(stream, patience.taken)).await?;
            Ok(Self::Secure(Box::new(stream)))
        };
        within(patience.head, shake_hands).await
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long");
    tokio::time::timeout(patience, work).await.map_err(|_| late())?
}

/// The stream, if what comes over it begins like TLS. Who speaks plain HTTP is told so.
async fn speaking_tls(mut stream: TcpStream) -> io::Result<TcpStream> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ if first[0] == HANDSHAKE => Ok(stream),
        _ => {
            let problem = Problem::new(&kinds::TLS_REQUIRED).detail("write https://").body();
            stream.write_all(plain_answer("400 Bad Request", &problem).as_bytes()).await?;
            // What it has sent is unread: closing at once could take the answer back.
            stream.shutdown().await?;
            let mut sink = [0; 4_096];
            while tokio::io::AsyncReadExt::read(&mut stream, &mut sink).await? > 0 {}
            Err(io::Error::other("plain HTTP was spoken where TLS is"))
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Self::Secure(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Secure(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
