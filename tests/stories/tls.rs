//! A whole system that speaks TLS to everybody: browsers and programs, the broker, Redis.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{System, send_bare, wait_until};

/// Files as `scripts/test-certificates` makes them.
struct Files(TempDir);

impl Files {
    fn make() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/test-certificates");
        let made = Command::new(script).arg(this.folder()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        this
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("tls")
    }

    fn authority(&self) -> String {
        self.folder().join("ca.pem").to_string_lossy().into_owned()
    }
}

/// What is answered to who believes this authority, and brings the operator's token.
fn asked(system: &System, authority: &str, process: &str, path: &str) -> Result<Value, String> {
    let url = format!("https://127.0.0.1:{}{path}", system.port(process));
    let token = format!("authorization: Bearer {}", system.token());
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--fail", "--max-time", "10", "--cacert", authority, "-H", &token, &url]);
    let output = curl.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(said);
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn everything_works_over_tls_and_nothing_without() {
    let (files, others) = (Files::make(), Files::make());
    let (folder, authority) = (files.folder(), files.authority());
    let system = System::start_with(&["--tls", &folder.to_string_lossy()]);
    let running = std::fs::read_to_string(system.folder("running.json")).unwrap();
    for scheme in ["tls://127.0.0.1", "rediss://127.0.0.1", "https://127.0.0.1"] {
        assert!(running.contains(scheme), "{running}");
    }
    for plain in ["nats://", "redis://", "http://"] {
        assert!(!running.contains(plain), "{running}");
    }
    let journal = system.folder("load.jsonl");
    let journal = journal.to_string_lossy();
    let load = ["load", "--rate", "30", "--seconds", "4", "--no-audit", "--journal", &journal];
    let counted = system.expect(&load);
    assert!(counted.contains("0 lost, 0 doubled"), "{counted}");
    system.expect(&["kill", "order"]);
    assert!(system.expect(&["wipe", "redis"]).contains("keys) deleted"));
    let audited = system.expect(&["audit", "--journal", &journal]);
    assert!(audited.contains("the audit is clean"), "{audited}");
    let newest: Value =
        serde_json::from_str(&system.expect(&["orders", "--json", "-n", "1"])).unwrap();
    let id = first_id(&newest).unwrap();
    let dashboard = asked(&system, &authority, "query", "/dashboard").unwrap();
    assert!(dashboard.is_object(), "{dashboard}");
    let owners = asked(&system, &authority, "query", "/owners").unwrap();
    assert!(owners.to_string().contains("https://127.0.0.1:"), "{owners}");
    // Composer asks the owners over TLS, too.
    wait_until("all owners tell composer of the order", || {
        let details = asked(&system, &authority, "composer", &format!("/order-details/{id}"));
        details.is_ok_and(|details| details["missing"].as_array().is_none_or(Vec::is_empty))
    });
    let distrusted = asked(&system, &others.authority(), "query", "/dashboard").unwrap_err();
    assert!(distrusted.contains("certificate"), "{distrusted}");
    let output = system.murmur(&["--tls-ca", &others.authority(), "orders"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("certificate") && stderr.contains("--tls-ca"), "{stderr}");
    let plain = send_bare(system.port("query"), "GET", "/livez", &[], "").unwrap();
    assert_eq!((plain.status, plain.problem()), (400, "tls-required"));
    assert_speaks_tls_alone(&system);
}

/// The first id of an order in what is listed, however that is nested.
fn first_id(listed: &Value) -> Option<String> {
    match listed {
        Value::Object(members) => {
            let own =
                ["order_id", "id", "order"].iter().find_map(|name| members.get(*name)?.as_str());
            own.map(str::to_owned).or_else(|| members.values().find_map(first_id))
        }
        Value::Array(items) => items.iter().find_map(first_id),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Who logs in without TLS is not heard.
fn assert_speaks_tls_alone(system: &System) {
    use std::io::{Read as _, Write as _};
    for (process, said, answered) in
        [("redis", "PING\r\n", ""), ("nats", "CONNECT {\"verbose\":true}\r\nPING\r\n", "PONG")]
    {
        let mut stream = TcpStream::connect(("127.0.0.1", system.port(process))).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // It may cut the connection off while there is something unread.
        drop(stream.read_to_end(&mut answer));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let is_refused = answered.is_empty() || !answer.contains(answered);
        assert!(is_refused && !answer.contains("+PONG"), "{process}: {answer}");
    }
}

#[test]
fn what_is_missing_is_told_with_what_makes_it() {
    let system = System::start();
    system.expect(&["down"]);
    let empty = tempfile::tempdir().unwrap();
    let folder = empty.path().to_string_lossy();
    let refused = system.murmur(&["up", "--detach", "--free-ports", "--tls", &folder]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("scripts/test-certificates"), "{said}");
}
