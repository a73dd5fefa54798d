//! What is found, and what is said while it cannot be found yet.

use std::time::Duration;

use contracts::events::{Customer, Line, Product};
use contracts::{Event, service};
use query::cache::Cache;
use query::projector_status::ProjectorStatus;
use query::reader::Reader;
use query::search::{STREAMS, Search, follower};
use query::sources::feed::Feed;
use runtime::http::server::{self, Routes};
use runtime::shutdown::{StopSender, stop_signal};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::history::{Fate, History, customer, gbp, id};
use crate::memory::Streams;
use crate::rest_client::{Answer, get};
use crate::stage::{app_with, clock};

pub(crate) struct Stage {
    streams: Streams,
    pub(crate) address: String,
    following: Option<JoinHandle<()>>,
    _stop: StopSender,
}

impl Stage {
    /// A search over these streams that has seen all of them.
    pub(crate) async fn over(history: History) -> Self {
        let mut stage = Self::before(history).await;
        stage.seen("/search?q=anything").await;
        stage
    }

    async fn before(history: History) -> Self {
        let streams = Streams::new(history);
        let search = Search::new().unwrap();
        let alone = Feed::of(&STREAMS);
        let following = tokio::spawn(follower::run(streams.source(), alone, search.clone()));
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stopper, stop) = stop_signal(Duration::ZERO);
        tokio::spawn(server::serve(listener, routes(search), stop));
        Self { streams, address, following: Some(following), _stop: stopper }
    }

    /// Asks once everything that the streams hold by now has been seen.
    pub(crate) async fn seen(&mut self, path: &str) -> Answer {
        let history = self.streams.history();
        let streams = [service::CUSTOMER, service::PRODUCT, service::ORDER];
        let token = streams.map(|of| format!("{}={}", of.stream(), history.head(of).sequence));
        let answer = get(&self.address, path, &[("murmur-token", &token.join(","))]).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer
    }

    async fn found(&mut self, query: &str) -> Vec<String> {
        ids(&self.seen(&format!("/search?{query}")).await.body)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.following.iter().for_each(JoinHandle::abort);
    }
}

/// All queries, of which only the search can answer: it has an index of its own, and asks no Redis.
fn routes(search: Search) -> Routes {
    let redis = query::store::client("redis://127.0.0.1:1").unwrap();
    let (_, standing) = watch::channel(ProjectorStatus::default());
    let reader = Reader::new(&redis, standing).unwrap();
    app_with(reader.clone(), Cache::new(redis, reader), search, clock).routes()
}

