//! The breakers, from what the owners do to what `/breakers` tells.

use contracts::service;
use protocol::Service;

use crate::stage::{DETAILS, Stage};
use crate::strange_owner::Manner;

const CUSTOMER: Service = service::CUSTOMER;

#[tokio::test]
async fn a_breaker_opens_spares_the_owner_and_closes_when_it_is_back() {
    let stage = Stage::start().await;
    assert_eq!(stage.breaker(CUSTOMER).await["state"], "closed");
    stage.set(CUSTOMER, Manner::HangsUp);
    let open =
        |answer: &crate::stage::Answer| answer.reason("missing", "customer") == "breaker-open";
    stage.get_until(DETAILS, open).await;
    let breaker = stage.breaker(CUSTOMER).await;
    assert_eq!(breaker["state"], "open");
    assert!(breaker["failures"].as_u64() >= Some(5), "{breaker}");
    assert!(breaker["next_probe_in_ms"].is_u64() && breaker["since"].is_string());
    assert_eq!(stage.breaker(service::PAYMENT).await["state"], "closed");
    let spared = stage.owners[&CUSTOMER].asked();
    stage.heal(CUSTOMER);
    let whole = stage.get_until(DETAILS, |answer| answer.body["complete"] == true).await;
    assert_eq!(whole.body["customer"]["id"], "ann");
    assert!(stage.owners[&CUSTOMER].asked() > spared);
    stage
        .get_until("/breakers", |answer| {
            let all = answer.body.as_array().unwrap();
            all.iter().all(|one| one["state"] != "open")
        })
        .await;
}

#[tokio::test]
async fn an_owner_that_hangs_opens_its_breaker_and_answers_come_at_once_then() {
    let stage = Stage::start().await;
    stage.set(CUSTOMER, Manner::Hangs);
    let answer =
        stage.get_until(DETAILS, |answer| answer.reason("missing", "customer") == "breaker-open");
    let answer = answer.await;
    assert_eq!(answer.body["order"]["order_id"], "o-1");
}

#[tokio::test]
async fn a_client_with_an_impossible_token_opens_nothing() {
    let stage = Stage::start().await;
    stage.set(CUSTOMER, Manner::Hangs);
    for _ in 0..8 {
        let answer = stage.get_after(DETAILS, "CUSTOMER=999999").await;
        assert_eq!(answer.reason("missing", "customer"), "timed-out");
    }
    assert_eq!(stage.breaker(CUSTOMER).await["state"], "closed");
}
