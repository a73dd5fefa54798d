//! What an operator may discard, shown first, and what stays.

use std::path::Path;

use contracts::choreography::MURMURATION;
use contracts::service;
use engine::database::owner::NotOwner;
use engine::database::{self, Aside};
use engine::healing::{Plan, Refusal, plan};
use runtime::healing::Stores;

use crate::support::broker::Broker;
use crate::support::history::{fork, inject, lost_row, publish_witness, with_customers};
use crate::support::process::Process;
use crate::support::{Folder, proof};

async fn look(broker: &Broker, data: &Path) -> Plan {
    let connection = broker.connection().await;
    plan(&stores(&connection, data).examine().await.unwrap())
}

fn stores<'a>(connection: &'a runtime::nats::Connection, data: &Path) -> Stores<'a> {
    let database = database::file_in(data, service::CUSTOMER);
    Stores {
        service: service::CUSTOMER,
        choreography: &MURMURATION,
        connection,
        database,
        neighbours: Vec::new(),
        keys: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_shown_row_by_row_and_healed_by_setting_the_database_aside() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    fork(&mut broker, &data);
    let process = Process::again(&data, &broker);
    process.until_state("fenced");
    assert_eq!(look(&broker, &data).await, Plan::Discard { first: 2, last: 3 });
    let connection = broker.connection().await;
    let rows = stores(&connection, &data).rows(2, 3).unwrap();
    let subjects: Vec<_> = rows.iter().map(|row| row.subject.as_str()).collect();
    assert_eq!(subjects, ["customer.registered.b", "customer.registered.c"]);
    assert!(matches!(Aside::of(&data), Err(NotOwner::Locked(_))), "it is in use");
    process.stop();
    let now = protocol::Timestamp::from_micros(1);
    let kept = Aside::of(&data).unwrap().set_aside(now).unwrap();
    assert_eq!(proof::outbox(&kept).len(), 3, "it is kept, whole");
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    assert!(process.knows("a") && process.knows("x") && !process.knows("b"));
    proof::stream_equals_outbox(&broker, &data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_service_has_seen_of_a_fork_is_not_discarded() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    fork(&mut broker, &data);
    let seen = proof::outbox(&data)[2].position();
    publish_witness(&broker, seen).await;
    let promised = Refusal::Promised { witness: service::ORDER, row: 3 };
    assert_eq!(look(&broker, &data).await, Plan::Refuse(promised));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_holds_is_told_as_a_double_loss() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    fork(&mut broker, &data);
    publish_witness(&broker, lost_row(&data, 9)).await;
    let lost = Refusal::TwoStoresLost { witness: service::ORDER, row: 9 };
    assert_eq!(look(&broker, &data).await, Plan::Refuse(lost));
}

/// The choice that is told is tried, too: without its stream the service publishes it anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_message_leaves_a_choice_and_nothing_is_discarded() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    let before = proof::stream(&broker).await;
    inject(&broker).await;
    let foreign = Refusal::Foreign { message: 3, covered: true };
    assert_eq!(look(&broker, &data).await, Plan::Refuse(foreign));
    broker.jetstream().await.delete_stream("CUSTOMER").await.unwrap();
    let process = Process::again(&data, &broker);
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 2);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_of_one_history_need_no_healing() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a", "b"]);
    assert_eq!(look(&broker, &data).await, Plan::Nothing);
}
