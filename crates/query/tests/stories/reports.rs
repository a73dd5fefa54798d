//! Reports, sales of products, the dashboard's figures and the list for phones, each against sums that
//! the test works out by itself from what it has sold.

use std::collections::BTreeMap;

use contracts::events::{Customer, Line};
use serde_json::Value;

use crate::history::{Fate, History, QUANTITY, TOTAL, customer, gbp, id};
use crate::rest::Stage;
use crate::rest_client::get;
use crate::stage::shop;

/// One completed order.
struct Sold {
    date: String,
    buyer: Customer,
    lines: Vec<Line>,
}

/// What a group comes to: orders, units, minor units.
type Sums = BTreeMap<String, (u64, u64, i64)>;

fn line(sku: &str, quantity: u32, price: i64, currency: &str) -> Line {
    let (sku, name) = (id(sku), format!("The \"{sku}\", large"));
    let mut unit_price = gbp(price);
    unit_price.currency = currency.parse().unwrap();
    Line { sku, name, quantity, unit_price }
}

fn buyer(nth: usize) -> Customer {
    let mut buyer = customer(&format!("c-{nth}"));
    buyer.address.country = ["Norway", "United Kingdom", "EIRE"][nth % 3].to_owned();
    if nth.is_multiple_of(4) {
        buyer.credit_limit.currency = "EUR".parse().unwrap();
    }
    buyer
}

/// Orders over three months of two years, of seven customers, of nine products, in two currencies.
fn sold() -> Vec<Sold> {
    let one = |nth: usize| {
        let buyer = buyer(nth % 7);
        let currency = buyer.credit_limit.currency;
        let date = ["2025-12-30", "2025-12-31", "2026-01-01", "2026-02-28"][nth % 4].to_owned();
        let lines = (0..=nth % 3).map(|at| {
            let (sku, units) =
                (format!("p-{}", (nth * 5 + at) % 9), u32::try_from(nth % 11).unwrap());
            line(&sku, units + 1, 99 + i64::try_from(nth).unwrap(), currency.as_str())
        });
        Sold { date, buyer, lines: lines.collect() }
    };
    (0..60).map(one).collect()
}

fn history_of(sold: &[Sold]) -> History {
    let mut history = shop(7);
    for (nth, Sold { date, buyer, lines }) in sold.iter().enumerate() {
        history.sell(&format!("s-{nth}"), buyer, date, lines);
    }
    history
}

/// What the orders of a range come to, each under `CURRENCY/group`.
fn sums(sold: &[Sold], from: &str, to: &str, by: &str) -> Sums {
    let mut sums = Sums::new();
    for sold in sold.iter().filter(|sold| from <= sold.date.as_str() && sold.date.as_str() <= to) {
        let mut groups = Sums::new();
        for line in &sold.lines {
            let group = match by {
                "day" => sold.date.clone(),
                "product" => line.sku.to_string(),
                "customer" => sold.buyer.id.to_string(),
                "country" => sold.buyer.address.country.clone(),
                other => panic!("{other}"),
            };
            let key = format!("{}/{group}", line.unit_price.currency);
            let (orders, units, minor) = groups.entry(key).or_default();
            *orders = 1;
            *units += u64::from(line.quantity);
            *minor += line.unit_price.minor * i64::from(line.quantity);
        }
        for (key, (orders, units, minor)) in groups {
            let sum = sums.entry(key).or_default();
            *sum = (sum.0 + orders, sum.1 + units, sum.2 + minor);
        }
    }
    sums
}

fn shown(rows: &Value) -> Sums {
    let row = |row: &Value| {
        let key = format!("{}/{}", row["currency"].as_str().unwrap(), row["key"].as_str().unwrap());
        let number = |name: &str| row[name].as_u64().unwrap();
        let minor = row["revenue_minor"].as_i64().unwrap();
        (key, (number("orders"), number("units"), minor))
    };
    rows.as_array().unwrap().iter().map(row).filter(|(_, (orders, ..))| *orders > 0).collect()
}

