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
    // They stand in groups, above the options, which have a dash, and arguments, which have a bracket.
    let lines = help.lines().take_while(|line| *line != "Options:");
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let is_command = |name: &&str| name.starts_with(|c: char| c.is_ascii_lowercase());
    names.filter(is_command).filter(|name| *name != "help").map(str::to_owned).collect()
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
        "status" | "logs" | "down" | "orders" | "events" | "compare-joins" | "audit" | "drill" => {
            &[]
        }
        // What stands after the process's name is the process's own.
        "serve" => &["--json", "redis"],
        "bench saga" | "load" | "page" | "views status" | "views rebuild" | "views rollback" => &[],
        "parked list" | "parked retry" | "verify" => &[],
        "parked show" => &["ORDER/7"],
        "parked drop" => &["ORDER/7", "--why", "a test"],
        "contract check" | "contract show" | "config" | "stuck" => &[],
        "contract docs" => &["--check", "--out", "../../docs/contract"],
        "contract diff" => &["/nowhere/file"],
        step if step.starts_with("import shared-db") => &["/nowhere/file"],
        "import example" => &["/nowhere/file", "--from", "/nowhere/file.csv"],
        "new service" => &["No Name"],
        "completions" => &["bash"],
        "kill" | "stop" | "pause" | "start" | "wipe" | "heal" | "rebuild" => &["order"],
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
    assert!(all.len() >= 28, "{all:?}");
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
fn the_documents_of_the_contract_are_up_to_date() {
    let check = ["contract", "docs", "--check", "--out"];
    let ended = murmur(&check).arg("../../docs/contract").output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stdout));
    let nowhere = tempfile::tempdir().unwrap();
    let ended = murmur(&check).arg(nowhere.path()).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(text(&ended.stdout).contains("asyncapi.json is not up to date"));
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
fn a_hint_acts_on_the_same_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let (by_option, mut by_variable) = (&["status", "--data", folder][..], murmur(&["status"]));
    let by_variable = by_variable.env("MURMUR_DATA", folder);
    for said in [murmur(by_option).output().unwrap(), by_variable.output().unwrap()] {
        let said = text(&said.stderr);
        assert!(said.contains(&format!("`murmur up --data {folder}`")), "{said}");
    }
    let said = murmur(&["status"]).current_dir(data.path()).output().unwrap();
    assert!(text(&said.stderr).contains("`murmur up`"));
}

#[test]
fn what_holds_is_shown_with_where_it_is_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("murmur.toml");
    std::fs::write(&file, "data = \"kept\"\n[up]\nnice = 3\nwithout = [\"query\", \"redis\"]\n")
        .unwrap();
    let run = |arguments: &[&str]| {
        let mut command = murmur(arguments);
        command.current_dir(folder.path()).env_remove("MURMUR_CONFIG");
        command
    };
    let shown = |mut command: Command| -> Value {
        let shown = &documents(&command.output().unwrap().stdout)[0];
        let all = shown["settings"].as_array().unwrap().iter();
        all.map(|one| (one["key"].as_str().unwrap().to_owned(), one.clone())).collect()
    };
    let here = shown(run(&["config", "--json"]));
    assert_eq!((&here["data"]["value"], &here["data"]["from"]), (&"kept".into(), &"file".into()));
    assert_eq!(here["up.without"]["value"], "query, redis");
    assert_eq!(
        (&here["up.nice"]["from"], &here["up.open"]["from"]),
        (&"file".into(), &"default".into())
    );
    assert_eq!(here["json"]["from"], "flag");
    let mut by_variable = run(&["config", "--json"]);
    by_variable.env("MURMUR_DATA", "other");
    assert_eq!(shown(by_variable)["data"]["from"], "environment");
    let none = shown(run(&["config", "--json", "--config", ""]));
    assert_eq!(none["data"]["value"], ".murmur");
}

#[test]
fn a_shell_completes_the_names_of_processes_and_states() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&murmur(&["completions", shell]).output().unwrap().stdout);
        for name in ["compare-joins", "inventory", "cancelled", "http-port-base"] {
            assert!(script.contains(name), "{shell}: {name}");
        }
        // For fish, the names that stand without an option are not completed.
        assert!(shell == "fish" || script.contains("supervisor"), "{shell}");
    }
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    let script = murmur(&["completions", "bash"]).output().unwrap().stdout;
    std::io::Write::write_all(&mut bash.stdin.take().unwrap(), &script).unwrap();
    assert!(bash.wait().unwrap().success());
}

#[test]
fn a_wrong_configuration_file_is_a_wrong_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.toml");
    std::fs::write(&file, "[up]\nnats_port = 4222\n").unwrap();
    let named = ["status", "--json", "--config", file.to_str().unwrap()];
    let ended = murmur(&named).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let error = documents(&ended.stderr)[0]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("m.toml") && error.contains("nearest is \"up.nats-port\""), "{error}");
}

#[test]
fn options_without_a_use_are_refused() {
    for (line, why) in [
        ("simulate --seed 1 --jobs 2", "cannot be used with"),
        ("simulate --exhaustive --orders 3", "cannot be used with"),
        ("simulate --seed 1 --data /nowhere", "--data has no use here"),
        ("--data /nowhere contract check", "--data has no use here"),
        ("chaos run x.yaml --data /nowhere", "--data has no use here"),
        ("trace o-1 --latest cancelled", "cannot be used with"),
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
