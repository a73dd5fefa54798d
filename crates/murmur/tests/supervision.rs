//! `murmur up` with a real nats-server and redis-server: what dies comes back, what is stopped stays
//! down, and nothing is left behind.
#![cfg(test)]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const SERVICES: &str = "customer,product,order,inventory,payment,shipping,query";
const WITHIN: Duration = Duration::from_secs(20);

/// A broker and a Redis, supervised in a folder of their own; ended with the value.
struct Murmuration {
    data: TempDir,
}

impl Murmuration {
    fn up() -> Self {
        let this = Self { data: tempfile::tempdir().unwrap() };
        this.succeeds(&["up", "--detach", "--without", SERVICES]);
        this
    }

    fn murmur(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_murmur"))
            .args(arguments)
            .env("MURMUR_DATA", self.data.path())
            .output()
            .unwrap()
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.murmur(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "murmur {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.murmur(arguments);
        assert_eq!(output.status.code(), Some(1), "murmur {arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// What the supervisor says of a process.
    fn report(&self, process: &str) -> Value {
        let status = self.murmur(&["status", "--json"]);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        let reports = status["processes"].as_array().unwrap();
        reports.iter().find(|report| report["process"] == process).unwrap().clone()
    }

    fn eventually(&self, process: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + WITHIN;
        loop {
            let report = self.report(process);
            if holds(&report) {
                return report;
            }
            assert!(Instant::now() < deadline, "{report}");
            std::thread::yield_now();
        }
    }

    fn run_file(&self) -> Value {
        let text = std::fs::read(self.data.path().join("running.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

impl Drop for Murmuration {
    fn drop(&mut self) {
        self.murmur(&["down"]);
    }
}

fn signal(signal: &str, pid: &Value) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// Whether any of its threads may still hold a file or a lock.
fn is_alive(pid: &Value) -> bool {
    let tasks = Path::new("/proc").join(pid.to_string()).join("task");
    let Ok(tasks) = tasks.read_dir() else { return false };
    tasks.flatten().any(|task| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        // `pid (name) state …`: a zombie has let go of everything.
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
    })
}

#[test]
fn a_killed_broker_is_started_again_on_its_port() {
    let murmuration = Murmuration::up();
    let before = murmuration.report("nats");
    signal("-KILL", &before["pid"]);
    let after =
        murmuration.eventually("nats", |now| now["restarts"] == 1 && now["state"] == "ready");
    assert_eq!(after["port"], before["port"]);
    assert!(after["last_death"].as_str().unwrap().contains("SIGKILL"), "{after}");
}

#[test]
fn a_file_in_the_folder_of_work_stands_for_the_flags_of_up() {
    let this = Murmuration { data: tempfile::tempdir().unwrap() };
    let folder = tempfile::tempdir().unwrap();
    let file = "[up]\ndetach = true\nnice = 0\nwithout = [\"SERVICES\", \"composer\"]\n";
    let file = file.replace("SERVICES", &SERVICES.replace(',', "\", \""));
    std::fs::write(folder.path().join("murmur.toml"), file).unwrap();
    let mut up = Command::new(env!("CARGO_BIN_EXE_murmur"));
    up.arg("up").current_dir(folder.path()).env("MURMUR_DATA", this.data.path());
    assert!(up.output().unwrap().status.success(), "it returns, and goes on in the background");
    assert_eq!(this.run_file()["pids"].as_object().unwrap().len(), 2);
}

#[test]
fn a_stopped_process_stays_down_until_it_is_started() {
    let murmuration = Murmuration::up();
    murmuration.succeeds(&["stop", "redis"]);
    assert_eq!(murmuration.report("redis")["state"], "stopped");
    assert!(murmuration.fails(&["kill", "redis"]).contains("stopped"));
    murmuration.succeeds(&["start", "redis"]);
    assert_eq!(murmuration.report("redis")["state"], "ready");
}

#[test]
fn a_paused_process_goes_on_where_it_was() {
    let murmuration = Murmuration::up();
    let before = murmuration.report("nats");
    murmuration.succeeds(&["pause", "nats"]);
    assert_eq!(murmuration.report("nats")["state"], "paused");
    murmuration.succeeds(&["start", "nats"]);
    let after = murmuration.report("nats");
    assert_eq!((&after["pid"], &after["restarts"]), (&before["pid"], &before["restarts"]));
}

#[test]
fn a_wiped_broker_comes_back_empty() {
    let murmuration = Murmuration::up();
    let kept = murmuration.data.path().join("nats/kept");
    std::fs::write(&kept, "").unwrap();
    murmuration.succeeds(&["wipe", "broker"]);
    assert!(!kept.exists());
    assert_eq!(murmuration.report("nats")["state"], "ready");
    murmuration.succeeds(&["wipe", "redis"]);
    assert!(murmuration.fails(&["wipe", "order"]).contains("left it out"));
}

#[test]
fn a_second_supervisor_in_the_same_folder_is_refused() {
    let murmuration = Murmuration::up();
    assert!(murmuration.fails(&["up", "--detach"]).contains("runs already"));
}

#[test]
fn down_ends_every_process_and_leaves_no_run_file() {
    let murmuration = Murmuration::up();
    let pids = murmuration.run_file()["pids"].clone();
    murmuration.succeeds(&["down"]);
    assert!(pids.as_object().unwrap().values().all(|pid| !is_alive(pid)));
    assert!(murmuration.fails(&["status"]).contains("murmur up"));
    murmuration.succeeds(&["up", "--detach", "--without", SERVICES]);
}

#[test]
fn what_a_dead_supervisor_has_left_running_is_ended() {
    let murmuration = Murmuration::up();
    let running = murmuration.run_file();
    signal("-STOP", &running["pids"]["redis"]);
    signal("-KILL", &running["supervisor"]);
    let deadline = Instant::now() + WITHIN;
    while is_alive(&running["supervisor"]) {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    assert!(murmuration.fails(&["status"]).contains("has died"));
    murmuration.succeeds(&["down"]);
    for store in ["nats", "redis"] {
        assert!(!is_alive(&running["pids"][store]), "{store}");
    }
    murmuration.succeeds(&["up", "--detach", "--without", SERVICES]);
}

#[test]
fn a_missing_program_is_named_with_the_way_to_get_it() {
    let murmuration = Murmuration { data: tempfile::tempdir().unwrap() };
    let programs = murmuration.data.path().join("nothing");
    let error = murmuration.fails(&["up", "--programs", programs.to_str().unwrap()]);
    assert!(error.contains("cargo build"), "{error}");
}

#[test]
fn a_wrong_command_line_is_told_apart_from_a_failure() {
    let murmuration = Murmuration { data: tempfile::tempdir().unwrap() };
    assert_eq!(murmuration.murmur(&["kill", "the-cat"]).status.code(), Some(2));
    assert_eq!(murmuration.murmur(&["contract", "check"]).status.code(), Some(0));
}

#[test]
fn a_file_that_is_no_scenario_is_a_wrong_command_line() {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), "scenario: half of one\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_murmur"))
        .args(["scenario", "run"])
        .arg(file.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("is no scenario"), "{text}");
}

/// Asks the supervisor to freeze or halt a process for as long as what is returned lives.
fn lease(murmuration: &Murmuration, act: &str, process: &str) -> (UnixStream, String) {
    let mut stream = UnixStream::connect(murmuration.data.path().join("control.sock")).unwrap();
    writeln!(stream, "{{\"lease\":[\"{act}\",\"{process}\"]}}").unwrap();
    let mut answer = String::new();
    BufReader::new(&stream).read_line(&mut answer).unwrap();
    (stream, answer)
}

#[test]
fn what_a_client_took_down_is_started_again_when_the_client_is_gone() {
    let murmuration = Murmuration::up();
    for (act, is) in [("halt", "stopped"), ("stop", "stopped"), ("pause", "paused")] {
        let (held, answer) = lease(&murmuration, act, "redis");
        assert!(answer.contains("leased"), "{answer}");
        murmuration.eventually("redis", |now| now["state"] == is);
        drop(held);
        murmuration.eventually("redis", |now| now["state"] == "ready");
    }
}

#[test]
fn what_was_down_before_and_what_somebody_else_takes_down_stays_down() {
    let murmuration = Murmuration::up();
    murmuration.succeeds(&["stop", "redis"]);
    let (held, answer) = lease(&murmuration, "stop", "redis");
    assert!(answer.contains("done"), "{answer}");
    drop(held);
    murmuration.succeeds(&["start", "redis"]);
    let (held, _) = lease(&murmuration, "stop", "redis");
    murmuration.succeeds(&["stop", "redis"]);
    drop(held);
    // The connection's end is seen before any question that is put after it.
    let (_held, answer) = lease(&murmuration, "pause", "nats");
    assert!(answer.contains("leased"), "{answer}");
    assert_eq!(murmuration.report("redis")["state"], "stopped");
    assert!(lease(&murmuration, "kill", "redis").1.contains("cannot be undone"));
}

#[test]
fn a_wrong_configuration_ends_everything_at_once_with_its_reason() {
    let murmuration = Murmuration { data: tempfile::tempdir().unwrap() };
    let wrong = ["--argument", "composer=--no-such-option", "--without", SERVICES];
    let begun = Instant::now();
    for detached in [&["up"][..], &["up", "--detach"]] {
        let ended = murmuration.murmur(&[detached, &wrong].concat());
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains("composer is configured wrongly"), "{said}");
        assert!(said.contains("unexpected argument '--no-such-option'"), "{said}");
        assert!(!murmuration.data.path().join("running.json").exists());
    }
    assert!(begun.elapsed() < Duration::from_secs(50), "it is told at once, not after a minute");
}

#[test]
fn every_command_that_changes_something_says_so_to_a_script() {
    let murmuration = Murmuration { data: tempfile::tempdir().unwrap() };
    let said = |arguments: &[&str]| -> Value {
        let said = murmuration.succeeds(&[arguments, &["--json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("murmur {arguments:?}: {said}"))
    };
    let up = said(&["up", "--detach", "--without", SERVICES]);
    assert_eq!((&up["ready"], up["processes"].as_array().unwrap().len()), (&true.into(), 3));
    for (command, state) in
        [("stop", "stopped"), ("start", "ready"), ("pause", "paused"), ("start", "ready")]
    {
        let done = said(&[command, "redis"]);
        assert_eq!((&done["done"], &done["process"]["state"]), (&command.into(), &state.into()));
    }
    assert_eq!(said(&["kill", "redis"])["process"]["process"], "redis");
    murmuration.eventually("redis", |now| now["state"] == "ready");
    assert_eq!(said(&["wipe", "redis"])["done"], "wipe");
    assert_eq!(said(&["down"])["ended"], serde_json::json!(["nats", "redis", "composer"]));
    assert_eq!(said(&["down"])["ended"], serde_json::json!([]));
}

#[test]
fn a_supervisor_tells_a_script_each_change_and_ends_with_its_standard_input() {
    let murmuration = Murmuration { data: tempfile::tempdir().unwrap() };
    let mut up = Command::new(env!("CARGO_BIN_EXE_murmur"))
        .args(["up", "--json", "--until-stdin-closes", "--without", "redis", "--without", SERVICES])
        .env("MURMUR_DATA", murmuration.data.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
    let mut said = || -> Option<Value> {
        let line = lines.next()?.unwrap();
        Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}")))
    };
    let is = |said: &Value, process: &str, state: &str| {
        said["process"] == process && said["state"] == state
    };
    while !is(&said().unwrap(), "nats", "ready") {}
    // A frozen process ends, too.
    murmuration.succeeds(&["pause", "nats"]);
    drop(up.stdin.take());
    let rest: Vec<_> = std::iter::from_fn(said).collect();
    assert!(rest.iter().all(|said| said["process"] != "redis"), "it was left out: {rest:?}");
    assert!(is(rest.last().unwrap(), "nats", "stopped"), "{rest:?}");
    assert!(up.wait().unwrap().success());
}

#[test]
fn what_runs_in_the_background_keeps_nothing_of_whoever_started_it() {
    let this = Murmuration { data: tempfile::tempdir().unwrap() };
    let beside = tempfile::tempdir().unwrap();
    let lock = beside.path().join("lock");
    // As scripts do that must not run twice; one descriptor that every shell can close, one that not.
    let script = "exec 9>\"$0\" 27>&9; flock 9; \"$@\"; kill -HUP 0";
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).arg(&lock).arg(env!("CARGO_BIN_EXE_murmur"));
    bash.args(["up", "--detach", "--without", SERVICES]).env("MURMUR_DATA", this.data.path());
    let ended = bash.current_dir(beside.path()).process_group(0).output().unwrap();
    assert!(!ended.status.success(), "the hangup ended whoever started it: {ended:?}");
    File::open(&lock).unwrap().try_lock().unwrap();

    let run_file = this.run_file();
    let supervisor = &run_file["supervisor"];
    let data = this.data.path().canonicalize().unwrap();
    signal("-HUP", supervisor);
    for pid in [supervisor, &run_file["pids"]["nats"], &run_file["pids"]["redis"]] {
        let of = |name: &str| Path::new("/proc").join(pid.to_string()).join(name);
        assert!(of("cwd").read_link().unwrap().starts_with(&data));
        for open in std::fs::read_dir(of("fd")).unwrap() {
            let to = open.unwrap().path().read_link().unwrap_or_default();
            assert!(!to.starts_with(beside.path()), "{to:?}");
        }
    }
    this.eventually("nats", |report| report["state"] == "ready" && report["restarts"] == 0);
    let mode = std::fs::metadata(data.join("running.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