#[tokio::test]
async fn every_figure_of_every_grouping_and_range_is_the_sum_of_what_was_sold() {
    let sold = sold();
    let stage = Stage::over(history_of(&sold)).await;
    for (from, to) in [
        ("2025-12-31", "2026-01-01"),
        ("2025-12-01", "2026-01-30"),
        ("2026-02-01", "2026-03-31"),
        ("2025-06-01", "2025-06-30"),
    ] {
        for by in ["day", "product", "customer", "country"] {
            let path = format!("/reports/sales?from={from}&to={to}&by={by}");
            let report = stage.get(&path).await;
            assert_eq!((report.status, &report.body["by"]), (200, &by.into()), "{path}");
            assert_eq!(shown(&report.body["rows"]), sums(&sold, from, to, by), "{path}");
            let totals = sums_of_all(&sums(&sold, from, to, "day"));
            assert_eq!(shown(&report.body["totals"]), totals, "{path}");
            assert_eq!(report.body["freshness"]["behind"], 0);
        }
    }
}

/// All days together, currency by currency.
fn sums_of_all(days: &Sums) -> Sums {
    let mut all = Sums::new();
    for (key, (orders, units, minor)) in days {
        let total = all.entry(format!("{}/total", key.split('/').next().unwrap())).or_default();
        *total = (total.0 + orders, total.1 + units, total.2 + minor);
    }
    all
}

#[tokio::test]
async fn what_was_not_completed_and_what_was_paid_back_is_shown_beside_the_revenue() {
    let stage = Stage::over(shop(7)).await;
    let path = "/reports/sales?from=2026-01-01&to=2026-01-31";
    let report = stage.get(path).await.body;
    assert_eq!(report["placed"]["orders"], 7);
    assert_eq!(report["placed"]["by_state"]["rejected"], 2);
    assert_eq!(report["placed"]["by_state"]["cancelled"], 2);
    assert_eq!(report["placed"]["value"][0]["minor"], 7 * TOTAL);
    let total = &report["totals"][0];
    assert_eq!((&total["orders"], &total["revenue_minor"]), (&1.into(), &TOTAL.into()));
    assert_eq!((&total["refunds"], &total["refunded_minor"]), (&1.into(), &TOTAL.into()));
    let by_customer = stage.get(&format!("{path}&by=customer")).await.body;
    assert_eq!(by_customer["rows"][0]["refunded_minor"], TOTAL);
    let by_product = stage.get(&format!("{path}&by=product")).await.body;
    assert_eq!(by_product["rows"][0]["refunds"], Value::Null);
}

#[tokio::test]
async fn a_report_for_a_spreadsheet_quotes_what_needs_it_and_ends_with_the_totals() {
    let stage = Stage::over(history_of(&sold())).await;
    let path = "/reports/sales?from=2025-12-01&to=2026-02-28&by=product&format=csv";
    let report = stage.get(path).await;
    assert_eq!(report.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert!(report.header("murmur-token").unwrap().contains("ORDER="));
    let mut lines = report.text.lines();
    let columns = "row,by,key,label,currency,orders,units,revenue_minor,refunds,refunded_minor";
    assert_eq!(lines.next(), Some(columns));
    let first = lines.next().unwrap();
    assert!(first.contains(",\"The \"\"p-"), "{first}");
    assert!(lines.next_back().unwrap().starts_with("total,product,,,GBP,"));
}

#[tokio::test]
async fn others_text_is_no_formula_in_a_spreadsheet_and_no_total() {
    let mut history = shop(0);
    for (nth, (who, name)) in
        [("total", ""), ("-1", "@SUM(A1:A9)"), ("c-1", "=HYPERLINK(\"http://x\")")]
            .iter()
            .enumerate()
    {
        let buyer = Customer { name: (*name).to_owned(), ..customer(who) };
        history.sell(&format!("o-{nth}"), &buyer, "2026-01-31", &[line("-p", 1, 100, "GBP")]);
    }
    let stage = Stage::over(history).await;
    let path = "/reports/sales?from=2026-01-01&to=2026-01-31&format=csv&by=";
    let customers = stage.get(&format!("{path}customer")).await.text;
    let rows: Vec<&str> = customers.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "group,customer,'-1,'@SUM(A1:A9),GBP,1,1,100,0,0",
            "group,customer,c-1,\"'=HYPERLINK(\"\"http://x\"\")\",GBP,1,1,100,0,0",
            "group,customer,total,,GBP,1,1,100,0,0",
            "total,customer,,,GBP,3,3,300,0,0",
        ]
    );
    let products = stage.get(&format!("{path}product")).await.text;
    assert!(products.contains("group,product,'-p,"), "{products}");
}

