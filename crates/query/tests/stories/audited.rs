//! What a generation holds, compared with the auditor's own fold of the same rows: whatever a hand
//! edits is found, and what is only being folded is not.

use std::collections::BTreeMap;

use auditor::records::{Comparison, Page};
use auditor::{Finding, Intake};
use contracts::events::inventory::Stocked;
use contracts::events::{Line, order};
use contracts::{Event, service};
use protocol::Cause;
use query::generations::records;
use query::keys::{self, Generation};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

use crate::history::{Fate, History, customer, gbp, id};
use crate::memory::Streams;
use crate::redis_server::RedisServer;
use crate::stage::{Running, add_orders, project, shop};

/// More than a page of records holds of one index.
const MANY: usize = 450;

/// A read model that nobody folds any more.
struct Still {
    redis: RedisServer,
    streams: Streams,
    generation: Generation,
}

async fn reading(redis: &RedisServer) -> MultiplexedConnection {
    redis.reader().get_multiplexed_async_connection().await.unwrap()
}

impl Still {
    async fn of(history: History) -> Self {
        let (redis, streams) = (RedisServer::start().await, Streams::new(history));
        let mut running = project(redis.client(), &streams);
        running.until_folded(&streams).await;
        running.end();
        let generation = live(&redis).await;
        Self { redis, streams, generation }
    }

    async fn found(&self) -> Vec<String> {
        let mut audit = Audit::of(&self.streams);
        let findings = audit.of_generation(&self.redis, &self.generation).await;
        findings.iter().map(ToString::to_string).collect()
    }

    /// Runs a command on a name in the generation.
    async fn run(&self, command: &str, name: &str, more: &[&str]) {
        let key = self.generation.key(name);
        let words = [&[command, &key], more].concat();
        let _done: redis::Value = self.redis.run(&words).await;
    }
}

async fn live(redis: &RedisServer) -> Generation {
    redis.run::<String>(&["GET", keys::POINTER]).await.parse().unwrap()
}

/// The auditor's fold, taken exactly as far as each page reaches.
struct Audit<'a> {
    streams: &'a Streams,
    intake: Intake,
    /// The next order that is placed between two pages, if any is.
    order: Option<usize>,
}

impl<'a> Audit<'a> {
    fn of(streams: &'a Streams) -> Self {
        Self { streams, intake: Intake::with_records(), order: None }
    }

    fn reach(&mut self, page: &Page) {
        let history = self.streams.history();
        for (service, sequence) in page.cut() {
            let from = usize::try_from(self.intake.position(service).sequence).unwrap();
            let to = usize::try_from(sequence).unwrap();
            history.rows[&service][from..to].iter().for_each(|row| self.intake.take(service, row));
        }
    }

    async fn of_generation(&mut self, redis: &RedisServer, of: &Generation) -> Vec<Finding> {
        let mut comparison = None;
        let mut cursor = Some(0);
        while let Some(from) = cursor {
            let page = records::records(reading(redis).await, of, from).await.unwrap();
            let page = self.compare(&mut comparison, &json!(page));
            cursor = page.next.map(|next| next.parse().unwrap());
            for index in page.large {
                let mut cursor = Some(0);
                while let Some(from) = cursor {
                    let connection = reading(redis).await;
                    let page = records::entries(connection, of, &index, from).await.unwrap();
                    let page = self.compare(&mut comparison, &json!(page));
                    cursor = page.next.map(|next| next.parse().unwrap());
                }
            }
        }
        let records = self.intake.records.as_ref().unwrap();
        comparison.unwrap().finish(records).findings
    }

    fn compare(&mut self, comparison: &mut Option<Comparison>, page: &Value) -> Page {
        let page: Page = serde_json::from_value(page.clone()).unwrap();
        self.reach(&page);
        let records = self.intake.records.as_ref().unwrap();
        comparison.get_or_insert_with(|| Comparison::begin(records)).take(records, &page);
        if let Some(nth) = &mut self.order {
            self.streams.change(|history| add_orders(history, *nth, *nth + 1));
            *nth += 1;
        }
        page
    }
}