fn ids(body: &Value) -> Vec<String> {
    let items = body["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn named(who: &str, name: &str, country: &str) -> Customer {
    let mut customer = customer(who);
    name.clone_into(&mut customer.name);
    country.clone_into(&mut customer.address.country);
    customer
}

fn listed(history: &mut History, sku: &str, name: &str) {
    let (sku, name) = (id(sku), name.to_owned());
    let product = Product { sku, name, price: gbp(100), discontinued: false };
    history.command(Event::ProductListed(product));
}

fn line(sku: &str) -> Line {
    Line { sku: id(sku), name: "in the order".into(), quantity: 1, unit_price: gbp(100) }
}

fn market() -> History {
    let mut history = History::begin(1);
    listed(&mut history, "85123A", "WHITE HANGING HEART T-LIGHT HOLDER");
    listed(&mut history, "71053", "White Metal Lantern");
    listed(&mut history, "84029G", "Knitted Union Flag Hot Water Bottle");
    let (ann, bea) = (named("c-1", "Ann Lantry", "Norway"), named("c-2", "Béatrice Dûr", "France"));
    for buyer in [&ann, &bea] {
        history.command(Event::CustomerRegistered(buyer.clone()));
    }
    history.sell("536365", &ann, "2026-01-10", &[line("71053")]);
    history.sell("536366", &bea, "2026-01-20", &[line("84029G")]);
    history.order("o-waits", Fate::JustPlaced);
    history
}

#[tokio::test]
async fn words_are_found_by_their_beginnings_in_any_order_and_case() {
    let mut stage = Stage::over(market()).await;
    assert_eq!(stage.found("q=lantern").await, ["71053"]);
    assert_eq!(stage.found("q=METAL%20whi").await, ["71053"]);
    assert_eq!(stage.found("q=white").await, ["71053", "85123A"]);
    assert_eq!(stage.found("q=beatrice").await, ["c-2", "536366"]);
    assert_eq!(stage.found("q=norw%20ann").await, ["c-1", "536365"]);
    assert!(stage.found("q=white%20bottle").await.is_empty());
}

#[tokio::test]
async fn what_has_the_very_id_comes_first_and_orders_are_found_by_what_is_in_them() {
    let mut stage = Stage::over(market()).await;
    assert_eq!(stage.found("q=71053").await, ["71053", "536365"]);
    assert_eq!(stage.found("q=536365").await, ["536365"]);
    assert_eq!(stage.found("q=5363").await, ["536366", "536365"]);
    assert_eq!(stage.found("q=c-1&kind=customers").await[0], "c-1");
}

#[tokio::test]
async fn a_slip_of_the_pen_is_forgiven_and_said() {
    let mut stage = Stage::over(market()).await;
    for (typed, found) in [
        ("lantren", "71053"),
        ("latnern", "71053"),
        ("lanern", "71053"),
        ("hodler", "85123A"),
        ("knittd%20botle", "84029G"),
        ("ligth", "85123A"),
    ] {
        let answer = stage.seen(&format!("/search?q={typed}&kind=products")).await.body;
        assert_eq!(ids(&answer), [found], "{typed}");
        assert_eq!(answer["items"][0]["because"], "meant");
        assert!(!answer["meant"].as_array().unwrap().is_empty());
    }
    // What is right needs no forgiving, and nothing else is offered for it.
    let right = stage.seen("/search?q=lant").await.body;
    assert_eq!(ids(&right), ["c-1", "71053", "536365"]);
    assert_eq!(right["meant"].as_array().unwrap().len(), 0);
    assert!(stage.found("q=536364").await.is_empty());
}

#[tokio::test]
async fn a_name_is_found_in_whichever_form_it_is_stored_and_asked_for() {
    let mut history = History::begin(1);
    let stored = [
        "Café Noir",
        "Cafe\u{301} Blanc",
        "Ｃａｆé",
        "Straße",
        "Σίσυφος",
        "İstanbul",
        "ﬁne",
        "か\u{3099}く",
    ];
    for (nth, name) in stored.iter().enumerate() {
        history.command(Event::CustomerRegistered(named(&format!("c-{nth}"), name, "")));
    }
    let mut stage = Stage::over(history).await;
    let cafes = ["c-2", "c-1", "c-0"];
    for asked in
        ["Café", "Cafe\u{301}", "cafe", "CAFÉ", "ｃａｆé", "caf", "ca\u{ad}f", "Caf\u{200b}é"]
    {
        assert_eq!(stage.found(&format!("q={}", encoded(asked))).await, cafes, "{asked}");
    }
    for (asked, found) in [
        ("STRASSE", "c-3"),
        ("straß", "c-3"),
        ("ΣΊΣΥΦΟΣ", "c-4"),
        ("σισυφοσ", "c-4"),
        ("istanbul", "c-5"),
        ("FINE", "c-6"),
        ("がく", "c-7"),
        ("Ｃ-７", "c-7"),
        ("ｃ-７", "c-7"),
        ("Cafe\u{301} Nior", "c-0"),
    ] {
        let answer = stage.seen(&format!("/search?q={}", encoded(asked))).await;
        crate::schema::check(query::http::operations::document().value(), "/search", &answer.body);
        assert_eq!(ids(&answer.body), [found], "{asked}: {}", answer.text);
    }
    let slip = stage.seen(&format!("/search?q={}", encoded("Strase\u{301}"))).await.body;
    assert_eq!((ids(&slip), &slip["meant"][0]), (vec!["c-3".to_owned()], &"strasse".into()));
}

#[tokio::test]
async fn an_id_that_is_no_word_is_found_by_itself_and_a_search_may_find_nothing() {
    let mut history = market();
    history.command(Event::CustomerRegistered(named("--", "Dash", "")));
    let mut stage = Stage::over(history).await;
    assert_eq!(stage.found("q=--").await, ["--"]);
    let nothing = stage.seen("/search?q=zzzzzzzz").await.body;
    crate::schema::check(query::http::operations::document().value(), "/search", &nothing);
    assert_eq!((ids(&nothing).len(), &nothing["next"]), (0, &Value::Null));
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn what_is_found_can_be_narrowed_by_kind_state_and_date() {
    let mut stage = Stage::over(market()).await;
    assert_eq!(stage.found("q=5363&from=2026-01-15").await, ["536366"]);
    assert_eq!(stage.found("q=5363&to=2026-01-15&state=completed").await, ["536365"]);
    assert!(stage.found("q=5363&state=placed").await.is_empty());
    assert_eq!(stage.found("q=customer&state=placed").await, ["o-waits"]);
    let reserved = contracts::events::order::EndReason::Requested;
    stage.streams.change(|history| {
        history.end("o-waits", reserved, protocol::Cause::Command("cancel".into()));
    });
    assert_eq!(stage.found("q=customer&state=cancelled").await, ["o-waits"]);
}

#[tokio::test]
async fn a_new_name_is_found_and_the_old_one_no_more() {
    let mut stage = Stage::over(market()).await;
    stage.streams.change(|history| {
        let renamed = named("c-1", "Ann Married", "Norway");
        history.command(Event::CustomerChanged(renamed));
    });
    assert_eq!(stage.found("q=married").await, ["c-1"]);
    assert!(stage.found("q=lantry&kind=customers").await.is_empty());
}

#[tokio::test]
async fn the_pages_show_each_thing_once_while_more_comes_in() {
    let mut history = market();
    for nth in 0..25 {
        history.order(&format!("o-{nth}"), Fate::JustPlaced);
    }
    let mut stage = Stage::over(history).await;
    let mut path = "/search?q=customer&kind=orders&limit=7".to_owned();
    let mut shown = Vec::new();
    loop {
        let page = stage.seen(&path).await;
        shown.extend(ids(&page.body));
        stage
            .streams
            .change(|history| history.order(&format!("new-{}", shown.len()), Fate::JustPlaced));
        let Some(link) = page.header("link") else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    let expected: Vec<_> = (0..25).rev().map(|nth| format!("o-{nth}")).collect();
    assert_eq!(shown[..25], expected[..]);
    assert_eq!(shown[25..], ["o-waits"]);
}

#[tokio::test]
async fn an_answer_says_how_far_the_index_has_come_and_a_token_of_more_is_not_met() {
    let mut stage = Stage::over(market()).await;
    let answer = stage.seen("/search?q=ann").await;
    assert_eq!(answer.body["freshness"]["state"], "following");
    assert_eq!(answer.body["freshness"]["streams"]["PRODUCT"]["folded"], 3);
    assert!(answer.body["freshness"]["streams"]["PAYMENT"].is_null());
    assert_eq!(answer.body["skipped"], 0);
    // Of streams that say nothing here, nothing is waited for.
    let other = get(&stage.address, "/search?q=ann", &[("murmur-token", "PAYMENT=99999")]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn a_search_that_has_read_nothing_yet_says_that_it_is_being_built() {
    let mut stage = Stage::before(market()).await;
    stage.following.take().unwrap().abort();
    let search = Search::new().unwrap();
    let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (_stopper, stop) = stop_signal(Duration::ZERO);
    tokio::spawn(server::serve(listener, routes(search), stop));
    let answer = get(&address, "/search?q=lantern", &[]).await;
    assert_eq!((answer.status, ids(&answer.body).len()), (200, 0));
    assert_eq!(answer.body["freshness"]["state"], "rebuilding");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_with_what_is_wrong() {
    let stage = Stage::over(market()).await;
    for (query, slug) in [
        ("", "bad-query"),
        ("q=", "bad-query"),
        ("q=a&kind=cats", "bad-query"),
        ("q=a&state=lost", "bad-query"),
        ("q=a&from=yesterday", "bad-query"),
        ("q=a&from=2026-02-01&to=2026-01-31", "bad-query"),
        ("q=a&sate=placed", "bad-query"),
        ("q=a&cursor=6f", "bad-cursor"),
        ("q=a&limit=0", "bad-limit"),
    ] {
        let answer = get(&stage.address, &format!("/search?{query}"), &[]).await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (400, &format!("/problems/{slug}").into()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn signs_that_mean_something_to_the_index_mean_nothing_here() {
    let mut stage = Stage::over(market()).await;
    for query in [
        "q=%22",
        "q=*",
        "q=-",
        "q=a%20OR%20%22",
        "q=(%29%20NEAR",
        "q=%27%3B--",
        "q=e%CC%81x%F0%9E%A4%80y",
    ] {
        stage.found(query).await;
    }
    assert_eq!(stage.found("q=%22lantern%22*").await, ["71053"]);
}
