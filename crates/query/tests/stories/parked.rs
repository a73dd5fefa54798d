//! Events that no build can fold, and that this build panics over: the rest goes on, each is told with its reason,
//! dropped by a person, and folded by a build that can.

use std::process::{Child, Stdio};
use std::time::Instant;

use contracts::service;
use protocol::Chain;
use serde_json::{Value, json};

use crate::history::History;
use crate::nats_server::NatsServer;
use crate::process::{command, free_address};
use crate::redis_server::RedisServer;
use crate::rest_client::{get, post, try_get};
use crate::stage::{SOON, shop};

/// A query process; it ends with this value.
struct Process {
    child: Child,
    address: String,
}

/// Two rows over which the fold panics: one of many in a batch, and one of no order.
const POISON: &str = "fold-event=panic@PAYMENT/1,fold-event=panic@CUSTOMER/1";

impl Process {
    /// One that is ready.
    async fn start(redis: &RedisServer, nats: &NatsServer, failpoints: Option<&str>) -> Self {
        let address = free_address();
        let mut command = command(&redis.url(), &nats.url(), &address);
        command.stderr(Stdio::null());
        command.envs(failpoints.map(|points| (runtime::failpoint::VARIABLE, points)));
        let process = Self { child: command.spawn().unwrap(), address };
        process.until("/readyz", |_, status| status == 200).await;
        process
    }

    async fn until(&self, path: &str, reached: impl Fn(&Value, u16) -> bool) {
        let deadline = Instant::now() + SOON;
        loop {
            let answer = try_get(&self.address, path, &[]).await;
            if answer.as_ref().is_some_and(|answer| reached(&answer.body, answer.status)) {
                return;
            }
            assert!(Instant::now() < deadline, "{path} does not come to that: {answer:?}");
            tokio::task::yield_now().await;
        }
    }

    async fn get(&self, path: &str) -> Value {
        get(&self.address, path, &[]).await.body
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn names(parked: &Value) -> Vec<String> {
    let items = parked["items"].as_array().unwrap();
    let name = |item: &Value| format!("{}/{}", item["stream"].as_str().unwrap(), item["sequence"]);
    items.iter().map(name).collect()
}

#[tokio::test]
async fn rows_over_which_the_fold_panics_are_parked_after_some_attempts_and_the_rest_is_folded() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start().await);
    nats.publish(&shop(70)).await;
    let process = Process::start(&redis, &nats, Some(POISON)).await;
    let parked = process.get("/parked").await;
    assert_eq!(names(&parked), ["CUSTOMER/1", "PAYMENT/1"]);
    assert_eq!(parked["open"], 2);
    let one = process.get("/parked/PAYMENT/1").await;
    assert_eq!((&one["attempts"], &one["subject"]), (&3.into(), &"payment.charged.o-0".into()));
    let reason = one["reason"].as_str().unwrap();
    assert!(reason.starts_with("folding it panics: failpoint fold-event"), "{reason}");
    assert!(one["time"].is_string() && one["dropped"].is_null(), "{one}");
    // What comes before it, after it and beside it is folded.
    assert_eq!(process.get("/orders/o-0").await["state"], "completed");
    assert_eq!(process.get("/orders/o-0").await["payment"]["charged"], Value::Null);
    assert_eq!(process.get("/orders/o-63").await["payment"]["state"], "charged");
    assert_eq!(process.get("/dashboard").await["orders"]["placed"], 70);
    process.until("/search?q=Customer", |found, _| found["skipped"] == 1).await;
    let status = process.get("/status").await;
    assert_eq!((&status["state"], &status["redis"]["parked"]), (&"ready".into(), &2.into()));
    let metrics = |text: &str| text.contains("murmur_query_parked_open 2");
    let deadline = Instant::now() + SOON;
    while !metrics(&get(&process.address, "/metrics", &[]).await.text) {
        assert!(Instant::now() < deadline, "it is not counted");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_parked_event_is_dropped_with_a_reason_and_counts_no_longer() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start().await);
    nats.publish(&unreadable(7)).await;
    let process = Process::start(&redis, &nats, None).await;
    assert_eq!(process.get("/dashboard").await["parked"], 1);
    let drop = |path: &str, why: &str| {
        let (address, path) = (process.address.clone(), format!("/parked/{path}/drop"));
        let body = json!({ "why": why });
        async move { post(&address, &path, &body).await }
    };
    assert_eq!(drop("SHIPPING/2", "x").await.status, 404);
    assert_eq!(drop("SHIPPING/1", "").await.status, 400);
    let dropped = drop("SHIPPING/1", "written by hand").await;
    assert_eq!((dropped.status, &dropped.body["dropped"]["why"]), (200, &"written by hand".into()));
    assert!(dropped.body["dropped"]["at"].is_string());
    // What was said first stays.
    assert_eq!(drop("SHIPPING/1", "again").await.body["dropped"]["why"], "written by hand");
    let parked = process.get("/parked").await;
    assert_eq!((&parked["open"], names(&parked)), (&0.into(), vec!["SHIPPING/1".to_owned()]));
    assert_eq!(process.get("/status").await["redis"]["parked"], 0);
    process.until("/dashboard", |dashboard, _| dashboard["parked"] == 0).await;
    assert_eq!(get(&process.address, "/parked/ORDER/1", &[]).await.status, 404);
    assert_eq!(get(&process.address, "/parked?generation=v1-1", &[]).await.status, 404);
}

#[tokio::test]
async fn a_build_that_can_folds_it_in_another_generation_and_a_drop_holds_there_too() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start().await);
    let mut history = shop(7);
    make_unreadable(&mut history);
    nats.publish(&history).await;
    let poisoned = Process::start(&redis, &nats, Some("fold-event=panic@PAYMENT/1")).await;
    assert_eq!(names(&poisoned.get("/parked").await), ["PAYMENT/1", "SHIPPING/1"]);
    let path = "/parked/SHIPPING/1/drop";
    assert_eq!(post(&poisoned.address, path, &json!({ "why": "known" })).await.status, 200);
    drop(poisoned);

    let process = Process::start(&redis, &nats, None).await;
    assert_eq!(process.get("/parked").await["open"], 1, "what was parked stays parked");
    let begun = post(&process.address, "/generations", &json!({})).await.body["id"].clone();
    let next = begun.as_str().unwrap();
    process.until("/generations", |all, _| all["next"]["built"] == true).await;
    let parked = process.get(&format!("/parked?generation={next}")).await;
    assert_eq!((names(&parked), &parked["open"]), (vec!["SHIPPING/1".to_owned()], &0.into()));
    assert_eq!(parked["items"][0]["dropped"]["why"], "known");
    let activate = format!("/generations/{next}/activate");
    assert_eq!(post(&process.address, &activate, &json!({})).await.status, 200);
    process.until("/orders/o-0", |order, _| order["payment"]["state"] == "charged").await;
}

/// A shop in which no build understands the first shipment.
fn unreadable(orders: usize) -> History {
    let mut history = shop(orders);
    make_unreadable(&mut history);
    history
}

fn make_unreadable(history: &mut History) {
    let rows = history.rows.get_mut(&service::SHIPPING).unwrap();
    rows[0].headers = rows[0].headers.replace(".v1", ".v9");
    let mut chain = Chain::START;
    for row in rows {
        chain = chain.next(&row.subject, &row.headers, &row.payload);
        row.chain = chain;
    }
}
