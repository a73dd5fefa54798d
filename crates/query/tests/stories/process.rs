//! The process as it is started by people: flags, signals and exit codes.

use std::ffi::OsString;
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Instant;

use crate::nats_server::NatsServer;
use crate::redis_server::RedisServer;
use crate::rest_client::try_get;
use crate::stage::{SOON, shop};

/// Where this program is told to be the process: its arguments, separated by spaces.
const ARGUMENTS: &str = "TEST_QUERY_ARGUMENTS";

/// No test of its own: what [`command`] starts.
#[test]
fn a_query_process() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let line = std::iter::once("query").chain(arguments.split(' ')).map(OsString::from);
    std::process::exit(query::process::run(runtime::arguments(line)).into());
}

pub(crate) fn command(redis: &str, nats: &str, listen: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["process::a_query_process", "--exact", "--nocapture"]);
    command.env(ARGUMENTS, format!("--redis {redis} --nats {nats} --listen {listen}"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn message_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + SOON;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < deadline, "the process does not end");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn it_becomes_ready_answers_and_ends_when_it_is_told_to() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start().await);
    nats.publish(&shop(7)).await;
    let address = free_address();
    let mut child = command(&redis.url(), &nats.url(), &address).spawn().unwrap();
    let deadline = Instant::now() + SOON;
    while try_get(&address, "/readyz", &[]).await.is_none_or(|answer| answer.status != 200) {
        assert!(Instant::now() < deadline, "it does not become ready");
        tokio::task::yield_now().await;
    }
    let order = try_get(&address, "/orders/o-0", &[]).await.unwrap();
    assert_eq!(order.body["state"], "completed");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(wait(&mut child).code(), Some(0));
}

#[tokio::test]
async fn an_evicting_redis_is_refused_with_what_to_do() {
    let redis = RedisServer::start_with(&["--maxmemory-policy", "volatile-lru"]).await;
    let output = command(&redis.url(), "nats://127.0.0.1:1", "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = message_of(&output);
    assert!(message.contains("config set maxmemory-policy noeviction"), "{message}");
}

#[test]
fn an_address_that_is_none_of_redis_is_told() {
    let output = command("http://x", "nats://127.0.0.1:1", "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(64), "to start it again changes nothing");
    let message = message_of(&output);
    assert!(message.contains("use redis://HOST:PORT"), "{message}");
}

#[tokio::test]
async fn what_is_waited_for_is_told_with_its_reason_and_without_passwords() {
    let redis = RedisServer::start().await;
    let unknown = redis.url_of("projector", "geheim");
    let nobody = redis.url().replace("projector:projector@", "");
    for (url, reason) in [
        ("redis://:geheim@127.0.0.1:1", "does Redis run"),
        (&unknown, "does not know this user and password: say who with --redis-user"),
        (&nobody, "say who with --redis-user"),
    ] {
        says(url, "nats://127.0.0.1:1", &["Redis at 127.0.0.1:", reason]).await;
    }
    says(&redis.url(), "nats://a:geheim@127.0.0.1:1", &["127.0.0.1:1", "Connection refused"]).await;
}

/// Waits until `/readyz` and `/status` tell all of these.
pub(crate) async fn says(redis: &str, nats: &str, parts: &[&str]) {
    let address = free_address();
    let mut child = command(redis, nats, &address).spawn().unwrap();
    let deadline = Instant::now() + SOON;
    for (path, member) in [("/readyz", "detail"), ("/status", "reason")] {
        loop {
            let answer = try_get(&address, path, &[]).await.map(|answer| answer.body);
            let text = answer.as_ref().and_then(|body| body[member].as_str()).unwrap_or_default();
            assert!(!text.contains("geheim"), "{text}");
            if parts.iter().all(|part| text.contains(part)) {
                break;
            }
            assert!(Instant::now() < deadline, "{path} does not tell {parts:?}: {text}");
            tokio::task::yield_now().await;
        }
    }
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(!message_of(&output).contains("geheim"), "{}", message_of(&output));
}

#[test]
fn a_taken_port_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command("redis://127.0.0.1:1", "nats://127.0.0.1:1", &address).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = message_of(&output);
    assert!(message.contains(&address) && message.contains("--listen"), "{message}");
}