/// A shop in which every family has a record.
fn full_shop() -> History {
    let mut history = shop(Fate::ALL.len() * 2);
    let line = |sku: &str, quantity, minor| Line {
        sku: id(sku),
        name: format!("The {sku}"),
        quantity,
        unit_price: gbp(minor),
    };
    let lines = [line("MUG", 1, 1_250), line("POT", 2, 9_000_000_000), line("MUG", 3, 1_200)];
    history.sell("o-sold", &customer("c-2"), "2026-02-01", &lines);
    history.sell("o-again", &customer("c-1"), "2024-12-31", &lines[1..]);
    let stocked = Stocked { sku: id("POT"), quantity: 7, on_hand: 7 };
    history.command(Event::InventoryStocked(stocked));
    history.settle(500);
    // Nobody ever placed it: it is parked.
    let confirmed = order::Confirmed { order_id: id("o-never") };
    history.emit(Event::OrderConfirmed(confirmed), Cause::Command("test".into()));
    history
}

/// The text of a record with each of its values changed, one at a time.
fn edits(text: &str) -> Vec<String> {
    let whole: Value = serde_json::from_str(text).unwrap();
    let mut places = Vec::new();
    list_places(&whole, String::new(), &mut places);
    let edited = places.into_iter().map(|place| {
        let mut whole = whole.clone();
        let value = whole.pointer_mut(&place).unwrap();
        *value = match &*value {
            Value::Number(number) => json!(number.as_i64().unwrap() + 1),
            Value::Bool(is) => json!(!is),
            // Of what is kept as text, the most is still of its kind when a digit or letter is another.
            Value::String(text) if text.contains('1') => json!(text.replace('1', "2")),
            Value::String(text) => json!(format!("{text}x")),
            Value::Null | Value::Array(_) | Value::Object(_) => json!([1]),
        };
        whole.to_string()
    });
    edited.collect()
}

fn list_places(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                list_places(value, format!("{place}/{name}"), places);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (nth, value) in items.iter().enumerate() {
                list_places(value, format!("{place}/{nth}"), places);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => places.push(place),
    }
}

/// One record of each family, the longest: of totals, sales of products and customers, ledgers and
/// steps each kind by itself.
async fn one_of_each(still: &Still) -> BTreeMap<String, (String, String)> {
    let names: Vec<String> = still.redis.run(&["KEYS", &still.generation.key("*")]).await;
    let mut found: BTreeMap<String, (String, String)> = BTreeMap::new();
    for key in names {
        let name = key.strip_prefix(&still.generation.prefix()).unwrap().to_owned();
        if still.redis.run::<String>(&["TYPE", &key]).await != "string" || name == keys::BUILT {
            continue;
        }
        let text: String = still.redis.run(&["GET", &key]).await;
        let family = match name.rsplit_once(':') {
            Some(("totals" | "latency", _)) => name.clone(),
            Some((family, id)) if id.contains('/') => {
                let group: Vec<_> = id.split('/').take(2).collect();
                if family == keys::SELLER {
                    format!("{family}:{}", group[0])
                } else {
                    group.join("/")
                }
            }
            Some((family, _)) => family.to_owned(),
            None => name.clone(),
        };
        let known = found.get(&family).is_some_and(|(_, other)| other.len() >= text.len());
        if !known {
            found.insert(family, (name, text));
        }
    }
    found
}

