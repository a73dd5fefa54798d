use contracts::service;
use engine::Database;
use engine::database::file_in;
use engine::rusqlite::Connection;

use super::{MIGRATIONS, order};

/// As the first version of the tables had it.
const WITH_ITS_LINES: &str = r#"
    INSERT INTO orders (number, id, state, customer_id, total, currency, deadline, hand_over_ms,
        business_date, lines, placed_at, updated_at, version)
    VALUES (7, 'o7', 'placed', 'ada', 1200, 'GBP', 30, 0, '2026-01-01',
        '[{"sku":"mug","name":"A mug","quantity":2,"unit_price":{"minor":600,"currency":"GBP"}}]', 1, 1, 7)"#;

#[test]
fn orders_of_the_first_version_keep_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("order");
    drop(Database::open(&folder, service::ORDER, &MIGRATIONS[..1]).unwrap());
    let file = file_in(&folder, service::ORDER);
    Connection::open(&file).unwrap().execute_batch(WITH_ITS_LINES).unwrap();

    let database = Database::open(&folder, service::ORDER, MIGRATIONS).unwrap();
    let order = order(&database.read(), &"o7".parse().unwrap()).unwrap().unwrap();
    assert_eq!((order.lines.len(), order.lines[0].quantity), (1, 2));
    assert_eq!(order.total.minor, 1200);
}
