//! A shared database, left: moved, killed in the middle, moved on, followed, switched, and the same to the
//! penny.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{System, wait_until};

const ORDERS: usize = 120;

/// A shared database beside a system.
struct Shop {
    system: System,
    file: PathBuf,
}

/// Some three hundred lines of invoices; every thirtieth is cancelled by a later one.
fn invoices() -> String {
    let mut file =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
            .to_owned();
    for nth in 0..ORDERS {
        let lines = 1 + nth % 4;
        let cancels = if nth % 30 == 29 { &["", "C"][..] } else { &[""] };
        for (cancel, line) in cancels.iter().flat_map(|cancel| (0..lines).map(move |n| (cancel, n)))
        {
            let (sku, units) = (10_000 + (nth * 7 + line * 3) % 23, 1 + nth % 6);
            let (price, day) = (100 + (nth * 31) % 900, 1 + nth / 40);
            let sign = if cancel.is_empty() { "" } else { "-" };
            writeln!(
                file,
                "{cancel}{},{sku},MUG {sku},{sign}{units},2010-12-0{day} 08:26:00,{}.{:02},{}.0,Norway",
                536_000 + nth, price / 100, price % 100, 12_000 + nth % 17
            )
            .unwrap();
        }
    }
    file
}

impl Shop {
    fn open() -> Self {
        let system = System::start();
        let (file, from) = (system.folder("shop.sqlite"), system.folder("invoices.csv"));
        fs::write(&from, invoices()).unwrap();
        let (name, from) = (file.to_str().unwrap(), from.to_str().unwrap());
        system.expect(&["import", "example", name, "--from", from]);
        Self { system, file }
    }

    fn arguments<'a>(&'a self, step: &[&'a str]) -> Vec<&'a str> {
        [&["import", "shared-db", self.file.to_str().unwrap()], step, &["--json"]].concat()
    }

    /// Takes a step; its exit code, and what it prints last.
    fn step(&self, step: &[&str]) -> (Option<i32>, Value) {
        read(&self.system.murmur(&self.arguments(step)))
    }

    fn begin(&self, step: &[&str]) -> Child {
        let mut command = self.system.command(&self.arguments(step));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn change(&self, sql: &str) -> rusqlite::Result<()> {
        Connection::open(&self.file).unwrap().execute_batch(sql)
    }

    fn figure<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        Connection::open(&self.file).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Orders that order knows of.
    fn orders(&self) -> usize {
        let page = self.system.get("order", "/orders?limit=500").body;
        page["items"].as_array().map_or(0, Vec::len)
    }
}

fn read(output: &Output) -> (Option<i32>, Value) {
    let out = String::from_utf8_lossy(&output.stdout);
    let last = out.lines().last().unwrap_or_default();
    let err = String::from_utf8_lossy(&output.stderr);
    let said = serde_json::from_str(last);
    assert!(said.is_ok(), "{out}\n{err}");
    (output.status.code(), said.unwrap())
}

#[test]
fn a_shared_database_is_left_to_the_penny_though_the_move_is_killed() {
    let shop = Shop::open();
    shop.change(
        "INSERT INTO products (sku, name, price, currency) VALUES ('10099', 'Fraction', 2.555, 'GBP')",
    )
    .unwrap();
    let mut moving = shop.begin(&["move", "--at-once", "1"]);
    wait_until("some orders are moved", || shop.orders() > 20);
    moving.kill().unwrap();
    moving.wait().unwrap();
    let killed_at = shop.orders();
    assert!(killed_at < ORDERS - 10, "it was killed in the middle: {killed_at}");

    // The second run goes on; what cannot be moved is told, and ends nothing.
    let (exit, moved) = shop.step(&["move"]);
    assert_eq!((exit, moved["refused"].as_array().unwrap().len()), (Some(1), 1), "{moved}");
    assert_eq!(moved["refused"][0]["key"], "10099", "{moved}");
    assert_eq!(
        (&moved["moved"]["order"], &moved["waiting"]["open_orders"]),
        (&115.into(), &5.into())
    );
    shop.change("UPDATE products SET price = 2.55 WHERE sku = '10099'").unwrap();
    let (exit, carried) = shop.step(&["follow", "--once"]);
    assert_eq!((exit, &carried["carried_over"]["product"]), (Some(0), &1.into()), "{carried}");
    let (exit, compared) = shop.step(&["reconcile"]);
    assert_eq!((exit, &compared["differences"]), (Some(3), &Value::Array(vec![])), "{compared}");

    follow_and_switch(&shop);
    let written = shop.change("UPDATE stock SET on_hand = 0").unwrap_err().to_string();
    assert!(written.contains("this database was left"), "{written}");
    for step in ["switch", "reconcile"] {
        let (exit, said) = shop.step(&[step]);
        assert_eq!(exit, Some(0), "{step}: {said}");
    }
    // Those of the file, and the new one.
    assert_eq!(shop.orders(), ORDERS + 1);
    shop.system.expect(&["audit"]);
}

/// What changes while somebody follows is carried over, the rest by the switch.
fn follow_and_switch(shop: &Shop) {
    let following = shop.begin(&["move", "--follow"]);
    let open: String = shop.figure("SELECT min(id) FROM orders WHERE state = 'open'");
    shop.change(&format!(
        "UPDATE customers SET city = 'York' WHERE id = '12000';
         UPDATE stock SET on_hand = on_hand + 7 WHERE sku = '10000';
         UPDATE orders SET state = 'shipped' WHERE id = '{open}';
         INSERT INTO payments (order_id, amount, paid_on) VALUES ('{open}', 0.01, '2010-12-09');
         INSERT INTO orders VALUES ('new', '12001', '2010-12-09', 'open');
         INSERT INTO order_lines VALUES ('new', 1, '10000', 1, 0.1);
         UPDATE orders SET state = 'cancelled' WHERE id = 'new';",
    ))
    .unwrap();
    wait_until("the changes are in the services", || {
        let city = shop.system.get("customer", "/customers/12000").body["address"]["city"].clone();
        city == "York"
            && shop.system.state_of(&open) == "completed"
            && shop.system.state_of("new") == "cancelled"
    });
    let (exit, done) = shop.step(&["switch"]);
    assert_eq!((exit, &done["done"]), (Some(0), &true.into()), "{done}");
    let figures = done["reconciliation"]["figures"].as_array().unwrap();
    let sums: Vec<_> = figures.iter().map(|one| one["what"].as_str().unwrap()).collect();
    for sum in ["orders shipped, total", "paid in", "owed", "revenue by day in the read model"] {
        assert!(sums.contains(&sum), "{sum}: {sums:?}");
    }
    let followed = following.wait_with_output().unwrap();
    assert_eq!(followed.status.code(), Some(0), "{followed:?}");
}

#[test]
fn every_route_that_replaces_a_crossing_is_described_by_its_process() {
    let shop = Shop::open();
    let queries = shop.system.folder("shop.queries.sql");
    let (_, report) = shop.step(&["report", "--queries", queries.to_str().unwrap()]);
    let crossings = report["crossings"].as_array().unwrap();
    assert!(crossings.len() >= 14, "{report}");
    for api in crossings.iter().flat_map(|crossing| crossing["instead"].as_array().unwrap()) {
        let (process, route) = (api["process"].as_str().unwrap(), api["route"].as_str().unwrap());
        let (method, path) = route.split_once(' ').unwrap();
        let described = shop.system.get(process, "/openapi.json").body;
        let operation = &described["paths"][path][method.to_lowercase()];
        assert!(operation.is_object(), "{process} describes no {route}");
    }
}
