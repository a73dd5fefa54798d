use tempfile::TempDir;

use super::*;
use crate::source::rows::State;

/// A small old database: two customers, two products, three orders, a payment.
pub(crate) fn old_database() -> (TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.sqlite");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch(include_str!("../../example/shop.sql")).unwrap();
    connection
        .execute_batch(
            "INSERT INTO customers VALUES ('ann', 'Ann', '1 High St', 'Hull', 'UK', 'GBP', '100.00', 0),
                                          ('bob', 'Bob', '', '', 'Norway', 'GBP', 50, 1);
             INSERT INTO products VALUES ('mug', 'Mug', 2.55, 'GBP', 0), ('lamp', 'Lamp', 10, 'GBP', 0);
             INSERT INTO stock VALUES ('mug', 7), ('lamp', 1);
             INSERT INTO orders VALUES ('1', 'ann', '2010-12-01 08:26:00', 'shipped'),
                                       ('2', 'ann', '2010-12-02', 'open'),
                                       ('3', 'bob', '2010-12-02', 'cancelled');
             INSERT INTO order_lines VALUES ('1', 1, 'mug', 6, 2.55), ('1', 2, 'lamp', 1, '9.90'),
                                            ('2', 1, 'mug', 2, 2.55), ('3', 1, 'lamp', 1, 10);
             INSERT INTO payments VALUES (1, '1', 15.3, '2010-12-05');",
        )
        .unwrap();
    drop(connection);
    let source = Source::open(&file).unwrap();
    (folder, source)
}

fn reason<T>(rows: &Rows<T>, key: &str) -> String {
    rows[key].as_ref().err().cloned().unwrap_or_default()
}

#[test]
fn money_is_read_to_the_penny_however_it_is_stored() {
    let (_folder, mut source) = old_database();
    let all = source.snapshot(Scope::Everything).unwrap();
    let order = all.orders["1"].as_ref().unwrap();
    assert_eq!(
        (order.total.minor, order.day.as_str(), order.state),
        (2_520, "2010-12-01", State::Shipped)
    );
    assert_eq!(all.payments["1"].as_ref().unwrap().amount.minor, 1_530);
    let limits = ["ann", "bob"].map(|id| all.customers[id].as_ref().unwrap().limit.minor);
    assert_eq!(limits, [10_000, 5_000]);
    // What a sum of floats leaves behind the 15th digit says nothing.
    let sql = "UPDATE products SET price = 0.1 + 0.2 WHERE sku = 'mug'";
    source.connection.execute_batch(sql).unwrap();
    let all = source.snapshot(Scope::Everything).unwrap();
    assert_eq!(all.products["mug"].as_ref().unwrap().price.minor, 30);
}

#[test]
fn a_row_that_makes_no_sense_is_told_and_the_others_are_read() {
    let (_folder, mut source) = old_database();
    source
        .connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
             UPDATE products SET price = 2.555 WHERE sku = 'mug';
             UPDATE customers SET currency = 'pounds' WHERE id = 'bob';
             UPDATE order_lines SET quantity = 'some' WHERE order_id = '2';
             UPDATE orders SET state = 'lost' WHERE id = '1';
             INSERT INTO orders VALUES ('4', 'ann', '2010-12-03', 'open'), ('5', 'eve', '', 'open');
             INSERT INTO order_lines VALUES ('5', 1, 'mug', 1, 1);
             INSERT INTO payments VALUES (2, '99', 1, '');
             INSERT INTO customers VALUES ('a b', 'A', '', '', 'UK', 'GBP', 1, 0);
             UPDATE stock SET on_hand = -1 WHERE sku = 'mug';",
        )
        .unwrap();
    let all = source.snapshot(Scope::Everything).unwrap();
    assert!(reason(&all.products, "mug").contains("more decimals than GBP"));
    assert!(reason(&all.customers, "bob").contains("is no currency"));
    assert!(reason(&all.customers, "a b").contains("is no id"));
    assert!(reason(&all.orders, "1").contains("is no state of an order"));
    assert!(reason(&all.orders, "2").contains("is no quantity"));
    assert_eq!(reason(&all.orders, "4"), "it has no line");
    assert!(reason(&all.orders, "5").contains("its currency is missing"));
    assert!(reason(&all.payments, "2").contains("is missing"));
    assert!(reason(&all.stock, "mug").contains("is no number of units"));
    assert!(all.customers["ann"].is_ok() && all.products["lamp"].is_ok());
}

#[test]
fn a_change_is_read_with_all_of_its_customer() {
    let (_folder, mut source) = old_database();
    source.prepare("one").unwrap();
    source.connection.execute_batch("UPDATE orders SET state = 'shipped' WHERE id = '2'").unwrap();
    let changes = source.snapshot(Scope::ChangesAfter(0)).unwrap();
    assert_eq!(changes.customers.keys().collect::<Vec<_>>(), ["ann"]);
    assert_eq!(changes.orders.keys().collect::<Vec<_>>(), ["1", "2"]);
    let changed: Vec<_> =
        changes.changed.iter().map(|(entity, key)| format!("{} {key}", entity.name())).collect();
    assert_eq!(changed, ["stock mug", "order 2"], "the old trigger has taken the stock");
    let payment = "INSERT INTO payments VALUES (9, '3', 1, '2011-01-01')";
    source.connection.execute_batch(payment).unwrap();
    let changes = source.snapshot(Scope::ChangesAfter(changes.position)).unwrap();
    assert_eq!(changes.customers.keys().collect::<Vec<_>>(), ["bob"]);
    assert!(source.snapshot(Scope::ChangesAfter(changes.position)).unwrap().customers.is_empty());
}
