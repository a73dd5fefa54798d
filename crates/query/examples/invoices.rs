//! Measures the folding of orders with as many lines as real invoices have: in memory, in batches as a
//! rebuild and as live orders make them, and by the projector into a real redis-server.
//!
//! `cargo run --release -p query --example invoices -- [LINES] [ORDERS] [PRODUCTS]`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    dead_code,
    reason = "a measurement for people that stops at the first surprise; it shares the tests' support"
)]

#[path = "../tests/support/history.rs"]
mod history;
#[path = "../tests/support/redis_server.rs"]
mod redis_server;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use contracts::events::{Line, inventory};
use contracts::{Event, service};
use protocol::{Headers, Row, Service, Timestamp};
use query::fold::{Fold, Item, Kept};
use query::positions::Positions;
use query::projector::Projector;
use query::projector::batch;
use query::projector_status::ProjectorStatus;
use query::sources::{Readings, Sink, Source};
use runtime::reading::Progress;
use tokio::sync::watch;

use history::{History, customer, gbp, id};
use redis_server::RedisServer;

/// Invoices on one business day, and customers among whom they go round: a wholesaler's year.
const ORDERS_A_DAY: usize = 70;
const CUSTOMERS: u64 = 4_000;

/// Rows in a batch of live orders: 400 orders a second, folded every ten milliseconds.
const LIVE_ROWS: usize = 32;

/// The rows of all streams, in the order in which they were decided.
#[derive(Clone)]
struct Rows(Arc<Vec<(Service, Row)>>);

/// Numbers that look random and are the same each time.
struct Numbers(u64);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().unwrap());
    let lines = arguments.next().unwrap_or(21);
    let orders = arguments.next().unwrap_or(4_000);
    let products = arguments.next().unwrap_or(4_000);
    let rows = Rows::of(lines, orders, products as u64);
    println!("{} events of {orders} orders with {lines} of {products} products", rows.0.len());
    print("in memory, as a rebuild", &rows, rows.fold(batch::BATCH_ROWS_MAX));
    print("in memory, as live orders", &rows, rows.fold(LIVE_ROWS));
    print("into Redis, as a rebuild", &rows, rows.project().await);
}

fn print(what: &str, rows: &Rows, took: Duration) {
    let rows = rows.0.len() as f64;
    let (rate, each) = (rows / took.as_secs_f64(), took.as_secs_f64() * 1e6 / rows);
    println!("{what}: {rate:.0} events a second, {each:.1} µs an event");
}

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Some products are sold far more often than others.
    fn product(&mut self, products: u64) -> u64 {
        let first = self.below(products);
        self.below(first + 1)
    }
}

impl Rows {
    fn of(lines: usize, orders: usize, products: u64) -> Self {
        let (mut history, mut numbers) = (History::begin(1), Numbers(7));
        for product in 0..products {
            let (quantity, on_hand) = (1_000_000, 1_000_000);
            let sku = id(&format!("p-{product}"));
            let stocked = inventory::Stocked { sku, quantity, on_hand };
            history.command(Event::InventoryStocked(stocked));
        }
        for order in 0..orders {
            let buyer = customer(&format!("c-{}", numbers.below(CUSTOMERS)));
            let day = order / ORDERS_A_DAY;
            let date = format!("2026-{:02}-{:02}", day / 28 % 12 + 1, day % 28 + 1);
            let lines: Vec<_> = (0..lines).map(|_| numbers.line(products)).collect();
            history.sell(&format!("o-{order}"), &buyer, &date, &lines);
        }
        let mut rows = history.mixed(&[]);
        rows.sort_by_cached_key(|(_, row)| Headers::parse(&row.headers).unwrap().time);
        Self(Arc::new(rows))
    }

    /// Folds the rows in batches of so many at most. Their parsing is not counted.
    fn fold(&self, rows_max: usize) -> Duration {
        let items = self.0.iter().map(|(of, row)| Arc::new(Item::of(*of, row.clone())));
        let mut waiting: VecDeque<_> = items.collect();
        let (mut records, mut kept) = (HashMap::<String, Vec<u8>>::new(), Kept::default());
        let mut positions = Positions::default();
        let mut took = Duration::ZERO;
        while !waiting.is_empty() {
            let mut some = waiting.drain(..rows_max.min(waiting.len())).collect();
            while let Ok(batch) = batch::take(&positions, &mut some) {
                if batch.items.is_empty() {
                    break;
                }
                let began = Instant::now();
                let mut fold = Fold::start(batch.items, kept);
                loop {
                    let wanted = fold.wanted();
                    if wanted.is_empty() {
                        break;
                    }
                    fold.fill(wanted.iter().map(|name| records.get(name).cloned()).collect())
                        .unwrap();
                }
                let (changes, left) = fold.finish().unwrap();
                took += began.elapsed();
                (positions, kept) = (batch.next, left);
                records.extend(changes.records);
            }
        }
        took
    }

    async fn project(&self) -> Duration {
        let redis = RedisServer::start().await;
        let projector = Projector::new(redis.client(), self.clone(), Timestamp::default);
        let mut standing = projector.standing();
        let began = Instant::now();
        tokio::spawn(projector.run());
        let all = self.0.len() as u64;
        standing
            .wait_for(|standing: &ProjectorStatus| standing.positions.rows() == all)
            .await
            .unwrap();
        began.elapsed()
    }
}

impl Numbers {
    fn line(&mut self, products: u64) -> Line {
        let sku = format!("p-{}", self.product(products));
        let (name, quantity) = (format!("The product of the name {sku}"), 1);
        Line { sku: id(&sku), name, quantity, unit_price: gbp(1_250) }
    }
}

impl Source for Rows {
    fn open(&mut self, _from: &Positions, sink: Sink) -> Readings {
        let rows = self.clone();
        let task = tokio::spawn(async move {
            for (service, row) in rows.0.iter() {
                if sink.send(Arc::new(Item::of(*service, row.clone()))).await.is_err() {
                    return;
                }
            }
            std::future::pending::<()>().await;
        });
        let progress = service::ALL.map(|of| (of, watch::channel(Progress::default()).1));
        Readings::new(progress, vec![task.abort_handle()])
    }
}
