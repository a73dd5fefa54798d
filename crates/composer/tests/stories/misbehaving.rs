//! One owner is down, slow, or answers nonsense: the answer comes in time, and says what is missing.

use contracts::service;

use crate::stage::{DETAILS, Stage};
use crate::strange_owner::{Manner, response};

/// The customer owner behaves like this: the answer is partial, for this reason.
async fn partial(manner: Manner, reason: &str) {
    let stage = Stage::start().await;
    stage.set(service::CUSTOMER, manner);
    let answer = stage.get(DETAILS).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["complete"], false);
    assert!(answer.body["customer"].is_null());
    assert_eq!(answer.body["order"]["order_id"], "o-1");
    assert_eq!(answer.reason("missing", "customer"), reason);
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn an_owner_that_hangs_up_is_unreachable() {
    partial(Manner::HangsUp, "unreachable").await;
}

#[tokio::test]
async fn an_owner_that_never_answers_is_left_behind_at_the_deadline() {
    partial(Manner::Hangs, "timed-out").await;
}

#[tokio::test]
async fn an_owner_that_never_finishes_is_left_behind_at_the_deadline() {
    partial(Manner::Trickles, "timed-out").await;
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_its_end() {
    partial(Manner::Floods, "nonsense").await;
}

#[tokio::test]
async fn half_a_json_is_nonsense() {
    partial(Manner::Says(response("200 OK", "application/json", r#"{"id":"ann""#)), "nonsense")
        .await;
}

#[tokio::test]
async fn json_that_is_no_object_is_nonsense() {
    partial(Manner::Says(response("200 OK", "application/json", "[1]")), "nonsense").await;
}

#[tokio::test]
async fn somebody_elses_customer_is_nonsense() {
    let body = r#"{"id":"bob"}"#;
    partial(Manner::Says(response("200 OK", "application/json", body)), "nonsense").await;
}

#[tokio::test]
async fn a_web_page_is_nonsense() {
    partial(Manner::Says(response("200 OK", "text/html", r#"{"id":"ann"}"#)), "nonsense").await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere =
        b"HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n";
    partial(Manner::Says(elsewhere.to_vec()), "nonsense").await;
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    partial(Manner::Says(b"+PONG\r\n".to_vec()), "unreachable").await;
}

#[tokio::test]
async fn a_failing_owner_is_asked_again_and_not_for_ever() {
    let stage = Stage::start().await;
    let broken = response("500 Internal Server Error", "application/problem+json", "{}");
    stage.set(service::CUSTOMER, Manner::Says(broken));
    let answer = stage.get(DETAILS).await;
    assert_eq!(answer.reason("missing", "customer"), "failed");
    let asked = stage.owners[&service::CUSTOMER].asked();
    assert!((2..=3).contains(&asked), "asked {asked} times");
}

#[tokio::test]
async fn what_was_known_before_is_told_with_its_age() {
    let stage = Stage::start().await;
    assert_eq!(stage.get(DETAILS).await.body["complete"], true);
    stage.set(service::CUSTOMER, Manner::Hangs);
    let answer = stage.get(DETAILS).await;
    assert_eq!((answer.status.as_u16(), &answer.body["complete"]), (200, &false.into()));
    assert_eq!(answer.body["customer"]["id"], "ann");
    assert_eq!(answer.reason("stale", "customer"), "timed-out");
    assert!(answer.body["stale"][0]["age_ms"].as_u64().unwrap() > 0);
    assert!(!answer.headers["murmur-token"].to_str().unwrap().contains("CUSTOMER"));
}

#[tokio::test]
async fn without_the_order_service_the_others_still_tell_what_they_know() {
    let stage = Stage::start().await;
    stage.set(service::ORDER, Manner::Hangs);
    let partial = stage.get(DETAILS).await;
    assert_eq!((partial.status.as_u16(), &partial.body["complete"]), (200, &false.into()));
    assert_eq!(partial.reason("missing", "order"), "timed-out");
    assert_eq!(partial.reason("missing", "customer"), "not-asked");
    assert_eq!(partial.body["charge"]["state"], "charged");
}

#[tokio::test]
async fn a_hanging_order_service_leaves_time_to_ask_for_the_customer_of_the_order_as_it_was() {
    let stage = Stage::start().await;
    stage.get(DETAILS).await;
    stage.set(service::ORDER, Manner::Hangs);
    let before = stage.owners[&service::CUSTOMER].asked();
    let answer = stage.get(DETAILS).await;
    assert_eq!(answer.reason("stale", "order"), "timed-out");
    assert_eq!(stage.owners[&service::CUSTOMER].asked(), before + 1);
}

#[tokio::test]
async fn when_nobody_knows_anything_the_answer_says_so() {
    let stage = Stage::start().await;
    for service in service::ALL {
        stage.set(service, Manner::HangsUp);
    }
    let away = stage.get(DETAILS).await;
    assert_eq!((away.status.as_u16(), &away.body["type"]), (503, &"/problems/owners-away".into()));
    assert_eq!(stage.get("/customers/ann/overview").await.status, 503);
    let stage = Stage::start().await;
    for service in service::ALL {
        stage.set(service, Manner::Hangs);
    }
    let late = stage.get(DETAILS).await;
    assert_eq!((late.status.as_u16(), &late.body["type"]), (504, &"/problems/owners-late".into()));
    assert_eq!(late.headers["retry-after"], "1");
}
