//! Taking out of a stream what somebody else has written into it, by its owner, on a real broker.

use std::path::Path;

use contracts::choreography::MURMURATION;
use contracts::{Event, service};
use engine::reading::{Alarm, Stopped};
use engine::{ReadPool, database, outbox};
use protocol::{ForeignRows, Position, Row};
use runtime::healing::Stores;
use runtime::nats::{Connection, streams, wire};
use runtime::reading;
use runtime::seal_keys;
use tokio::sync::mpsc;

use crate::support::broker::Broker;
use crate::support::history::{forge, inject, with_customers};
use crate::support::process::Process;
use crate::support::{Folder, WITHIN, proof};

/// The owner is fenced for that message, and says so for programs, too.
fn fenced_for(data: &Path, broker: &Broker, message: u64) {
    let process = Process::again(data, broker);
    let status = process.until_state("fenced");
    assert_eq!(status["foreign_message"], message, "{status}");
    assert_eq!(status["broker"], broker.url(), "{status}");
    process.stop();
}

fn named_foreign(data: &Path) -> Vec<ForeignRows> {
    let pool = ReadPool::new(&database::file_in(data, service::CUSTOMER));
    pool.read(|state| outbox::foreign(state, service::CUSTOMER)).unwrap()
}

/// Both stores hold these rows and then one that names the foreign ones.
async fn is_rebuilt(broker: &Broker, data: &Path, before: &[Row], foreign: &[Row]) {
    let rows = proof::stream_equals_outbox(broker, data).await;
    assert_eq!(rows[..before.len()], *before);
    assert_eq!(rows.len(), before.len() + 1);
    let Event::CustomerRecovered(recovered) = rows[before.len()].parse().unwrap().event else {
        panic!("{:?}", rows.last());
    };
    let chains: Vec<_> = foreign.iter().map(|row| row.chain).collect();
    let named: Vec<_> = recovered.foreign.iter().flat_map(|rows| rows.chains.clone()).collect();
    assert_eq!(named, chains);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_rows_are_taken_out_and_readers_are_told_whatever_they_have_read() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    let before = proof::outbox(&data);
    let forged = [forge(&broker, "thief").await, forge(&broker, "second").await];
    fenced_for(&data, &broker, 3);
    let connection = broker.connection().await;
    let stores = stores(&connection, &data);
    let intrusion = stores.intrusion(3).await.unwrap();
    assert_eq!(intrusion.first(), Some(forged[0].position()));
    assert!(intrusion.rows.holds(forged[1].position()) && intrusion.ids().contains("thief"));
    let process = Process::dropping(&data, &broker, forged[0].position());
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 3);
    assert!(process.knows("a") && process.knows("b") && !process.knows("thief"));
    is_rebuilt(&broker, &data, &before, &forged).await;
    // One reader stands within the stream, the other behind its end.
    for stands_at in forged.iter().map(Row::position) {
        let (sink, mut rows) = mpsc::channel::<Row>(16);
        let reading =
            reading::spawn(connection.clone(), "test", service::CUSTOMER, stands_at, sink);
        let alarm = tokio::time::timeout(WITHIN, reading.alarm()).await.unwrap();
        assert_eq!(alarm, Alarm::Stopped(Stopped::Replaced(stands_at.sequence)));
        assert!(rows.try_recv().is_err());
    }
    process.stop();
    // Started again with the same permission, and with none.
    Process::dropping(&data, &broker, forged[0].position()).until_state("ready");
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert_eq!(process.register("c", &[]).status, 201);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_restored_and_the_rest_taken_out() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    let before = proof::outbox(&data);
    let forged = forge(&broker, "thief").await;
    std::fs::remove_dir_all(&data).unwrap();
    fenced_for(&data, &broker, 3);
    let process = Process::dropping(&data, &broker, forged.position());
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 3);
    assert!(process.knows("a") && process.knows("b") && !process.knows("thief"));
    is_rebuilt(&broker, &data, &before, &[forged]).await;
    process.stop();
    // What was foreign is known from the stream alone.
    let named = named_foreign(&data);
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    process.until("restored", |s| s["state"] == "ready" && s["acknowledged"] == 4);
    assert_eq!(named_foreign(&data), named);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_only_the_database_holds_is_published_in_place_of_the_forged_one() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    let mut process = Process::again(&data, &broker);
    process.until_state("ready");
    broker.kill();
    process.until_state("alone");
    assert_eq!(process.register("c", &[]).status, 201);
    process.signal("KILL");
    process.ended();
    broker.restart();
    let before = proof::outbox(&data);
    let forged = forge(&broker, "thief").await;
    fenced_for(&data, &broker, 3);
    let process = Process::dropping(&data, &broker, forged.position());
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 4);
    assert!(process.knows("c"));
    is_rebuilt(&broker, &data, &before, &[forged]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_nobody_s_event_is_taken_out_and_named_to_nobody() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    let before = proof::outbox(&data);
    inject(&broker).await;
    fenced_for(&data, &broker, 3);
    let first = message(&broker, 3).await;
    let process = Process::dropping(&data, &broker, first);
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 2);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await, before);
}

