//! What a service says that cannot use its broker: each reason with what can be done, none with a
//! secret.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::Command;

use crate::support::broker::Broker;
use crate::support::process::Process;
use crate::support::{Folder, free_port};

/// Stands in each address that must not be shown.
const SECRET: &str = "geheim";

fn start(folder: &Folder, url: &str) -> Process {
    Process::first_at(&folder.path().join("customer"), url)
}

fn assert_keeps_the_secret(process: &Process) {
    let texts = [process.log(), process.status().unwrap().to_string()];
    assert!(texts.iter().all(|text| !text.contains(SECRET)), "{texts:?}");
}

#[test]
fn an_address_with_user_and_password_is_logged_in_with() {
    let user = "jetstream {}\nauthorization { user: ada, password: \"geheim/@:1\" }";
    let (mut broker, folder) = (Broker::configured(user), Folder::new());
    let wrong = start(&folder, &broker.url_as("ada:geheimer"));
    wrong.until_unready(&["authorization violation", "--nats-password"]);
    assert_keeps_the_secret(&wrong);
    drop(wrong);
    let right = start(&folder, &broker.url_as("ada:geheim%2F%40%3A1"));
    right.until_state("ready");
    broker.stop();
    right.until("it says why", |status| {
        status["reason"].as_str().is_some_and(|reason| reason.contains("Connection refused"))
    });
    broker.restart_as("jetstream {}\nauthorization { user: ada, password: changed }");
    right.until("it says why", |status| {
        status["reason"].as_str().is_some_and(|reason| reason.contains("authorization violation"))
    });
    assert_keeps_the_secret(&right);
}

#[test]
fn an_address_with_a_token_is_logged_in_with() {
    let broker = Broker::configured("jetstream {}\nauthorization { token: geheim }");
    let folder = Folder::new();
    let process = start(&folder, &broker.url_as(SECRET));
    process.until_state("ready");
    assert_keeps_the_secret(&process);
}

#[test]
fn addresses_where_no_broker_is_are_told_apart() {
    let folder = Folder::new();
    let port = free_port();
    let process = start(&folder, &format!("nats://a:geheim@127.0.0.1:{port}"));
    process.until_unready(&["Connection refused", &port.to_string()]);
    assert_keeps_the_secret(&process);
    drop(process);
    let process = start(&folder, "nats://no-such-host.invalid:4222");
    process.until_unready(&["no-such-host.invalid", "host is unknown"]);
    drop(process);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in other.incoming().map_while(Result::ok) {
            let mut stream = stream;
            drop(stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n"));
        }
    });
    start(&folder, &format!("nats://{address}")).until_unready(&["does not speak NATS"]);
}

#[test]
fn an_address_that_contradicts_itself_ends_the_process_for_good() {
    let folder = Folder::new();
    for url in ["nats://a:geheim@h1,nats://b:geheim@h2", "http://a:geheim@h"] {
        let mut process = start(&folder, url);
        assert_eq!(process.ended().code(), Some(64), "{}", process.log());
        assert!(!process.log().contains(SECRET), "{}", process.log());
    }
}

#[test]
fn a_broker_without_jetstream_or_permissions_is_told() {
    let (broker, folder) = (Broker::configured("max_payload: 1MB"), Folder::new());
    start(&folder, &broker.url()).until_unready(&["JetStream is not enabled", "--jetstream"]);
    let permissions = "permissions: { publish: { deny: \"$JS.API.>\" } }";
    let user = format!("{{ user: ada, password: geheim, {permissions} }}");
    let broker =
        Broker::configured(&format!("jetstream {{}}\nauthorization {{ users: [{user}] }}"));
    let process = start(&folder, &broker.url_as("ada:geheim"));
    process.until_unready(&["Permissions Violation", "JS.API"]);
    assert_keeps_the_secret(&process);
}

#[test]
fn a_broker_whose_certificate_is_not_trusted_is_told() {
    let folder = Folder::new();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (key, certificate) = (file("key.pem"), file("certificate.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=b"])
        .args(["-keyout", &key, "-out", &certificate])
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        let texts = "skipped: there is no openssl to make a certificate with\n";
        return std::io::stderr().write_all(texts.as_bytes()).unwrap();
    }
    let tls = format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}");
    let broker = Broker::configured(&format!("jetstream {{}}\n{tls}"));
    start(&folder, &broker.url()).until_unready(&["certificate", "--nats-ca"]);
    let plain = Broker::start();
    let address = format!("tls://127.0.0.1:{}", plain.port());
    start(&folder, &address).until_unready(&["TLS"]);
}
