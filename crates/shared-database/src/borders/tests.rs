use contracts::service::{CUSTOMER, INVENTORY, ORDER, PAYMENT, PRODUCT};

use super::*;

fn report_of(schema: &str, queries: &str, owners: &[&str]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let (file, sql) = (folder.path().join("old.sqlite"), folder.path().join("queries.sql"));
    Connection::open(&file).unwrap().execute_batch(schema).unwrap();
    fs::write(&sql, queries).unwrap();
    let owners: Vec<NamedOwner> = owners.iter().map(|owner| owner.parse().unwrap()).collect();
    Report::of(&file, Some(&sql), &Owners::with(&owners)).unwrap()
}

fn example(queries: &str) -> Report {
    report_of(include_str!("../example/shop.sql"), queries, &[])
}

fn of(report: &Report, what: What) -> Vec<(&str, &[Service])> {
    let found = report.crossings.iter().filter(|one| one.what == what);
    found.map(|one| (one.name.as_str(), one.owners.as_slice())).collect()
}

fn routes(report: &Report, name: &str) -> Vec<&'static str> {
    let found = report.crossings.iter().find(|one| one.name == name).unwrap();
    found.instead.iter().map(|api| api.route).collect()
}

#[test]
fn foreign_keys_cross_where_another_service_owns_the_parent() {
    let report = example("");
    assert_eq!(
        of(&report, What::ForeignKey),
        [
            ("order_lines.sku", &[ORDER, PRODUCT][..]),
            ("orders.customer_id", &[ORDER, CUSTOMER]),
            ("payments.order_id", &[PAYMENT, ORDER]),
            ("stock.sku", &[INVENTORY, PRODUCT]),
        ]
    );
    assert_eq!(report.looked_at.foreign_keys, 5, "an order's own lines are within one service");
    assert_eq!(routes(&report, "orders.customer_id"), ["GET /replicas/customers/{id}"]);
}

#[test]
fn a_view_crosses_by_all_that_is_behind_it() {
    let on_a_view = "CREATE VIEW a AS SELECT * FROM products JOIN stock USING (sku);
                     CREATE VIEW b AS SELECT name FROM a; CREATE VIEW c AS SELECT name FROM products;";
    let schema = format!("{}{on_a_view}", include_str!("../example/shop.sql"));
    let report = report_of(&schema, "", &[]);
    let all = [CUSTOMER, INVENTORY, ORDER, PAYMENT, PRODUCT];
    let two = &[INVENTORY, PRODUCT][..];
    assert_eq!(
        of(&report, What::View),
        [("a", two), ("b", two), ("order_overview", &all[..]), ("stock_list", two)]
    );
    assert_eq!(report.looked_at.views, 5);
}

#[test]
fn a_trigger_crosses_by_what_it_does_to_others_tables() {
    let report = example("");
    assert_eq!(of(&report, What::Trigger), [("stock_leaves", &[INVENTORY, ORDER][..])]);
    assert_eq!(routes(&report, "stock_leaves"), ["POST /orders"]);
}

#[test]
fn queries_cross_by_what_they_read_and_are_replaced_by_whether_they_add_up() {
    let report = example(include_str!("../example/queries.sql"));
    let names: Vec<_> = of(&report, What::Query).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "a customer's orders, newest first",
            "the packing list",
            "revenue by country",
            "best sellers",
            "what is short",
            "what a customer owes"
        ]
    );
    assert_eq!((report.looked_at.queries, report.unclear.len()), (9, 0));
    assert_eq!(
        routes(&report, "a customer's orders, newest first"),
        ["GET /customers/{id}/orders"]
    );
    assert_eq!(routes(&report, "revenue by country"), ["GET /reports/sales"]);
    assert_eq!(routes(&report, "what a customer owes"), ["GET /accounts/{customer_id}"]);
    assert_eq!(routes(&report, "what is short"), ["GET /products/{sku}/sales", "GET /stock"]);
    assert_eq!(routes(&report, "the packing list")[0], "GET /orders/{id}");
}

#[test]
fn a_transaction_crosses_though_no_statement_of_it_does() {
    let report = example(
        "-- two owners\nBEGIN; UPDATE customers SET name = ''; UPDATE products SET name = ''; COMMIT;
         -- one owner\nBEGIN; DELETE FROM order_lines; DELETE FROM orders; COMMIT;",
    );
    assert_eq!(of(&report, What::Query), []);
    assert_eq!(of(&report, What::Transaction), [("two owners", &[CUSTOMER, PRODUCT][..])]);
    assert_eq!(routes(&report, "two owners"), ["PUT /customers/{id}", "PUT /products/{sku}"]);
    let placed = example(include_str!("../example/queries.sql"));
    assert_eq!(routes(&placed, "an order is placed and paid"), ["POST /orders"]);
}

#[test]
fn what_is_not_understood_is_told_and_ends_nothing() {
    let report = example("-- lost\nSELECT * FROM suppliers; SELCT 1; SELECT * FROM stock_list;");
    let unclear: Vec<_> = report.unclear.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(unclear, ["lost", "SELCT 1"]);
    assert!(report.unclear[0].reason.contains("no such table: suppliers"));
    assert_eq!(of(&report, What::Query).len(), 1);
}

#[test]
fn a_table_of_nobody_crosses_nothing_until_its_owner_is_named() {
    let schema = "CREATE TABLE customers (id); CREATE TABLE complaints (id, customer REFERENCES customers (id));";
    let report = report_of(schema, "", &[]);
    assert!(report.crossings.is_empty());
    assert!(report.text().contains("nobody is known to own complaints"), "{}", report.text());
    let report = report_of(schema, "", &["complaints=order"]);
    assert_eq!(of(&report, What::ForeignKey), [("complaints.customer", &[ORDER, CUSTOMER][..])]);
    assert!(report.text().contains("GET /replicas/customers/{id}"), "{}", report.text());
}
