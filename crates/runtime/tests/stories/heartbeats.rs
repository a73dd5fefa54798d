//! What a process says of itself over the broker, for people.

use std::path::Path;

use engine::database;
use futures_util::StreamExt as _;
use protocol::heartbeat::{ALL_SUBJECTS, Heartbeat, ProcessState};
use runtime::async_nats::{self, Subscriber};

use crate::support::broker::Broker;
use crate::support::history::with_customers;
use crate::support::process::Process;
use crate::support::{Folder, WITHIN, proof};

/// Somebody who hears all that is said.
struct Listener(Subscriber);

impl Listener {
    async fn at(broker: &Broker) -> Self {
        let client = async_nats::connect(broker.url()).await.unwrap();
        let subscriber = client.subscribe(ALL_SUBJECTS).await.unwrap();
        client.flush().await.unwrap();
        Self(subscriber)
    }

    /// The next heartbeat that is as wanted.
    async fn until(&mut self, wanted: impl Fn(&Heartbeat) -> bool) -> Heartbeat {
        let heard = async {
            loop {
                let message = self.0.next().await.unwrap();
                assert_eq!(message.subject.as_str(), "customer.heartbeat");
                let beat: Heartbeat = serde_json::from_slice(&message.payload).unwrap();
                if wanted(&beat) {
                    return beat;
                }
            }
        };
        tokio::time::timeout(WITHIN, heard).await.unwrap()
    }

    async fn until_state(&mut self, state: ProcessState) -> Heartbeat {
        self.until(|beat| beat.state == state).await
    }
}

fn nobody_can_read(data: &Path) {
    let file = database::file_in(data, contracts::service::CUSTOMER);
    std::fs::remove_file(file.with_extension("db-wal")).unwrap();
    std::fs::write(&file, vec![7; 64 * 1024]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_says_how_it_is_from_its_start_to_its_end() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut listener = Listener::at(&broker).await;
    let process = Process::first(&data, &broker);
    let ready = listener.until_state(ProcessState::Ready).await;
    assert_eq!((ready.process.as_str(), ready.head), ("customer", Some(0)));
    assert_eq!(process.register("a", &[]).status, 201);
    let all = |beat: &Heartbeat| beat.acknowledged == Some(1) && beat.redundant == Some(true);
    let later = listener.until(all).await;
    assert_eq!((&later.instance, later.since), (&ready.instance, ready.since));
    process.stop();
    let last = listener.until_state(ProcessState::Stopped).await;
    assert_eq!((&last.instance, last.head, last.acknowledged), (&ready.instance, Some(1), Some(1)));
    let again = Process::again(&data, &broker);
    assert_ne!(listener.until_state(ProcessState::Ready).await.instance, ready.instance);
    again.stop();
    assert_eq!(proof::stream(&broker).await.len(), 1, "no stream keeps what is said");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_is_said_with_its_reason_and_its_choices() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    with_customers(&data, &broker, &["a"]);
    nobody_can_read(&data);
    let mut listener = Listener::at(&broker).await;
    let process = Process::again(&data, &broker);
    let said = listener.until_state(ProcessState::Fenced).await;
    assert!(said.reason.unwrap().contains("cannot be read"));
    assert!(!said.choices.is_empty());
    process.stop();
    listener.until_state(ProcessState::Stopped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_broker_was_away_it_is_told_at_once() {
    let (mut broker, folder) = (Broker::start(), Folder::new());
    let process = Process::first(&folder.path().join("customer"), &broker);
    broker.kill();
    process.until_state("alone");
    broker.restart();
    let mut listener = Listener::at(&broker).await;
    listener.until_state(ProcessState::Ready).await;
}
