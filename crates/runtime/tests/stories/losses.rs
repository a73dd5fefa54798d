//! One store is lost and nothing is; two are lost, and it is told.

use contracts::service;
use runtime::nats::streams;

use crate::support::broker::Broker;
use crate::support::history::{copy_files, lost_row, publish_witness};
use crate::support::process::Process;
use crate::support::{Folder, eventually, proof};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_wiped_under_a_service_ends_it_and_gets_the_same_chain_from_row_one() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    for id in ["a", "b", "c"] {
        assert_eq!(process.register(id, &[]).status, 201);
    }
    let before = proof::stream_equals_outbox(&broker, &data).await;
    broker.wipe();
    assert!(!process.ended().success());
    assert!(process.log().contains("the stream is gone"), "{}", process.log());
    let process = Process::again(&data, &broker);
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 3);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_database_gets_the_rest_from_the_stream() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    process.stop();
    let copy = folder.path().join("copy");
    copy_files(&data, &copy);
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert_eq!(process.register("b", &[]).status, 201);
    assert_eq!(process.register("c", &[]).status, 201);
    process.stop();
    let before = proof::stream_equals_outbox(&broker, &data).await;
    std::fs::remove_dir_all(&data).unwrap();
    copy_files(&copy, &data);
    let process = Process::again(&data, &broker);
    process.until("restored", |s| s["state"] == "ready" && s["acknowledged"] == 4);
    assert!(process.knows("a") && process.knows("c"));
    let rows = proof::stream_equals_outbox(&broker, &data).await;
    assert_eq!(rows[..3], before);
    assert!(rows[3].subject.starts_with("customer.recovered."), "{}", rows[3].subject);
}

#[test]
fn without_database_and_stream_a_start_is_fenced_and_says_what_can_be_done() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    process.stop();
    broker.wipe();
    std::fs::remove_dir_all(&data).unwrap();
    let process = Process::again(&data, &broker);
    process.until_state("fenced");
    let ready = process.try_send("GET", "/readyz", &[], "").unwrap();
    assert_eq!(ready.status, 503);
    let choices = ready.body["choices"].as_array().unwrap();
    assert!(choices[0].as_str().unwrap().contains("--first-start"), "{ready:?}");
    assert_eq!(ready.body["standing"]["state"], "fenced");
    let refused = process.register("b", &[]);
    assert_eq!((refused.status, &refused.body["type"]), (503, &"/problems/fenced".into()));
    assert_eq!(process.try_send("GET", "/livez", &[], "").unwrap().status, 200);
}

/// The file's own pages are counted, so that the quota is a small multiple of an empty database.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_ends_the_process_and_more_room_heals_it() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::with_room(&data, &broker, 160 * 1024);
    process.until_state("ready");
    let mut answered = 0;
    while let Some(reply) =
        process.try_send("POST", "/customers", &[], &format!("\"c-{answered}\""))
    {
        if reply.status != 201 {
            assert_eq!(reply.status, 503, "{reply:?}");
            break;
        }
        answered += 1;
    }
    assert!(!process.ended().success());
    eventually("it says why", || process.log().contains("--database-bytes-max").then_some(()));
    assert!(answered > 0);
    let process = Process::again(&data, &broker);
    process.until("healed", |s| s["state"] == "ready" && s["acknowledged"] == s["head"]);
    assert!((0..answered).all(|nth| process.knows(&format!("c-{nth}"))));
    assert_eq!(process.register("one-more", &[]).status, 201);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await.len(), answered + 1);
}

/// A first start must not hide a loss that another service can prove.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_is_fenced_when_another_service_has_seen_rows() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    publish_witness(&broker, lost_row(&data, 5)).await;
    let process = Process::first_unready(&data, &broker);
    let status = process.until_state("fenced");
    assert!(status["choices"][0].as_str().unwrap().contains("Two stores"), "{status}");
    assert_eq!(status["head"], 0);
    let own = streams::find(&broker.jetstream().await, service::CUSTOMER).await.unwrap();
    assert!(own.is_none(), "nothing is touched");
}
