//! What is answered while all owners work.

use contracts::service;

use crate::stage::{DETAILS, Stage};
use crate::strange_owner::{Manner, response};

#[tokio::test]
async fn an_order_is_joined_with_all_that_belongs_to_it() {
    let stage = Stage::start().await;
    let answer = stage.get(DETAILS).await;
    let body = &answer.body;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(body["complete"], true, "{body}");
    assert_eq!(body["order"]["state"], "completed");
    assert_eq!(body["customer"]["id"], "ann");
    let skus: Vec<_> = body["products"].as_array().unwrap().iter().map(|one| &one["sku"]).collect();
    assert_eq!(skus, ["mug", "cup"]);
    for part in ["charge", "reservation", "shipment"] {
        assert_eq!(body[part]["order_id"], "o-1", "{part}");
    }
    assert_eq!(answer.headers["murmur-token"], "CUSTOMER=3,ORDER=7,PRODUCT=5");
}

#[tokio::test]
async fn an_unknown_order_is_not_found_and_what_has_not_happened_yet_is_not_missing() {
    let stage = Stage::start().await;
    let unknown = stage.get("/order-details/o-2").await;
    assert_eq!(
        (unknown.status.as_u16(), &unknown.body["type"]),
        (404, &"/problems/unknown-order".into())
    );
    stage.set(service::SHIPPING, Manner::Answers([].into()));
    let early = stage.get(DETAILS).await;
    assert_eq!((early.status.as_u16(), &early.body["complete"]), (200, &true.into()));
    assert!(early.body["shipment"].is_null());
    assert_eq!(stage.get("/order-details/no.id").await.status, 400);
}

#[tokio::test]
async fn the_token_goes_to_the_owners_and_comes_back_as_far_as_it_was_heeded() {
    let stage = Stage::start().await;
    let token = "CUSTOMER=9,SHIPPING=8";
    let answer = stage.get_after(DETAILS, token).await;
    assert_eq!(stage.owners[&service::CUSTOMER].token().as_deref(), Some(token));
    assert_eq!(answer.headers["murmur-token"], "CUSTOMER=9,ORDER=7,PRODUCT=5,SHIPPING=8");
    stage.set(service::CUSTOMER, Manner::HangsUp);
    let answer = stage.get_after(DETAILS, "CUSTOMER=10").await;
    assert_eq!(answer.headers["murmur-token"], "ORDER=7,PRODUCT=5");
}

#[tokio::test]
async fn an_overview_pages_and_filters_at_the_source() {
    let stage = Stage::start().await;
    let answer = stage.get("/customers/ann/overview?limit=1").await;
    assert_eq!((answer.status.as_u16(), &answer.body["complete"]), (200, &true.into()));
    assert_eq!(answer.body["orders"]["items"][0]["order_id"], "o-1");
    assert_eq!(answer.body["account"]["customer_id"], "ann");
    let next = "</customers/ann/overview?limit=1&cursor=6f2d31>; rel=\"next\"";
    assert_eq!(answer.headers["link"], next);
    let last = stage.get("/customers/ann/overview?state=placed&limit=1&cursor=6f2d31").await;
    assert_eq!(last.body["orders"]["items"], serde_json::json!([]));
    assert!(last.headers.get("link").is_none());
    assert_eq!(stage.get("/customers/bob/overview").await.status, 404);
}

#[tokio::test]
async fn what_the_order_service_refuses_is_refused() {
    let stage = Stage::start().await;
    let problem =
        r#"{"type":"/problems/bad-state","title":"No","detail":"use placed","status":400}"#;
    let refusal = response("400 Bad Request", "application/problem+json", problem);
    stage.set(service::ORDER, Manner::Says(refusal));
    let answer = stage.get("/customers/ann/overview?state=unheard_of").await;
    assert_eq!((answer.status.as_u16(), &answer.body["detail"]), (400, &"use placed".into()));
    for wrong in ["?limit=0", "?cursor=x", "?state=a%26b", "?state="] {
        assert_eq!(stage.get(&format!("/customers/ann/overview{wrong}")).await.status, 400);
    }
}

#[tokio::test]
async fn owners_are_asked_with_the_token_of_who_asks_and_never_with_another() {
    let stage = Stage::start().await;
    assert_eq!(stage.get(DETAILS).await.status, 200);
    assert!(stage.owners.values().all(|owner| owner.authorization().is_none()));
    for bearer in ["Bearer of-ann", "Bearer of-bob"] {
        assert_eq!(stage.get_with(DETAILS, &[("authorization", bearer)]).await.status, 200);
        let path = "/customers/ann/overview?limit=1";
        let overview = stage.get_with(path, &[("authorization", bearer)]).await;
        assert_eq!(overview.status, 200);
        for (service, owner) in &stage.owners {
            assert_eq!(owner.authorization().as_deref(), Some(bearer), "{service}");
        }
    }
    let refusal = response(
        "403 Forbidden",
        "application/problem+json",
        "{\"type\":\"/problems/missing-scope\"}",
    );
    stage.set(service::PAYMENT, Manner::Says(refusal));
    let partial = stage.get_with(DETAILS, &[("authorization", "Bearer of-bob")]).await;
    assert_eq!(partial.reason("missing", "payment"), "refused");
    assert!(partial.body["charge"].is_null(), "what was told another is not told this one");
}