/// The same content under the same number, but for one field; what follows is as it was.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_message_gives_way_to_the_row_of_the_outbox() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b", "c"]);
    let before = proof::outbox(&data);
    let mut rows = before.clone();
    rows[1].payload = b"{}".as_slice().into();
    recreate_holed(&broker, &rows).await;
    fenced_for(&data, &broker, 2);
    let process = Process::dropping(&data, &broker, before[1].position());
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 3);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_that_was_not_shown_or_that_might_be_the_owner_s() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b", "c"]);
    let before = proof::outbox(&data);
    let forged = forge(&broker, "thief").await;
    let another = Position { chain: before[0].chain, ..forged.position() };
    is_refused(&data, &broker, another, "another than the one that was shown").await;
    // Its key file is exchanged: nobody can tell any more what it has sealed.
    let keys = seal_keys::file_beside(&data);
    let old = std::fs::read_to_string(&keys).unwrap();
    std::fs::remove_file(&keys).unwrap();
    is_refused(&data, &broker, forged.position(), "cannot be told").await;
    std::fs::write(&keys, old).unwrap();
    // Row 2 was replaced, and the database lost: row 3 is in the stream alone.
    let mut rows = before.clone();
    rows[1].payload = b"{}".as_slice().into();
    rows[1].chain = rows[0].chain.next(&rows[1].subject, &rows[1].headers, &rows[1].payload);
    recreate(&broker, &rows).await;
    std::fs::remove_dir_all(&data).unwrap();
    is_refused(&data, &broker, rows[1].position(), "message 3 was this service's own").await;
    assert_eq!(message(&broker, 3).await, before[2].position());
}

async fn is_refused(data: &Path, broker: &Broker, allowed: Position, why: &str) {
    let process = Process::dropping(data, broker, allowed);
    let status = process.until_state("fenced");
    let reason = status["reason"].as_str().unwrap();
    assert!(reason.contains("cannot be taken out") && reason.contains(why), "{status}");
    assert_eq!(status["foreign_message"], allowed.sequence);
    process.stop();
    message(broker, allowed.sequence).await;
}

fn stores<'a>(connection: &'a Connection, data: &Path) -> Stores<'a> {
    Stores {
        service: service::CUSTOMER,
        choreography: &MURMURATION,
        connection,
        database: database::file_in(data, service::CUSTOMER),
        neighbours: Vec::new(),
        keys: Some(seal_keys::load(&seal_keys::file_beside(data)).unwrap()),
    }
}

/// Where a message of the stream stands.
async fn message(broker: &Broker, number: u64) -> Position {
    let stream = broker.jetstream().await.get_stream("CUSTOMER").await.unwrap();
    streams::message(&stream, number).await.unwrap().unwrap().position()
}

/// Another stream in the place of the owner's, with these messages.
async fn recreate(broker: &Broker, rows: &[Row]) {
    let context = broker.jetstream().await;
    context.delete_stream("CUSTOMER").await.unwrap();
    streams::create(&context, &streams::wanted(service::CUSTOMER, 1)).await.unwrap();
    for row in rows {
        let (headers, payload) = (wire::headers_of(row), row.payload.to_vec().into());
        let publishing = context.publish_with_headers(row.subject.clone(), headers, payload).await;
        publishing.unwrap().await.unwrap();
    }
}

/// The same, which has lost its first message: only a rebuild compares each of the others.
async fn recreate_holed(broker: &Broker, rows: &[Row]) {
    let context = broker.jetstream().await;
    context.delete_stream("CUSTOMER").await.unwrap();
    let wanted = streams::wanted(service::CUSTOMER, 1);
    let open =
        runtime::async_nats::jetstream::stream::Config { deny_delete: false, ..wanted.clone() };
    let stream = streams::create(&context, &open).await.unwrap();
    for row in rows {
        let (headers, payload) = (wire::headers_of(row), row.payload.to_vec().into());
        let publishing = context.publish_with_headers(row.subject.clone(), headers, payload).await;
        publishing.unwrap().await.unwrap();
    }
    stream.delete_message(1).await.unwrap();
    context.update_stream(&wanted).await.unwrap();
}
