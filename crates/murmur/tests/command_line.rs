//! Every command of `murmur`, as its own help lists them: each does what its options say, speaks JSON
//! to a script even when it fails, and fails when its result cannot be written.
#![cfg(test)]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn murmur(arguments: &[&str]) -> Command {
    let mut murmur = Command::new(env!("CARGO_BIN_EXE_murmur"));
    murmur.args(arguments).env_remove("MURMUR_DATA").env_remove("RUST_LOG");
    murmur
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The commands that a command's help lists.
fn commands_of(path: &[String]) -> Vec<String> {
    let arguments: Vec<_> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let help = text(&murmur(&arguments).output().unwrap().stdout);
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.take_while(|line| !line.is_empty());
    let names = names.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

/// The commands that do something themselves, each as its path.
fn leaves(path: &[String]) -> Vec<Vec<String>> {
    let under = commands_of(path);
    if under.is_empty() {
        return vec![path.to_vec()];
    }
    under.into_iter().flat_map(|name| leaves(&[path, &[name]].concat())).collect()
}

/// What each command needs to be called at all. A command that is not here fails the tests: it has to
/// be tried, too.
fn arguments_of(command: &str) -> &'static [&'static str] {
    match command {
        "up" => &["--programs", "/nowhere"],
        "status" | "down" | "events" | "compare-joins" | "audit" | "drill" => &[],
        // What stands after the process's name is the process's own.
        "serve" => &["--json", "redis"],
        "bench saga" | "views status" | "views rebuild" | "views rollback" => &[],
        "contract check" | "contract show" => &[],
        "kill" | "stop" | "pause" | "start" | "wipe" | "heal" => &["order"],
        "trace" => &["o-1"],
        "scenario run" | "chaos run" | "chaos soak" | "replay retail" => &["/nowhere/file.yaml"],
        "simulate" => &["--seed", "7", "--orders", "2"],
        other => panic!("say here how `murmur {other}` is called"),
    }
}

/// Every line of it is JSON.
fn documents(said: &[u8]) -> Vec<Value> {
    let said = text(said);
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{said}"));
    said.lines().map(parse).collect()
}

#[test]
fn every_command_speaks_json_to_a_script_even_when_it_fails() {
    let data = tempfile::tempdir().unwrap();
    let all = leaves(&[]);
    assert!(all.len() >= 24, "{all:?}");
    for path in all {
        let name = path.join(" ");
        let mut arguments: Vec<_> = path.iter().map(String::as_str).collect();
        arguments.extend(arguments_of(&name).iter().copied().chain(["--json"]));
        let ended = murmur(&arguments).env("MURMUR_DATA", data.path()).output().unwrap();
        let (results, said) = (documents(&ended.stdout), documents(&ended.stderr));
        if ended.status.success() {
            assert!(!results.is_empty(), "`murmur {name}` says nothing to a script");
        } else {
            let exit = ended.status.code().unwrap();
            let error = said.last().unwrap_or_else(|| panic!("`murmur {name}` does not say why"));
            assert!(error["error"].as_str().is_some_and(|why| !why.is_empty()), "{name}: {error}");
            assert_eq!(error["exit"], exit, "{name}");
        }
    }
}

#[test]
fn a_wrong_command_line_is_told_as_json_too() {
    for wrong in [&["statsu", "--json"][..], &["--json", "kill", "the-cat"], &["--json"]] {
        let ended = murmur(wrong).output().unwrap();
        assert_eq!(ended.status.code(), Some(2));
        assert!(documents(&ended.stderr)[0]["error"].is_string(), "{wrong:?}");
    }
}

#[test]
fn options_without_a_use_are_refused() {
    for (line, why) in [
        ("simulate --seed 1 --jobs 2", "cannot be used with"),
        ("simulate --exhaustive --orders 3", "cannot be used with"),
        ("simulate --seed 1 --data /nowhere", "--data has no use here"),
        ("--data /nowhere contract check", "--data has no use here"),
        ("chaos run x.yaml --data /nowhere", "--data has no use here"),
        ("kill order --no-wait", "unexpected argument"),
        ("pause order --no-wait", "unexpected argument"),
        ("drill query", "keeps nothing to lose"),
        ("serve redis", "a program of its own"),
        ("serve the-cat", "no process is called"),
        ("serve --data /nowhere order", "--data"),
        ("up --nats-port 0", "0 is not in 1..=65535"),
        ("up --without redis", "query needs Redis"),
        ("up --without nats", "the broker cannot be left out"),
        ("up --without the-cat", "no process is called"),
        ("up --without order --deadline-ms 5", "left out by --without"),
        ("up --broker-at redis=nats://x", "does not use the broker"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let arguments: Vec<_> = line.split(' ').collect();
        let ended = murmur(&arguments).env("MURMUR_DATA", data.path()).output().unwrap();
        let said = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{line}: {said}");
        assert!(said.contains(why), "{line}: {said}");
    }
}

fn into_a_full_disk(arguments: &[&str]) -> Output {
    let full = File::options().write(true).open("/dev/full").unwrap();
    murmur(arguments).stdout(full).output().unwrap()
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    for line in [
        "contract check",
        "contract show --json",
        "simulate --seed 7 --orders 2",
        "simulate --seeds 1..3 --orders 2 --json",
        "--help",
        "up --help",
        "--version",
    ] {
        let ended = into_a_full_disk(&line.split(' ').collect::<Vec<_>>());
        let said = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{line}: {said}");
        assert!(said.contains("cannot write to standard output: No space left"), "{line}: {said}");
    }
}

#[test]
fn who_has_seen_enough_ends_a_command_quietly() {
    for line in ["contract show", "simulate --seed 7 --orders 20", "--help"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let arguments: Vec<_> = line.split(' ').collect();
        let ended = murmur(&arguments).stdout(writer).output().unwrap();
        assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(0), String::new()), "{line}");
    }
}

#[test]
fn a_standard_error_that_is_gone_ends_nothing() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let ended = murmur(&["simulate", "--seeds", "1..3", "--json"]).stderr(full()).output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(documents(&ended.stdout)[0]["worlds"], 2);
}

#[test]
fn a_simulation_that_is_interrupted_says_what_it_has_played() {
    for (signal, exit) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let mut playing = murmur(&["simulate", "--minutes", "60", "--orders", "2"]);
        let mut playing = playing.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(playing.stdout.take().unwrap());
        let mut said = String::new();
        output.read_line(&mut said).unwrap();
        assert!(said.starts_with("seed "), "{said}");
        let pid = playing.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        std::io::Read::read_to_string(&mut output, &mut said).unwrap();
        assert_eq!(playing.wait().unwrap().code(), Some(exit), "{said}");
        assert!(said.contains("worlds") && said.contains("interrupted: this is"), "{said}");
    }
}

#[test]
fn a_walk_that_is_interrupted_proves_nothing() {
    let mut walking = murmur(&["simulate", "--exhaustive", "--wipes", "2", "--json"]);
    let walking = walking.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = walking.id().to_string();
    while !listens_to_signals(&pid) {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ended = walking.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let walked = &documents(&ended.stdout)[0];
    assert_eq!((&walked["interrupted"], &walked["violations"]), (&true.into(), &0.into()));
}

/// Whether SIGHUP, SIGINT and SIGTERM are caught. Before, they end a process without a word.
fn listens_to_signals(pid: &str) -> bool {
    let status = text(&std::fs::read(format!("/proc/{pid}/status")).unwrap());
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap();
    let all = 0x4003;
    u64::from_str_radix(caught, 16).unwrap() & all == all
}
