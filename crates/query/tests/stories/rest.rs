//! The read side over REST.

use std::time::Duration;

use contracts::service;
use query::cache::Cache;
use query::reader::Reader;
use runtime::http::server;
use runtime::shutdown::{StopSender, stop_signal};

use crate::history::{Fate, History, TOTAL};
use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::rest_client::{Answer, get};
use crate::stage::{Running, app, clock, project, shop};

/// The read side over these streams, served.
pub(crate) struct Stage {
    redis: RedisServer,
    pub(crate) streams: Streams,
    pub(crate) running: Running,
    pub(crate) address: String,
    _stop: StopSender,
}

impl Stage {
    pub(crate) async fn over(history: History) -> Self {
        let redis = RedisServer::start().await;
        let streams = Streams::new(history);
        let mut running = project(redis.client(), &streams);
        running.until_folded(&streams).await;
        let reader = Reader::new(&redis.reader(), running.standing.clone()).unwrap();
        let cache = Cache::new(redis.reader(), reader.clone());
        let app = app(reader, cache, clock);
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stopper, stop) = stop_signal(Duration::ZERO);
        tokio::spawn(server::serve(listener, app.routes(), stop));
        Self { redis, streams, running, address, _stop: stopper }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        get(&self.address, path, &[]).await
    }
}

#[tokio::test]
async fn an_order_is_answered_with_its_freshness_and_a_token_of_it() {
    let stage = Stage::over(shop(7)).await;
    let answer = stage.get("/orders/o-0").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["state"], "completed");
    assert_eq!(answer.body["total"]["minor"], TOTAL);
    assert_eq!(answer.body["timeline"][0]["type"], "order.placed");
    assert_eq!(answer.body["timeline"][1]["cause"], "ORDER/1");
    assert_eq!(answer.body["freshness"]["state"], "following");
    let head = stage.streams.history().head(service::ORDER).sequence;
    let token = answer.header("murmur-token").unwrap();
    assert!(token.contains(&format!("ORDER={head}")), "{token}");
}

#[tokio::test]
async fn a_tag_that_the_client_holds_is_answered_without_a_body() {
    let stage = Stage::over(shop(1)).await;
    let tag = stage.get("/orders/o-0").await.header("etag").unwrap().to_owned();
    let again = get(&stage.address, "/orders/o-0", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn the_links_of_a_customers_orders_lead_through_all_of_them() {
    let stage = Stage::over(shop(7)).await;
    let mut path = "/customers/c-1/orders?limit=3".to_owned();
    let mut shown = Vec::new();
    loop {
        let page = stage.get(&path).await;
        assert_eq!((page.status, &page.body["total"]), (200, &7.into()));
        let items = page.body["items"].as_array().unwrap();
        shown.extend(items.iter().map(|item| item["order_id"].as_str().unwrap().to_owned()));
        let Some(link) = page.header("link") else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!(shown, ["o-6", "o-5", "o-4", "o-3", "o-2", "o-1", "o-0"]);
}

#[tokio::test]
async fn the_dashboard_is_answered() {
    let stage = Stage::over(shop(7)).await;
    let answer = stage.get("/dashboard").await;
    assert_eq!((answer.status, &answer.body["orders"]["placed"]), (200, &7.into()));
    assert_eq!(answer.body["orders"]["revenue"][0]["currency"], "GBP");
    assert_eq!(answer.body["sagas"]["oldest_stuck"][0]["next"][0]["service"], "shipping");
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_as_a_problem() {
    let stage = Stage::over(shop(1)).await;
    for (path, status, slug) in [
        ("/orders/o-x", 404, "unknown-order"),
        ("/customers/c-x/orders", 404, "unknown-customer"),
        ("/orders/a.b", 400, "bad-id"),
        ("/customers/c-1/orders?cursor=6f", 400, "bad-cursor"),
        ("/customers/c-1/orders?limit=0", 400, "bad-limit"),
        ("/nowhere", 404, "not-found"),
    ] {
        let answer = stage.get(path).await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (status, &format!("/problems/{slug}").into()),
            "{path}"
        );
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
}

#[tokio::test]
async fn a_read_waits_for_what_its_token_names() {
    let stage = Stage::over(shop(1)).await;
    let head = stage.streams.history().head(service::ORDER).sequence;
    let (address, token) = (stage.address.clone(), format!("ORDER={}", head + 1));
    let asked =
        tokio::spawn(
            async move { get(&address, "/orders/o-new", &[("murmur-token", &token)]).await },
        );
    stage.streams.change(|history| history.order("o-new", Fate::JustPlaced));
    assert_eq!(asked.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_read_that_waited_in_vain_is_told_what_is_missing() {
    let stage = Stage::over(shop(1)).await;
    let answer = get(&stage.address, "/dashboard", &[("murmur-token", "PAYMENT=999")]).await;
    assert_eq!((answer.status, &answer.body["type"]), (504, &"/problems/not-caught-up".into()));
    assert_eq!(answer.body["missing"][0]["stream"], "PAYMENT");
    assert_eq!(answer.body["missing"][0]["wanted"], 999);
}

#[tokio::test]
async fn a_flushed_redis_is_answered_as_rebuilding() {
    let mut stage = Stage::over(shop(3)).await;
    stage.running.end();
    let () = stage.redis.run(&["FLUSHALL"]).await;
    for path in ["/dashboard", "/orders/o-0", "/customers/c-1/orders"] {
        let answer = stage.get(path).await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (503, &"/problems/rebuilding".into()),
            "{path}"
        );
        assert_eq!(answer.body["freshness"]["streams"]["ORDER"]["folded"], 0);
        assert!(answer.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn a_redis_that_is_away_is_told_and_found_again() {
    let mut stage = Stage::over(shop(3)).await;
    stage.redis.kill();
    let answer = stage.get("/orders/o-0").await;
    assert_eq!((answer.status, &answer.body["type"]), (503, &"/problems/redis-away".into()));
    let status = stage.get("/status").await.body;
    assert_eq!((&status["redis"]["state"], &status["redundant"]), (&"away".into(), &false.into()));
    assert!(status["redundant_reason"].is_string(), "{status}");
    stage.redis.restart().await;
    let away =
        |standing: &query::projector_status::ProjectorStatus| standing.phase.name() == "away";
    stage.running.until("the loss", away).await;
    stage.running.until_folded(&stage.streams).await;
    assert_eq!(stage.get("/orders/o-0").await.status, 200);
}

#[tokio::test]
async fn the_standing_is_told_to_people_and_to_whoever_starts_the_process() {
    let stage = Stage::over(shop(3)).await;
    assert_eq!(stage.get("/readyz").await.status, 200);
    assert_eq!(stage.get("/livez").await.status, 200);
    let status = stage.get("/status").await.body;
    assert_eq!((&status["service"], &status["state"]), (&"query".into(), &"ready".into()));
    let head = stage.streams.history().head(service::ORDER).sequence;
    assert_eq!(status["streams"]["ORDER"]["folded"], head);
    assert_eq!(status["streams"]["ORDER"]["last"], head);
    assert_eq!(status["redis"]["state"], "connected");
    assert_eq!(status["redis"]["parked"], 0);
}

#[tokio::test]
async fn a_read_model_that_follows_all_streams_is_redundant() {
    let stage = Stage::over(shop(3)).await;
    assert_eq!(stage.get("/readyz").await.body["redundant"], serde_json::Value::Null);
    let verbose = stage.get("/readyz?verbose").await;
    assert_eq!((verbose.status, &verbose.body["redundant"]), (200, &true.into()), "{verbose:?}");
    assert_eq!(stage.get("/status").await.body["redundant"], true);
}