#[test]
fn the_auditor_knows_the_version_that_is_folded() {
    assert_eq!(auditor::records::VERSION, keys::VIEWS_VERSION, "fold the same in both");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_edited_in_a_record_of_any_family_is_found() {
    let still = Still::of(full_shop()).await;
    assert_eq!(still.found().await, Vec::<String>::new());
    let all = one_of_each(&still).await;
    assert!(all.len() >= 29, "{:?}", all.keys());
    for (family, (name, text)) in &all {
        if name == keys::POSITION {
            continue;
        }
        for edited in edits(text) {
            still.run("SET", name, &[&edited]).await;
            let found = still.found().await;
            assert_eq!(found.len(), 1, "{family}: {edited}: {found:?}");
            assert!(found[0].contains(name.as_str()), "{found:?}");
        }
        still.run("SET", name, &["nonsense"]).await;
        assert_eq!(still.found().await.len(), 1, "{family}");
        still.run("DEL", name, &[]).await;
        assert_eq!(still.found().await, [format!("7: {name}: it is missing")]);
        still.run("SET", &format!("{name}9"), &[text]).await;
        assert_eq!(still.found().await.len(), 2, "{family}");
        still.run("DEL", &format!("{name}9"), &[]).await;
        still.run("SET", name, &[text]).await;
    }
    assert_eq!(still.found().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_edited_in_an_index_is_found() {
    let still = Still::of(full_shop()).await;
    let indexes = [
        "orders:ORDER",
        "customer-orders:ORDER:c-1",
        "days:ORDER",
        "unsettled",
        "low-stock:INVENTORY",
        "ledgers:ORDER/day/2026-01",
        "ledgers:ORDER/product/2026-01",
        "ledgers:ORDER/customer/2026-01",
        "ledgers:ORDER/country/2026-01",
        "ledgers:PAYMENT/day/2026-01",
        "ledgers:PAYMENT/customer/2026-01",
        "ledgers:PAYMENT/country/2026-01",
    ];
    for index in indexes {
        let key = still.generation.key(index);
        let entries: Vec<String> = still.redis.run(&["ZRANGE", &key, "0", "0", "WITHSCORES"]).await;
        let [member, score] = &entries[..] else { panic!("{index} is empty") };
        for (command, more, differences) in [
            ("ZINCRBY", vec!["1", member.as_str()], 1),
            ("ZREM", vec![member.as_str()], 1),
            ("ZADD", vec!["5", "somebody-else"], 2),
        ] {
            still.run(command, index, &more).await;
            let found = still.found().await;
            assert_eq!(found.len(), differences, "{command} {index}: {found:?}");
        }
        still.run("ZREM", index, &["somebody-else"]).await;
        still.run("ZADD", index, &[score, member]).await;
        assert_eq!(still.found().await, Vec::<String>::new(), "{index}");
    }
    still.run("HDEL", keys::PARKED, &["ORDER/999"]).await;
    still.run("HSET", keys::PARKED, &["ORDER/1", "{}"]).await;
    assert_eq!(still.found().await.len(), 1);
    still.run("DEL", keys::PARKED, &[]).await;
    assert_eq!(still.found().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_was_edited_is_found() {
    let still = Still::of(full_shop()).await;
    let text: String = still.redis.run(&["GET", &still.generation.position_key()]).await;
    let time = text.find("2026-").unwrap();
    let edited = format!("{}2027-{}", &text[..time], &text[time + 5..]);
    still.run("SET", keys::POSITION, &[&edited]).await;
    let found = still.found().await;
    assert!(found[0].starts_with("7: CUSTOMER: it says"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_beyond_64_bits_are_compared_to_the_last_digit() {
    let mut history = shop(0);
    let line = Line { sku: id("MUG"), name: "Mug".into(), quantity: 1, unit_price: gbp(i64::MAX) };
    for nth in 0..3 {
        let lines = std::slice::from_ref(&line);
        history.sell(&format!("o-{nth}"), &customer("c-1"), "2026-01-31", lines);
    }
    let still = Still::of(history).await;
    assert_eq!(still.found().await, Vec::<String>::new());
    let name = keys::totals(service::PAYMENT);
    let text: String = still.redis.run(&["GET", &still.generation.key(&name)]).await;
    let sum = (3 * i128::from(i64::MAX)).to_string();
    assert!(text.contains(&sum), "{text}");
    let off_by_one = text.replace(&sum, &(3 * i128::from(i64::MAX) + 1).to_string());
    still.run("SET", &name, &[&off_by_one]).await;
    assert_eq!(still.found().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_is_folded_on_while_it_is_read_differs_in_nothing() {
    let (redis, streams) = (RedisServer::start().await, Streams::new(shop(MANY)));
    let mut running: Running = project(redis.client(), &streams);
    running.until_folded(&streams).await;
    let generation = live(&redis).await;
    let mut audit = Audit { order: Some(MANY), ..Audit::of(&streams) };
    let before = audit_reach(&audit);
    // Until rows that came meanwhile were folded, and looked at.
    while audit.order.is_some_and(|nth| nth < MANY + 100) || audit_reach(&audit) <= before {
        let found = audit.of_generation(&redis, &generation).await;
        assert!(found.is_empty(), "{found:?}");
    }
}

fn audit_reach(audit: &Audit<'_>) -> u64 {
    audit.intake.position(service::ORDER).sequence
}