#[tokio::test]
async fn sums_that_no_64_bits_hold_are_answered_digit_by_digit() {
    let mut history = shop(0);
    for nth in 0..3 {
        let lines = [line("p-1", 1, 9_000_000_000_000_000_000, "GBP")];
        history.sell(&format!("o-{nth}"), &customer("c-1"), "2026-01-31", &lines);
    }
    let stage = Stage::over(history).await;
    let range = "from=2026-01-01&to=2026-01-31";
    for (path, times) in [
        ("/dashboard".to_owned(), 10),
        (format!("/reports/sales?{range}"), 3),
        (format!("/reports/sales?{range}&by=product"), 3),
        (format!("/reports/sales?{range}&by=customer&format=csv"), 2),
        ("/products/p-1/sales".to_owned(), 2),
    ] {
        let answer = stage.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let found = answer.text.matches("27000000000000000000").count();
        assert_eq!(found, times, "{path}: {}", answer.text);
    }
    let order = stage.get("/orders/o-0").await;
    assert_eq!(order.body["lines"][0]["amount"]["minor"], 9_000_000_000_000_000_000_i64);
}

#[tokio::test]
async fn a_report_that_cannot_be_asked_for_is_told_with_what_is_wrong() {
    let stage = Stage::over(shop(1)).await;
    for (query, reason) in [
        ("to=2026-01-31", "from is missing"),
        ("from=2026-02-01&to=2026-01-31", "from is later than to"),
        ("from=2026-02-30&to=2026-03-31", "is no day"),
        ("from=2024-01-01&to=2026-01-01", "366 at most"),
        ("from=2026-01-01&to=2026-01-31&by=hour", "day, product, customer, country"),
        ("from=2026-01-01&to=2026-01-31&format=xml", "json or csv"),
        ("from=2026-01-01&to=2026-01-31&bye=day", "is no part of this query"),
    ] {
        let answer = stage.get(&format!("/reports/sales?{query}")).await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (400, &"/problems/bad-query".into()),
            "{query}"
        );
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(reason), "{query}: {detail}");
    }
}

#[tokio::test]
async fn the_sales_of_a_product_are_told_by_month_with_what_is_left_of_it() {
    let sold = sold();
    let stage = Stage::over(history_of(&sold)).await;
    let answer = stage.get("/products/p-3/sales").await.body;
    let all = sums(&sold, "", "9", "product");
    for total in answer["total"].as_array().unwrap() {
        let (orders, units, minor) = all[&format!("{}/p-3", total["currency"].as_str().unwrap())];
        assert_eq!((&total["orders"], &total["units"]), (&orders.into(), &units.into()));
        assert_eq!(total["minor"], minor);
    }
    let months = answer["months"].as_array().unwrap();
    assert!(months.windows(2).all(|pair| pair[0]["month"].as_str() > pair[1]["month"].as_str()));
    let mug = stage.get("/products/MUG/sales").await.body;
    assert_eq!(mug["product"]["name"], "Mug");
    assert_eq!(mug["stock"]["on_hand"], 1_000 - u64::from(QUANTITY));
    assert_eq!(
        stage.get("/products/nothing/sales").await.body["type"],
        "/problems/unknown-product"
    );
}

