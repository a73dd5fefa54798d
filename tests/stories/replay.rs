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

fn replay(system: &System, arguments: &[&str]) -> Value {
    let path = system.folder("invoices.csv");
    fs::write(&path, file()).unwrap();
    let path = path.to_string_lossy();
    let all = [&["replay", "retail", &*path, "--json"], arguments].concat();
    serde_json::from_str(&system.expect(&all)).unwrap()
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
    // The same again changes nothing; as other orders, the figures grow by as much again.
    assert_eq!(replay(&system, &[])["clean"], true);
    assert_eq!(replay(&system, &["--prefix", "again-"])["clean"], true);
    system.expect(&["audit"]);
}
