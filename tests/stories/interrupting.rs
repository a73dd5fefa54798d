//! Ctrl-C, and worse, while a command has something broken: it is mended, and what was seen is shown.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{System, program, wait_until};

fn state_of(system: &System, process: &str) -> String {
    let status = system.status();
    let processes = status["processes"].as_array().cloned().unwrap_or_default();
    let found = processes.iter().find(|one| one["process"] == process);
    found.and_then(|one| one["state"].as_str()).unwrap_or_default().to_owned()
}

fn is_ready(system: &System, process: &str) -> bool {
    state_of(system, process) == "ready"
}

/// Begins a command on a system.
fn begin(system: &System, arguments: &[&str]) -> Child {
    let mut murmur = Command::new(program("murmur"));
    murmur.args(arguments).env("MURMUR_DATA", system.folder("")).env_remove("RUST_LOG");
    murmur.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn result(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A scenario that takes a process down, and waits for ever.
fn breaking(folder: &Path, step: &str) -> PathBuf {
    let file = folder.join(format!("{}.yaml", step.replace([' ', ':'], "-")));
    let text = format!(
        "scenario: somebody is taken down for long\n\
         given: {{customers: {{ann: {{credit_limit: 10.00 GBP}}}}, \
         products: {{mug: {{price: 2.50 GBP, stock: 5}}}}}}\n\
         when:\n  - place: {{order: gift, customer: ann, lines: [{{product: mug, quantity: 1}}]}}\n  \
         - {step}\n\
         then:\n  - order: {{order: gift, state: never, within: 10m}}\n"
    );
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_scenario_leaves_nothing_stopped_or_frozen_however_it_ends() {
    let system = System::start();
    let folder = tempfile::tempdir().unwrap();
    for (how, exit, step, process, is) in [
        ("-INT", Some(130), "stop: payment", "payment", "stopped"),
        ("-TERM", Some(143), "pause: payment", "payment", "paused"),
        // The terminal goes away.
        ("-HUP", Some(129), "stop: nats", "nats", "stopped"),
        // Nothing of the command is left that could mend anything: its supervisor does.
        ("-KILL", None, "stop: inventory", "inventory", "stopped"),
        ("-KILL", None, "pause: order", "order", "paused"),
    ] {
        let file = breaking(folder.path(), step);
        let playing = begin(&system, &["scenario", "run", file.to_str().unwrap()]);
        wait_until(&format!("{process} is {is}"), || state_of(&system, process) == is);
        signal(&playing, how);
        let ended = playing.wait_with_output().unwrap();
        let said = text(&ended.stdout) + &text(&ended.stderr);
        assert_eq!(ended.status.code(), exit, "{said}");
        if exit.is_some() {
            assert!(is_ready(&system, process), "it is mended before the command ends: {said}");
            assert!(said.contains(process) && said.contains("mended"), "{said}");
            assert!(said.contains("interrupted: 0 of 1 scenarios were played"), "{said}");
        }
        wait_until(&format!("{process} is ready again"), || is_ready(&system, process));
    }
    system.wait_healed();
}

#[test]
fn asked_twice_a_command_ends_at_once_and_says_what_mends_it() {
    let system = System::start();
    let folder = tempfile::tempdir().unwrap();
    let file = breaking(folder.path(), "pause: payment");
    let playing = begin(&system, &["scenario", "run", file.to_str().unwrap(), "--json"]);
    wait_until("payment is frozen", || state_of(&system, "payment") == "paused");
    // As long as its supervisor is frozen, nothing can be mended.
    let running: Value =
        serde_json::from_slice(&std::fs::read(system.folder("running.json")).unwrap()).unwrap();
    let supervisor = running["supervisor"].to_string();
    let to_supervisor = |signal: &str| {
        assert!(Command::new("kill").args([signal, &supervisor]).status().unwrap().success());
    };
    to_supervisor("-STOP");
    signal(&playing, "-INT");
    // The second counts only when the first has been heard: it is sent until one ends it.
    let ended = std::thread::scope(|threads| {
        let pid = playing.id().to_string();
        let ending = threads.spawn(|| playing.wait_with_output().unwrap());
        wait_until("the command has ended", || {
            drop(Command::new("kill").args(["-INT", &pid]).output());
            ending.is_finished()
        });
        ending.join().unwrap()
    });
    to_supervisor("-CONT");
    let said = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(said.contains("left behind: payment is frozen"), "{said}");
    assert!(said.contains("murmur start payment"), "{said}");
    wait_until("payment is ready again", || is_ready(&system, "payment"));
}

#[test]
fn a_comparison_that_is_interrupted_restores_the_owner_and_shows_what_it_has() {
    let system = System::start();
    let chart = system.folder("chart.svg");
    let quick = ["--seconds", "1", "--changes", "1", "--rate", "20", "--connections", "1"];
    let start = ["compare-joins", "--json", "--svg", chart.to_str().unwrap()];
    let comparing = begin(&system, &[&start[..], &quick].concat());
    wait_until("customer is killed", || state_of(&system, "customer") == "stopped");
    signal(&comparing, "-INT");
    let ended = comparing.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    assert!(is_ready(&system, "customer"), "it is mended before the command ends");
    let seen = result(&ended);
    assert_eq!((&seen["interrupted"], &seen["outage"]), (&true.into(), &Value::Null));
    for part in ["most", "steady", "behind"] {
        assert_eq!(seen[part].as_array().unwrap().len(), 3, "{part}: {seen}");
    }
    assert!(!chart.exists(), "a chart of a part would look like one of the whole");
}

#[test]
fn a_benchmark_that_is_interrupted_shows_what_it_has() {
    let system = System::start();
    let begin = |json: &[&str]| {
        let arguments = ["bench", "saga", "--rate", "20", "--seconds", "600", "--reads", "5"];
        begin(&system, &[&arguments[..], json].concat())
    };
    let place = |system: &System| system.get("order", "/status").body["head"].as_u64();
    let benching = begin(&["--json"]);
    // Well beyond the warm-up: a second of it, and four rows of order for each.
    wait_until("orders are measured", || place(&system) > Some(200));
    signal(&benching, "-INT");
    let ended = benching.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    let seen = result(&ended);
    let measured = &seen["measured"];
    assert_eq!((&seen["interrupted"], &measured["interrupted"]), (&true.into(), &true.into()));
    let number = |name: &str| measured[name].as_u64().unwrap();
    assert!(number("due") > 5 && number("due") < 12_000, "{measured}");
    let answers = ["accepted", "refused", "unanswered"].map(number);
    assert_eq!(answers.iter().sum::<u64>(), number("due"), "{measured}");
    assert!(number("completed") <= number("due"), "{measured}");
    assert_eq!((&seen["raw"], &seen["audit"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_order_ends_once_though_the_broker_is_wiped_during_a_benchmark() {
    let system = System::start();
    let arguments = ["--rate", "25", "--seconds", "8", "--reads", "0", "--no-audit", "--json"];
    let benching = begin(&system, &[&["bench", "saga"][..], &arguments].concat());
    wait_until("orders are measured", || {
        system.get("order", "/status").body["head"].as_u64() > Some(250)
    });
    system.expect(&["wipe", "broker"]);
    let ended = benching.wait_with_output().unwrap();
    let measured = &result(&ended)["measured"];
    let number = |name: &str| measured[name].as_u64().unwrap();
    assert_eq!(number("due"), 200, "{measured}");
    assert!(number("completed") <= number("ended") && number("ended") <= 200, "{measured}");
    assert_eq!(measured["ending"]["count"], measured["ended"], "{measured}");
    assert!(number("accepted") <= number("ended") + number("unfinished"), "{measured}");
    let broker = measured["cpu"].as_array().unwrap().iter().find(|one| one["process"] == "nats");
    assert_eq!(broker.unwrap()["took"], Value::Null, "it did not run all the time: {measured}");
}

#[test]
fn an_audit_that_cannot_be_written_is_a_failure() {
    let system = System::start();
    system.stock_up();
    let line = json!({"sku": "mug", "quantity": 1});
    let order = json!({"id": "o-1", "customer_id": "ann", "lines": [line]});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
    wait_until("the order ends", || system.state_of_ended("o-1"));
    for arguments in [&["audit"][..], &["audit", "--json"], &["status"], &["status", "--json"]] {
        system.expect(arguments);
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut murmur = Command::new(program("murmur"));
        murmur.args(arguments).env("MURMUR_DATA", system.folder("")).stdout(full);
        let ended = murmur.output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
        let said = text(&ended.stderr);
        assert!(said.contains("cannot write to standard output"), "{said}");
    }
}

#[test]
fn chaos_that_is_interrupted_ends_its_system_with_its_frozen_processes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("frozen.yaml");
    let fault =
        "chaos: frozen for long\nfault:\n  - pause: redis\n  - pause: order\n  - wait: 10m\n";
    std::fs::write(&file, fault).unwrap();
    for (how, exit) in [("-INT", Some(130)), ("-KILL", None)] {
        let mut murmur = Command::new(program("murmur"));
        murmur.args(["chaos", "run", "--json"]).arg(&file).env("TMPDIR", folder.path());
        let running = murmur.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let run_files = || -> Vec<PathBuf> {
            let folders = std::fs::read_dir(folder.path()).unwrap();
            let folders = folders.map(|entry| entry.unwrap().path().join("1/running.json"));
            folders.filter(|file| file.exists()).collect()
        };
        let frozen = || {
            let read = |file: &PathBuf| std::fs::read(file).ok();
            let running: Option<Value> = run_files()
                .first()
                .and_then(read)
                .and_then(|text| serde_json::from_slice(&text).ok());
            let pid = running.and_then(|running| running["pids"]["order"].as_u64());
            pid.filter(|pid| {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                stat.contains(") T ")
            })
        };
        wait_until("order is frozen", || frozen().is_some());
        let pid = frozen().unwrap();
        signal(&running, how);
        let ended = running.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), exit, "{ended:?}");
        if exit.is_some() {
            assert_eq!(result(&ended)["interrupted"], true);
            assert!(run_files().is_empty(), "the system has ended before the command does");
        }
        wait_until("its system has ended", || run_files().is_empty());
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "a frozen process is left behind");
    }
}
