//! What cannot be healed is fenced: it refuses commands, says why and what the choices are, and
//! touches nothing.

use std::os::unix::fs::FileExt as _;
use std::path::Path;

use contracts::service;
use engine::{database, rusqlite};
use runtime::seal_keys::file_beside;
use serde_json::Value;

use crate::support::broker::Broker;
use crate::support::history::{fork, inject, lost_row, publish_witness, with_customers};
use crate::support::process::Process;
use crate::support::{Folder, eventually, proof};

/// Starts again, and proves that what it finds is fenced: with this reason, everywhere the same.
fn assert_fenced(data: &Path, broker: &Broker, reason: &str) -> Value {
    let process = Process::again(data, broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains(reason), "{status}");
    let choices = status["choices"].as_array().unwrap();
    assert!(!choices.is_empty(), "{status}");
    let refused = process.register("refused", &[]);
    assert_eq!(
        (refused.status, &refused.body["type"]),
        (503, &"/problems/fenced".into()),
        "{refused:?}"
    );
    assert_eq!(
        (&refused.body["detail"], &refused.body["choices"]),
        (&status["reason"], &status["choices"])
    );
    let ready = process.try_send("GET", "/readyz", &[], "").unwrap();
    assert_eq!((ready.status, &ready.body["detail"]), (503, &status["reason"]), "{ready:?}");
    assert_eq!(ready.body["choices"], status["choices"]);
    assert_eq!(ready.body["standing"]["state"], "fenced");
    assert_eq!(process.try_send("GET", "/livez", &[], "").unwrap().status, 200);
    let refused = "fenced: commands are refused";
    eventually("it says so in its log", || process.log().contains(refused).then_some(()));
    process.stop();
    status
}

/// The same, of a fence that leaves both stores as they were.
async fn assert_fenced_and_untouched(data: &Path, broker: &Broker, reason: &str) {
    let (outbox, stream) = (proof::outbox(data), proof::stream(broker).await);
    assert_fenced(data, broker, reason);
    assert_eq!((proof::outbox(data), proof::stream(broker).await), (outbox, stream));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_fenced() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    fork(&mut broker, &data);
    assert_fenced_and_untouched(&data, &broker, "outbox and stream differ at row 2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_is_fenced() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    broker.wipe();
    let other = folder.path().join("other");
    std::fs::copy(file_beside(&data), file_beside(&other)).unwrap();
    with_customers(&other, &broker, &["x", "y"]);
    assert_fenced_and_untouched(&data, &broker, "the database tells history").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_event_is_fenced() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    inject(&broker).await;
    let status = assert_fenced(&data, &broker, "message 2 of the stream is foreign or damaged");
    assert_eq!(status["head"], 1, "nothing foreign is taken over");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_another_service_is_fenced() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    edit(&data, "UPDATE meta SET value = 'order' WHERE key = 'service'");
    let stream = proof::stream(&broker).await;
    assert_fenced(&data, &broker, "the database belongs to the service \"order\"");
    assert_eq!(proof::stream(&broker).await, stream);
    std::fs::rename(&data, folder.path().join("away")).unwrap();
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert!(process.knows("a"), "the choice that is told is one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_fenced() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    let file = database::file_in(&data, service::CUSTOMER);
    // The write-ahead log alone would mend it.
    std::fs::remove_file(file.with_extension("db-wal")).unwrap();
    std::fs::write(&file, vec![7; 64 * 1024]).unwrap();
    assert_fenced(&data, &broker, "the database cannot be read");
    assert_eq!(std::fs::read(&file).unwrap(), vec![7; 64 * 1024], "it is left as it was found");
}

/// Nothing shows at the start: only a command comes by the damaged page.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_found_damaged_while_it_runs_is_fenced() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    damage_the_table_of_customers(&data);
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    let lost = process.register("b", &[]);
    assert_eq!(
        (lost.status, &lost.body["type"]),
        (503, &"/problems/outcome-unknown".into()),
        "{lost:?}"
    );
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains("malformed"), "{status}");
    assert_eq!(process.register("b", &[]).body["type"], "/problems/fenced");
    process.stop();
    std::fs::rename(&data, folder.path().join("away")).unwrap();
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert!(process.knows("a") && !process.knows("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lost_stores_are_fenced() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    broker.wipe();
    publish_witness(&broker, lost_row(&data, 5)).await;
    assert_fenced(&data, &broker, "order has seen 5 rows, outbox and stream hold 1");
    assert_eq!(proof::outbox(&data).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_row_than_a_witness_has_seen_is_fenced() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    publish_witness(&broker, lost_row(&data, 1)).await;
    assert_fenced_and_untouched(&data, &broker, "order has seen another row 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_outbox_without_a_stream_is_fenced() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b", "c"]);
    broker.wipe();
    edit(&data, "UPDATE outbox SET subject = 'customer.registered.x' WHERE sequence = 2");
    assert_fenced(&data, &broker, "outbox row 2 does not follow");
}

/// Overwrites the one page that only commands come by.
fn damage_the_table_of_customers(data: &Path) {
    let file = database::file_in(data, service::CUSTOMER);
    let connection = rusqlite::Connection::open(&file).unwrap();
    let sql =
        "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'known'";
    let (page, size): (u64, u64) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let file = std::fs::File::options().write(true).open(file).unwrap();
    let junk = vec![7; usize::try_from(size).unwrap()];
    file.write_all_at(&junk, (page - 1) * size).unwrap();
}

/// A hand in the database of a service that does not run.
fn edit(data: &Path, sql: &str) {
    let file = database::file_in(data, service::CUSTOMER);
    let changed = rusqlite::Connection::open(file).unwrap().execute(sql, []).unwrap();
    assert_eq!(changed, 1);
}
