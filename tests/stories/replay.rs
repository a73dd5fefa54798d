//! Invoices as they come from real life, replayed: every figure of the read model equals the file's.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::support::System;

/// Invoices of three days and two years, as dirty as real ones: names with commas and quotes, lines
/// twice, no customer, no price, postage, cancellations of a whole invoice and of nothing known.
fn file() -> String {
    let mut file =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
            .to_owned();
    for nth in 0_usize..40 {
        let day = ["2010-12-31", "2011-01-01", "2011-01-04"][nth % 3];
        let country = ["United Kingdom", "EIRE", "Norway", "France", "Norway"][nth % 5];
        for line in 0..=nth % 4 {
            let sku = 10_000 + (nth * 7 + line * 3) % 13;
            let (units, pence) = (1 + nth % 6, 100 + (nth * 31) % 900);
            let price = format!("{}.{:02}", pence / 100, pence % 100);
            let name = format!("\"MUG, \"\"No. {sku}\"\"\"");
            let customer = 12_000 + nth % 5;
            let invoice = 536_000 + nth;
            writeln!(
                file,
                "{invoice},{sku},{name},{units},{day} 08:26:00,{price},{customer}.0,{country}"
            )
            .unwrap();
        }
    }
    for dirty in [
        "536001,10007,MUG,2,2011-01-01 08:26:00,1.31,12001.0,EIRE",
        "536001,10007,MUG,2,2011-01-01 08:26:00,1.31,12001.0,EIRE",
        "536900,10001,MUG,1,2011-01-01 08:26:00,2.50,,Norway",
        "536901,10001,MUG,1,2011-01-01 08:26:00,0,12001.0,EIRE",
        "536902,POST,POSTAGE,1,2011-01-01 08:26:00,18.00,12001.0,EIRE",
        "C536903,10001,MUG,-77,2011-01-01 08:26:00,2.50,12001.0,EIRE",
        "C536904,10000,MUG,-1,2011-01-01 08:26:00,1.00,12000.0,United Kingdom",
    ] {
        file.push_str(dirty);
        file.push('\n');
    }
    file
}

pub(crate) fn replay(system: &System, arguments: &[&str]) -> Value {
    replay_of(system, &file(), arguments)
}

/// Replays a file that holds this.
fn replay_of(system: &System, file: &str, arguments: &[&str]) -> Value {
    let path = system.folder("invoices.csv");
    fs::write(&path, file).unwrap();
    let path = path.to_string_lossy();
    let all = [&["replay", "retail", &*path, "--json"], arguments].concat();
    serde_json::from_str(&system.expect(&all)).unwrap()
}

fn head(system: &System, process: &str) -> Value {
    system.get(process, "/status").body["head"].clone()
}

fn limit(system: &System, customer: &str) -> Value {
    system.get("customer", &format!("/customers/{customer}")).body["credit_limit"].clone()
}

/// Two customers, each with an invoice of one thing at this price.
fn two_invoices(first_invoice: u32, price: &str) -> String {
    let line = |nth: u32| {
        format!(
            "{},10001,MUG,1,13/12/2010 8:26,{price},{}.0,Norway\r\n",
            first_invoice + nth,
            7 + nth
        )
    };
    let header =
        "\u{feff}Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country";
    format!("{header}\r\n{}{}\r\n\r\n", line(0), line(1))
}

#[test]
fn customers_of_two_files_may_owe_what_both_sell_however_often_they_are_replayed() {
    let system = System::start();
    let (a, b) = (two_invoices(1, "10.00"), two_invoices(3, "\"5,00\""));
    for (file, loaded, owed) in [(&a, 2, 1_000), (&b, 2, 1_500), (&a, 0, 1_500), (&b, 0, 1_500)] {
        let report = replay_of(&system, file, &[]);
        assert_eq!(
            (&report["loaded"], &report["clean"]),
            (&loaded.into(), &true.into()),
            "{report}"
        );
        for customer in ["7", "8"] {
            assert_eq!(limit(&system, customer)["minor"], owed, "{report}");
        }
    }
    // Another order under a number that is taken is told, and nothing else changes.
    let path = system.folder("other.csv");
    fs::write(&path, two_invoices(1, "11.00")).unwrap();
    let output = system.murmur(&["replay", "retail", &path.to_string_lossy()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("refused, order-exists: line 2 (1, 10001); line 3 (2, 10001)"), "{text}");
    assert_eq!(output.status.code(), Some(1), "{text}");
}

#[test]
fn a_price_in_a_currency_without_decimals_is_what_it_says() {
    let system = System::start();
    let report = replay_of(&system, &two_invoices(1, "500"), &["--currency", "JPY"]);
    assert_eq!(report["clean"], true, "{report}");
    assert_eq!(report["days"][0]["read_model_minor"], 1_000);
    assert_eq!(limit(&system, "7")["minor"], 500);
    let trace = system.expect(&["trace", "1"]);
    assert!(trace.contains(" 500 JPY"), "{trace}");
    let unknown = system.murmur(&["replay", "retail", "nothing.csv", "--currency", "ZZZ"]);
    let text = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(text.contains("ZZZ is no active currency"), "{text}");
}

#[test]
fn every_figure_of_dashboard_and_reports_equals_the_sums_over_the_file() {
    let system = System::start();
    let first = replay(&system, &[]);
    for (place, at_least) in [
        ("dashboard", 30),
        ("report by day", 12),
        ("report by product", 39),
        ("report by customer", 15),
        ("report by country", 12),
    ] {
        let compared = &first["figures"][place];
        assert_eq!(compared["differ"], 0, "{place}: {compared}");
        assert!(compared["figures"].as_u64().unwrap() >= at_least, "{place}: {compared}");
    }
    assert_eq!((&first["clean"], &first["orders_without_end"]), (&true.into(), &0.into()));
    // The same again changes nothing and says so; as other orders, the figures grow by as much again.
    let heads = || ["customer", "product", "order", "inventory"].map(|of| head(&system, of));
    let before = heads();
    let again = replay(&system, &[]);
    assert_eq!((&again["clean"], &again["loaded"]), (&true.into(), &0.into()));
    assert_eq!(again["already_there"], first["loaded"]);
    assert_eq!(heads(), before);
    assert_eq!(replay(&system, &["--prefix", "again-"])["clean"], true);
    system.expect(&["audit"]);
}
