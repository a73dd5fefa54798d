//! The Redis of `murmur up`: who is let in, and what each may do there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::{System, say_to_redis, wait_until};

fn place(system: &System, id: &str) {
    let lines = json!([{"sku": "mug", "quantity": 1}]);
    let order = json!({"id": id, "customer_id": "ann", "lines": lines});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
    wait_until("the order is completed", || system.state_of(id) == "completed");
}

fn generation(system: &System) -> String {
    system.redis(&["GET", "{query}:generation"])
}

#[test]
fn nobody_is_let_in_without_a_password_and_passwords_are_told_to_nobody() {
    let system = System::start();
    for command in ["GET {query}:generation", "FLUSHALL", "CONFIG GET *", "ACL LIST"] {
        let words: Vec<&str> = command.split(' ').collect();
        let said = say_to_redis(system.port("redis"), &[&words]);
        assert!(said.starts_with("-NOAUTH"), "{command}: {said}");
    }
    let mut secrets = Vec::new();
    for file in ["redis.keys", "redis.acl"] {
        let file = system.folder(file);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let keys = fs::read_to_string(system.folder("redis.keys")).unwrap();
    secrets.extend(keys.lines().map(|line| line.split('"').nth(1).unwrap()));
    assert_eq!(secrets.len(), 3);
    let running = fs::read_to_string(system.folder("running.json")).unwrap();
    let said: Value = serde_json::from_str(&running).unwrap();
    let pids = said["pids"].as_object().unwrap().values();
    let lines = pids.map(|pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap());
    let logs = fs::read_dir(system.folder("logs")).unwrap();
    let logs = logs.map(|log| fs::read_to_string(log.unwrap().path()).unwrap());
    let users = fs::read_to_string(system.folder("redis.acl")).unwrap();
    for text in lines.chain(logs).chain([running.clone(), users]) {
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
    }
}

#[test]
fn each_user_does_what_it_is_there_for_and_the_operators_commands_go_on() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1");
    wait_until("it is folded", || system.get("query", "/orders/o-1").status == 200);
    for (user, words) in [
        ("reader", &["SET", "{query}:generation", "v0-1"][..]),
        ("reader", &["FLUSHALL"]),
        ("projector", &["FLUSHALL"]),
        ("projector", &["CONFIG", "SET", "maxmemory", "1mb"]),
        ("projector", &["SET", "another:key", "1"]),
        ("operator", &["ACL", "LIST"]),
        ("operator", &["SHUTDOWN", "NOSAVE"]),
    ] {
        let said = system.redis_as(user, words);
        assert!(said.starts_with("-NOPERM"), "{user} {words:?}: {said}");
    }
    let before = generation(&system);
    let wiped = system.expect(&["wipe", "redis"]);
    assert!(wiped.contains("keys) deleted"), "{wiped}");
    wait_until("it is folded again", || system.get("query", "/orders/o-1").status == 200);
    assert_ne!(generation(&system), before);
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
}

#[test]
fn a_folder_from_before_users_is_closed_by_its_next_start_and_keeps_what_it_holds() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1");
    let before = generation(&system);
    system.expect(&["down"]);
    for file in ["redis.keys", "redis.acl"] {
        fs::remove_file(system.folder(file)).unwrap();
    }
    system.up(&[]);
    let said = say_to_redis(system.port("redis"), &[&["GET", "{query}:generation"]]);
    assert!(said.starts_with("-NOAUTH"), "{said}");
    assert_eq!(generation(&system), before, "nothing is folded anew");
    place(&system, "o-2");
    assert!(system.expect(&["audit"]).contains("the audit is clean"));
}
