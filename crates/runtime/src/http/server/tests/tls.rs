//! The same over TLS: who is believed, who is told what, and that nobody is waited for here either.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::tls::Authorities;
use crate::tls::authorities::hint;

/// Files as `scripts/test-certificates` makes them.
struct Files(TempDir);

impl Files {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/test-certificates");
        let made = Command::new(script).arg(folder.path().join("tls")).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("tls").join(name)
    }

    fn authorities(&self) -> Authorities {
        Authorities::load(&self.file("ca.pem")).unwrap()
    }

    fn certificate(&self) -> Arc<Certificate> {
        let files = [self.file("certificate.pem"), self.file("key.pem")];
        Arc::new(Certificate::load(&files[0], &files[1]).unwrap())
    }

    /// Puts those of others in their place.
    fn replace_by(&self, others: &Self) {
        for name in ["certificate.pem", "key.pem"] {
            std::fs::copy(others.file(name), self.file(name)).unwrap();
        }
    }
}

/// A server that is known by this, and may take so long for what has begun once it is to stop.
async fn start(
    certificate: &Arc<Certificate>,
    patience: Duration,
) -> (SocketAddr, tokio::task::JoinHandle<()>, StopSender) {
    let patience = Patience { head: patience, body: patience, taken: patience };
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stopper, stop) = stop_signal(Duration::from_secs(60));
    let api = Api::from(live()).patient_for(patience).known_by(Some(Arc::clone(certificate)));
    (address, tokio::spawn(serve(listener, api, stop)), stopper)
}

async fn connect(
    address: SocketAddr,
    authorities: &Authorities,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    authorities.connect(name, TcpStream::connect(address).await.unwrap()).await
}

async fn answer_to(mut stream: TlsStream<TcpStream>, sent: &str) -> String {
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

const ASKED: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn who_believes_its_authority_is_answered_and_others_are_told_what_to_do() {
    let (files, others) = (Files::make(), Files::make());
    let (address, _serving, _stop) = start(&files.certificate(), Duration::from_secs(20)).await;
    for name in ["localhost", "127.0.0.1"] {
        let stream = connect(address, &files.authorities(), name).await.unwrap();
        let answer = answer_to(stream, ASKED).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("live\n"), "{answer}");
    }
    for authorities in [others.authorities(), Authorities::default()] {
        let said = connect(address, &authorities, "localhost").await.unwrap_err().to_string();
        assert!(hint(&said, "--tls-ca").unwrap().contains("with --tls-ca"), "{said}");
    }
    let said = connect(address, &files.authorities(), "shop.example").await.unwrap_err();
    assert!(hint(&said.to_string(), "").unwrap().contains("other hosts"), "{said}");
    let plain = after(address, ASKED).await;
    assert!(plain.starts_with("HTTP/1.1 400") && plain.contains("write https://"), "{plain}");
}

#[tokio::test]
async fn who_speaks_tls_where_none_is_spoken_is_told_so() {
    let files = Files::make();
    let (address, _, _stop) = super::start().await;
    let said = connect(address, &files.authorities(), "localhost").await.unwrap_err().to_string();
    assert!(hint(&said, "").unwrap().contains("does not speak TLS"), "{said}");
}

#[tokio::test]
async fn a_slow_handshake_and_a_slow_head_behind_it_are_waited_for_no_longer_than_without_tls() {
    let files = Files::make();
    let (address, _serving, _stop) = start(&files.certificate(), SHORT).await;
    for silent in ["", "\u{16}", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "GET"] {
        let answer = after(address, silent).await;
        assert!(answer.is_empty() || silent == "GET", "{silent:?}: {answer}");
    }
    for silent in ["", "GET /livez HTTP/1.1\r\nhost: localhost\r\nx: "] {
        let stream = connect(address, &files.authorities(), "localhost").await.unwrap();
        assert_eq!(answer_to(stream, silent).await, "", "{silent:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_is_under_way_does_not_hold_up_a_stop() {
    let files = Files::make();
    let (address, serving, stopper) = start(&files.certificate(), Duration::from_secs(60)).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"\x16").await.unwrap();
    // Who came later is answered, so that the one before is waited for by now.
    let stream = connect(address, &files.authorities(), "localhost").await.unwrap();
    assert!(answer_to(stream, ASKED).await.starts_with("HTTP/1.1 200"));
    stopper.stop("the test is over");
    tokio::time::timeout(Duration::from_secs(20), serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_renewed_is_shown_and_what_cannot_be_used_changes_nothing() {
    let (files, others) = (Files::make(), Files::make());
    let certificate = files.certificate();
    let (address, _serving, _stop) = start(&certificate, Duration::from_secs(20)).await;
    let is_known_by =
        async |files: &Files| connect(address, &files.authorities(), "localhost").await.is_ok();
    std::fs::copy(others.file("certificate.pem"), files.file("certificate.pem")).unwrap();
    assert!(certificate.look_again().is_err(), "the key belongs to another one");
    assert!(is_known_by(&files).await && !is_known_by(&others).await);
    files.replace_by(&others);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_known_by(&others).await {
        assert!(tokio::time::Instant::now() < deadline, "it is not looked at again");
        tokio::task::yield_now().await;
    }
    assert!(!is_known_by(&files).await);
}

#[test]
fn a_key_that_others_can_read_is_refused_and_never_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let files = Files::make();
    let load = || Certificate::load(&files.file("certificate.pem"), &files.file("key.pem"));
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(files.file("key.pem"), mode(0o644)).unwrap();
    assert!(format!("{:#}", load().unwrap_err()).contains("chmod 640"));
    std::fs::set_permissions(files.file("key.pem"), mode(0o600)).unwrap();
    std::fs::write(files.file("key.pem"), "geheim").unwrap();
    let said = format!("{:#}", load().unwrap_err());
    assert!(said.contains("no key in PEM") && !said.contains("geheim"), "{said}");
    std::fs::remove_file(files.file("key.pem")).unwrap();
    assert!(format!("{:#}", load().unwrap_err()).contains("key.pem"));
}
