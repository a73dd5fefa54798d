//! What somebody writes into a stream who may publish, and has not the owner's key: it is told, and never
//! becomes the owner's own history.

use contracts::choreography::MURMURATION;
use contracts::service;
use engine::database;
use engine::healing::{Plan, Refusal, plan};
use protocol::Position;
use runtime::healing::Stores;
use runtime::seal_keys;

use crate::support::broker::Broker;
use crate::support::history::{forge, lost_row, publish_claim, publish_witness, with_customers};
use crate::support::process::Process;
use crate::support::{Folder, proof};

const FORGED: &str = "message 3 of the stream is sealed by no key of this service";

#[tokio::test(flavor = "multi_thread")]
async fn a_running_owner_ends_and_its_next_start_is_fenced_with_the_number() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    for id in ["a", "b"] {
        assert_eq!(process.register(id, &[]).status, 201);
    }
    let before = proof::outbox(&data);
    forge(&broker, "thief").await;
    assert!(!process.ended().success());
    assert!(process.log().contains("somebody else writes"), "{}", process.log());
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains(FORGED), "{status}");
    assert!(process.knows("a") && !process.knows("thief"));
    process.stop();
    assert_eq!(proof::outbox(&data), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_gets_its_own_rows_back_and_no_other() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    let before = proof::outbox(&data);
    forge(&broker, "thief").await;
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains(FORGED), "{status}");
    assert!(process.knows("a") && process.knows("b") && !process.knows("thief"));
    process.stop();
    assert_eq!(proof::outbox(&data), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_history_in_place_of_the_own_one_is_not_taken_over_either() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    broker.wipe();
    with_customers(&folder.path().join("thief"), &broker, &["x", "y", "z"]);
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains("message 1 of the stream"), "{status}");
    assert!(!process.knows("x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn healing_shows_the_forged_messages_and_discards_nothing_for_them() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    // A row of its own, local only, stands where the forged message does.
    let mut process = Process::again(&data, &broker);
    process.until_state("ready");
    broker.kill();
    process.until_state("alone");
    assert_eq!(process.register("c", &[]).status, 201);
    process.signal("KILL");
    process.ended();
    broker.restart();
    forge(&broker, "thief").await;
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains(FORGED), "{status}");
    let connection = broker.connection().await;
    let stores = Stores {
        service: service::CUSTOMER,
        choreography: &MURMURATION,
        connection: &connection,
        database: database::file_in(&data, service::CUSTOMER),
        neighbours: Vec::new(),
        keys: Some(seal_keys::load(&seal_keys::file_beside(&data)).unwrap()),
    };
    let forged = Refusal::Forged { message: 3, last: 3 };
    assert_eq!(plan(&stores.examine().await.unwrap()), Plan::Refuse(forged));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_another_key_an_intact_database_goes_on_and_a_lost_one_is_fenced() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    let keys = seal_keys::file_beside(&data);
    let old = std::fs::read_to_string(&keys).unwrap();
    std::fs::remove_file(&keys).unwrap();
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert_eq!(process.register("b", &[]).status, 201);
    process.stop();
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains("message 1 of the stream"), "{status}");
    process.stop();
    // The old key is brought back, behind the new one.
    let new = std::fs::read_to_string(&keys).unwrap();
    std::fs::write(&keys, new + &old).unwrap();
    let process = Process::again(&data, &broker);
    process.until("restored", |s| s["state"] == "ready" && s["acknowledged"] == 3);
    assert!(process.knows("a") && process.knows("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_says_of_rows_that_never_were_fences_nobody() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    let copied_mark = proof::outbox(&data)[1].chain;
    let made_up = Position { sequence: 1_000, chain: copied_mark };
    publish_witness(&broker, made_up).await;
    publish_claim(&broker, made_up).await;
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert!(
        process.log().contains("names a row of this service that never was"),
        "{}",
        process.log()
    );
    process.stop();
    // With its database lost, too.
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    process.until("restored", |s| s["state"] == "ready" && s["acknowledged"] == 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_by_the_own_key_counts_behind_one_that_was_made_up() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    publish_claim(&broker, lost_row(&data, 7)).await;
    publish_claim(&broker, Position { sequence: 9, chain: lost_row(&data, 7).chain }).await;
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert!(status["reason"].as_str().unwrap().contains("with 7 rows"), "{status}");
}
