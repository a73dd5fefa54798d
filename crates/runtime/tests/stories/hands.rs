//! Hands from outside: somebody else writes into the stream, or changes it.

use std::time::{Duration, Instant};

use contracts::service;
use futures_util::StreamExt as _;
use runtime::async_nats::jetstream::stream::{Config, DiscardPolicy};
use runtime::nats::{streams, wire};

use crate::support::broker::Broker;
use crate::support::history::inject;
use crate::support::process::Process;
use crate::support::{Folder, proof};

async fn configuration(broker: &Broker) -> Config {
    let stream = broker.jetstream().await.get_stream("CUSTOMER").await.unwrap();
    stream.cached_info().config.clone()
}

async fn configure(broker: &Broker, config: &Config) {
    broker.jetstream().await.update_stream(config).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_message_ends_an_idle_process_and_fences_the_next_start() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    inject(&broker).await;
    assert!(!process.ended().success());
    assert!(process.log().contains("the process ends"), "{}", process.log());
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert_eq!(status["head"], 1, "nothing foreign is taken over");
    assert_eq!(process.register("b", &[]).body["type"], "/problems/fenced");
}

/// The command's own row can never get the number that the foreign message has. It is committed here
/// all the same: nothing can be said of its outcome, and that is said at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_after_a_foreign_message_is_not_answered_as_replicated() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    inject(&broker).await;
    let asked = Instant::now();
    let reply = process.register("b", &[]);
    assert_eq!(
        (reply.status, &reply.body["type"]),
        (503, &"/problems/outcome-unknown".into()),
        "{reply:?}"
    );
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert!(!process.ended().success());
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    assert_eq!(status["head"], 2, "what was committed is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_drops_messages_ends_the_process_and_the_next_start_rebuilds_the_stream() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    for id in ["a", "b", "c"] {
        assert_eq!(process.register(id, &[]).status, 201);
    }
    let before = proof::stream_equals_outbox(&broker, &data).await;
    let (max_messages, discard) = (1, DiscardPolicy::Old);
    let config = Config { max_messages, discard, ..configuration(&broker).await };
    configure(&broker, &config).await;
    assert!(!process.ended().success());
    assert!(process.log().contains("the stream has lost messages"), "{}", process.log());
    let process = Process::again(&data, &broker);
    process.until("rebuilt", |s| s["state"] == "ready" && s["acknowledged"] == 3);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_has_dropped_nothing_yet_is_taken_away_by_the_next_start() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    process.stop();
    let wanted = configuration(&broker).await;
    configure(&broker, &Config { max_messages: 1_000, ..wanted.clone() }).await;
    let process = Process::again(&data, &broker);
    process.until_state("ready");
    let found = configuration(&broker).await;
    assert_eq!((found.max_messages, found.discard), (wanted.max_messages, wanted.discard));
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_refuses_to_purge_and_to_allow_it() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    let context = broker.jetstream().await;
    assert!(context.get_stream("CUSTOMER").await.unwrap().purge().await.is_err());
    let allowed = Config { deny_purge: false, ..configuration(&broker).await };
    assert!(context.update_stream(&allowed).await.is_err());
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await.len(), 1);
}

/// The stream takes nothing any more, and somebody answers in its place.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_that_the_broker_never_gave_is_noticed_and_what_it_was_for_is_published()
{
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let mut process = Process::first(&data, &broker);
    assert_eq!(process.register("a", &[]).status, 201);
    let elsewhere =
        Config { subjects: vec!["elsewhere".to_owned()], ..configuration(&broker).await };
    configure(&broker, &elsewhere).await;
    let liar = runtime::async_nats::connect(broker.url()).await.unwrap();
    let mut published = liar.subscribe("customer.registered.*").await.unwrap();
    liar.flush().await.unwrap();
    let lying = tokio::spawn(async move {
        let reply = published.next().await.unwrap().reply.unwrap();
        liar.publish(reply, r#"{"stream":"CUSTOMER","seq":2}"#.into()).await.unwrap();
        liar.flush().await.unwrap();
    });
    process.register("b", &[]);
    lying.await.unwrap();
    assert!(!process.ended().success());
    let process = Process::again(&data, &broker);
    process.until("published", |s| s["state"] == "ready" && s["acknowledged"] == 2);
    assert_eq!(proof::stream_equals_outbox(&broker, &data).await.len(), 2);
}

/// All but the content of one message is as it was: its chain, its number, and what follows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_stream_of_which_a_message_was_edited_is_not_deleted() {
    let (broker, folder) = (Broker::start(), Folder::new());
    let data = folder.path().join("customer");
    let process = Process::first(&data, &broker);
    for id in ["a", "b", "c", "d"] {
        assert_eq!(process.register(id, &[]).status, 201);
    }
    process.stop();
    let mut rows = proof::stream_equals_outbox(&broker, &data).await;
    rows[2].payload = b"{}".as_slice().into();
    let context = broker.jetstream().await;
    context.delete_stream("CUSTOMER").await.unwrap();
    streams::create(&context, &streams::wanted(service::CUSTOMER, 1)).await.unwrap();
    for row in rows {
        let (headers, payload) = (wire::headers_of(&row), row.payload.to_vec().into());
        let publishing = context.publish_with_headers(row.subject, headers, payload).await;
        publishing.unwrap().await.unwrap();
    }
    let (max_messages, discard) = (2, DiscardPolicy::Old);
    let config = Config { max_messages, discard, ..configuration(&broker).await };
    configure(&broker, &config).await;
    let process = Process::again(&data, &broker);
    let status = process.until_state("fenced");
    let reason = status["reason"].as_str().unwrap();
    assert!(reason.contains("message 3 does not equal row 3"), "{reason}");
    let stream = context.get_stream("CUSTOMER").await.unwrap();
    assert_eq!(stream.cached_info().state.messages, 2, "nothing is touched");
}
