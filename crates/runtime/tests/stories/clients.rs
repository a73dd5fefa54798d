//! Clients that hold connections and say nothing.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::Folder;
use crate::support::broker::Broker;
use crate::support::process::Process;

/// What a process often may open.
const DESCRIPTORS: u32 = 1_024;

/// More connections than that.
const SILENT: usize = 1_100;

#[test]
fn silent_connections_keep_out_neither_clients_nor_the_broker() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).unwrap();
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::with_descriptors(&data, &broker, DESCRIPTORS);
    let silent: Vec<_> = (0..SILENT).map(|_| process.connect().unwrap()).collect();
    let ask = |path: &str| process.try_send("GET", path, &[], "").unwrap().status;
    for path in ["/livez", "/readyz", "/status", "/customers/a"] {
        assert_eq!(ask(path), 200, "{path}");
    }
    assert_eq!(process.register("a", &[]).status, 201);
    broker.kill();
    process.until_state("alone");
    broker.restart();
    process.until_state("ready");
    let kept = process.register("b", &[]);
    assert!(kept.head.contains("murmur-durability: replicated"), "{}", kept.head);
    assert!(process.knows("a") && process.knows("b"));
    assert_eq!(silent.len(), SILENT, "they are held until here");
}