#[tokio::test]
async fn the_dashboard_tells_who_leads_what_runs_out_and_how_long_steps_take() {
    let sold = sold();
    let stage = Stage::over(history_of(&sold)).await;
    let body = stage.get("/dashboard").await.body;
    for (name, by) in [("top_products", "product"), ("top_customers", "customer")] {
        let all = sums(&sold, "", "9", by);
        let mut euros: Vec<_> = all.iter().filter(|(key, _)| key.starts_with("EUR/")).collect();
        euros.sort_by_key(|(key, (.., minor))| (-minor, (*key).clone()));
        for (leader, (key, (.., minor))) in body[name].as_array().unwrap().iter().zip(euros) {
            assert_eq!((&leader["id"], &leader["minor"]), (&key[4..].into(), &(*minor).into()));
        }
    }
    let whole = &body["latencies"][6];
    assert_eq!((&whole["step"], &whole["all"]["count"]), (&"whole".into(), &61.into()));
    assert_eq!(whole["all"]["max_us"], 9_000);
    let completed: u64 = body["minutes"].as_array().unwrap().iter().map(completed_in).sum();
    assert_eq!(completed, 61);
    assert_eq!(body["hours"].as_array().unwrap().iter().map(completed_in).sum::<u64>(), 61);
    // Sold without ever having come in: nothing is left of them.
    assert_eq!(body["low_stock"]["products"], 9);
    assert_eq!(body["low_stock"]["fewest"][0]["available"], 0);
}

fn completed_in(span: &Value) -> u64 {
    let tallies = span["completed"].as_array().unwrap();
    tallies.iter().map(|tally| tally["orders"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn a_compensation_is_told_as_such_with_what_it_undoes_and_what_caused_it() {
    let stage = Stage::over(shop(7)).await;
    let order = stage.get("/orders/o-3").await.body;
    let timeline = order["timeline"].as_array().unwrap();
    let find = |kind: &str| timeline.iter().find(|moment| moment["type"] == kind).unwrap();
    let refunded = find("payment.refunded");
    assert_eq!(
        (&refunded["compensation"], &refunded["service"]),
        (&true.into(), &"payment".into())
    );
    assert_eq!(refunded["undoes"], "payment.charged");
    assert_eq!(refunded["caused_by"], "order.cancelled");
    assert_eq!(refunded["latency_us"], 3_000);
    assert_eq!(find("payment.charged")["compensation"], false);
    assert_eq!(find("order.cancelled")["end"], true);
    let late = stage.get("/orders/o-4").await.body;
    let mut moments = late["timeline"].as_array().unwrap().iter();
    let tombstone = moments.find(|moment| moment["type"] == "shipping.cancelled").unwrap();
    assert_eq!(tombstone["compensation"], false);
}

#[tokio::test]
async fn a_phone_that_has_the_page_is_told_so_though_others_ordered_meanwhile() {
    let mut stage = Stage::over(shop(7)).await;
    let path = "/mobile/orders?customer=c-1&limit=3";
    let page = stage.get(path).await;
    assert_eq!(page.body["items"][0]["id"], "o-6");
    assert_eq!(page.body["items"][0]["minor"], TOTAL);
    assert_eq!(page.header("murmur-behind"), Some("0"));
    let tag = page.header("etag").unwrap().to_owned();
    stage.streams.change(|history| {
        history.place("other", "c-2", "2026-01-31", 0);
    });
    stage.running.until_folded(&stage.streams).await;
    let again = get(&stage.address, path, &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, 304);
    stage.streams.change(|history| history.order("o-7", Fate::JustPlaced));
    stage.running.until_folded(&stage.streams).await;
    let again = get(&stage.address, path, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, &again.body["items"][0]["id"]), (200, &"o-7".into()));
    let rest = page.header("link").unwrap().trim_start_matches('<').split('>').next().unwrap();
    assert_eq!(stage.get(rest).await.body["items"].as_array().unwrap().len(), 3);
    assert_eq!(stage.get("/mobile/orders").await.body["type"], "/problems/bad-query");
}
