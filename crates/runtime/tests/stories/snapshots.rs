//! A database that is lost begins as the newest snapshot, and nothing is believed that was not sealed.

use std::path::{Path, PathBuf};

use contracts::service;
use engine::database::snapshots;

use crate::support::broker::Broker;
use crate::support::history::publish_witness;
use crate::support::process::Process;
use crate::support::{Folder, eventually, proof};

const ROWS: u64 = 5;

fn register(process: &Process, ids: std::ops::Range<u32>) {
    for id in ids {
        assert_eq!(process.register(&format!("c-{id}"), &[]).status, 201);
    }
}

/// Waits for the snapshot of that row or a later one.
fn snapshot(data: &Path, row: u64) -> u64 {
    let folder = data.join(snapshots::FOLDER);
    let newest = || {
        snapshots::rows_in(&folder, service::CUSTOMER)
            .first()
            .copied()
            .filter(|newest| *newest >= row)
    };
    eventually("a snapshot", newest)
}

fn files(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data.join(snapshots::FOLDER)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|end| end == "db")).collect()
}

/// The database is lost, and what has been written of it; the snapshots are not.
fn lose(data: &Path) {
    for file in std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()) {
        if file.is_file() {
            std::fs::remove_file(file).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_begins_as_the_newest_snapshot_and_gets_the_rest_from_the_stream() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::with_snapshots(&data, &broker, ROWS);
    process.until_state("ready");
    register(&process, 0..12);
    let row = snapshot(&data, 10);
    process.stop();
    let before = proof::stream_equals_outbox(&broker, &data).await;
    lose(&data);
    let process = Process::again(&data, &broker);
    let status = process.until("restored", |s| s["state"] == "ready" && s["acknowledged"] == 13);
    assert_eq!(status["began_as_snapshot"], row);
    assert!((0..12).all(|id| process.knows(&format!("c-{id}"))));
    let rows = proof::stream_equals_outbox(&broker, &data).await;
    assert_eq!(rows[..12], before);
    assert!(rows[12].subject.starts_with("customer.recovered."), "{}", rows[12].subject);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_somebody_changed_is_left_out_and_the_stream_has_it_all() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::with_snapshots(&data, &broker, ROWS);
    process.until_state("ready");
    register(&process, 0..6);
    snapshot(&data, ROWS);
    process.stop();
    for file in files(&data) {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(file, bytes).unwrap();
    }
    lose(&data);
    let process = Process::again(&data, &broker);
    process.until("restored", |s| s["state"] == "ready" && s["acknowledged"] == 7);
    assert!(process.log().contains("a snapshot is left out"), "{}", process.log());
    assert!((0..6).all(|id| process.knows(&format!("c-{id}"))));
    proof::stream_equals_outbox(&broker, &data).await;
}

/// Else a database would begin with rows that nobody else has, and that another row may have replaced.
#[test]
fn what_the_stream_does_not_hold_is_in_no_snapshot() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::with_snapshots(&data, &broker, ROWS);
    process.until_state("ready");
    register(&process, 0..4);
    broker.kill();
    process.until_state("alone");
    for id in 4..16 {
        let reply = process.register(&format!("c-{id}"), &[]);
        assert!(reply.head.contains("murmur-durability: local"), "{reply:?}");
    }
    let folder = data.join(snapshots::FOLDER);
    assert_eq!(snapshots::rows_in(&folder, service::CUSTOMER), [0; 0]);
    broker.restart();
    snapshot(&data, 16);
}

/// Both are lost with what is newer than the snapshot. Others have seen more.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_does_not_hide_that_two_stores_were_lost() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::with_snapshots(&data, &broker, ROWS);
    process.until_state("ready");
    register(&process, 0..5);
    snapshot(&data, ROWS);
    register(&process, 5..8);
    process.stop();
    let seen = proof::outbox(&data)[7].position();
    lose(&data);
    broker.wipe();
    publish_witness(&broker, seen).await;
    let process = Process::again(&data, &broker);
    process.until_state("fenced");
}
