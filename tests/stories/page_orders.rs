//! All orders on the page: filtered, a page at a time, at addresses that can be sent; and what their events
//! contain.

use serde_json::{Value, json};

use crate::page::{open, place};
use crate::support::{Browser, Screen, System, wait_until};

const ENTER: &str = "\u{e007}";

/// The orders that are listed, in their order.
fn listed(browser: &Browser) -> Vec<String> {
    let ids = "[...document.querySelectorAll('.found-orders a.row')].map((e) => e.textContent)";
    let Value::Array(ids) = browser.value_of(ids) else { return Vec::new() };
    ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

fn until_listed(browser: &Browser, expected: &[&str]) {
    wait_until(&format!("{expected:?} are listed"), || listed(browser) == expected);
}

fn hash(browser: &Browser) -> String {
    browser.value_of("location.hash").as_str().unwrap().to_owned()
}

/// More of it than there is: inventory rejects it.
fn place_too_much(system: &System, id: &str) {
    let line = json!({"sku": "mug", "quantity": 900_000});
    let order = json!({"id": id, "customer_id": "ann", "lines": [line]});
    assert_eq!(system.post("order", "/orders", &order).status, 201);
}

/// One order of each of three fates, which query has heard of.
fn shop() -> (System, Browser) {
    let system = System::start();
    system.stock_up();
    place(&system, "done", 0);
    place(&system, "waits", 600_000);
    place_too_much(&system, "too-much");
    wait_until("the ends", || {
        system.state_of("done") == "completed"
            && system.state_of("too-much") == "rejected"
            && system.state_of("waits") == "prepared"
    });
    let browser = open(&system, "");
    (system, browser)
}

#[test]
fn orders_are_filtered_at_addresses_that_can_be_sent() {
    let (_system, browser) = shop();
    browser.click("#ways a[href='#/orders']");
    until_listed(&browser, &["too-much", "waits", "done"]);
    assert!(browser.holds("document.title === 'Orders – Murmuration'"));
    browser.choose("#filter-state", "prepared");
    until_listed(&browser, &["waits"]);
    assert_eq!(hash(&browser), "#/orders?state=prepared");
    // Somebody who is sent the address sees the same.
    browser.reload();
    until_listed(&browser, &["waits"]);
    assert!(browser.holds("document.querySelector('#filter-state').value === 'prepared'"));
    browser.value_of("location.hash = '#/orders?reason=out_of_stock'");
    until_listed(&browser, &["too-much"]);
    assert!(browser.text(".found-orders").contains("out of stock"));
    browser.picture("orders-filtered", Screen::Desktop);
    browser.value_of("history.back()");
    until_listed(&browser, &["waits"]);
    browser.click(".found-orders a.row");
    wait_until("the order", || browser.text("#sheet-title").contains("waits"));
    browser.click("#sheet button[aria-label='Close']");
    until_listed(&browser, &["waits"]);
    browser.click("#sheet button[aria-label='Close']");
    wait_until("the overview", || browser.holds("document.getElementById('sheet').hidden"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn what_is_typed_is_held_against_what_makes_sense_and_told_beside_its_field() {
    let (_system, browser) = shop();
    browser.value_of("location.hash = '#/orders'");
    until_listed(&browser, &["too-much", "waits", "done"]);
    browser.fill("#filter-min", "100");
    browser.press(ENTER);
    wait_until("a currency is asked for", || {
        browser.text("#filter-currency-wrong").contains("of a currency")
    });
    browser.fill("#filter-currency", "gbp");
    browser.press(ENTER);
    until_listed(&browser, &["too-much"]);
    assert_eq!(hash(&browser), "#/orders?currency=GBP&min=10000");
    assert!(browser.holds("document.querySelector('#filter-min').value === '100.00'"));
    browser.value_of("location.hash = '#/orders?state=asleep'");
    wait_until("the refusal", || browser.text(".found-orders").contains("use one of placed"));
    assert!(!browser.scrolls_sideways());
}

#[test]
fn states_reasons_and_edges_lead_to_their_orders() {
    let (_system, browser) = shop();
    for (link, expected) in [
        ("#states a[href='#/orders?state=completed']", "done"),
        ("#reasons a[href='#/orders?reason=out_of_stock']", "too-much"),
        ("#graph a[href='#/orders?reason=out_of_stock']", "too-much"),
        ("#graph a[href='#/orders?state=confirmed']", ""),
    ] {
        let there = format!("document.querySelector({}) !== null", json!(link));
        wait_until(link, || browser.holds(&there));
        browser.value_of(&format!("document.querySelector({}).focus()", json!(link)));
        browser.press(ENTER);
        let expected: &[&str] = if expected.is_empty() { &[] } else { &[expected] };
        wait_until("the list", || !browser.text(".found-orders").contains("Looking"));
        until_listed(&browser, expected);
        browser.value_of("location.hash = '#/'");
        wait_until("the overview", || browser.holds("document.getElementById('sheet').hidden"));
    }
}

#[test]
fn long_lists_are_turned_page_by_page() {
    let system = System::start();
    system.stock_up();
    for nth in 0..55 {
        place(&system, &format!("o-{nth}"), 600_000);
    }
    let browser = open(&system, "#/orders?customer=ann");
    wait_until("the first page", || listed(&browser).len() == 50);
    assert_eq!(listed(&browser)[0], "o-54");
    browser.click(".pages a");
    wait_until("the second page", || listed(&browser) == ["o-4", "o-3", "o-2", "o-1", "o-0"]);
    assert!(hash(&browser).starts_with("#/orders?customer=ann&cursor="), "{}", hash(&browser));
    browser.reload();
    wait_until("the same page", || listed(&browser).len() == 5);
    browser.click(".pages a");
    wait_until("the first page", || listed(&browser).len() == 50);
}

#[test]
fn each_event_shows_what_its_stream_holds() {
    let (_system, browser) = shop();
    browser.value_of("location.hash = '#/orders/done'");
    wait_until("the events", || browser.holds("document.querySelector('.opener') !== null"));
    browser.value_of("document.querySelector('.opener').focus()");
    browser.press(ENTER);
    let content = "#sheet tr.content:not([hidden])";
    wait_until("the content", || browser.text(content).contains("\"business_date\""));
    let shown = browser.text(content);
    assert!(shown.contains("ORDER 1 ·") && shown.contains("\"order_id\": \"done\""), "{shown}");
    assert!(shown.contains("ce-type") && !shown.contains("ce-idempotency"), "{shown}");
    assert!(browser.holds("document.querySelector('.opener').ariaExpanded === 'true'"));
    browser.picture("event-content", Screen::Desktop);
    browser.press(ENTER);
    wait_until("it is closed", || browser.text(content).is_empty());
    browser.click(".lanes circle.end");
    wait_until("the last one", || browser.text(content).contains("\"reason\": \"dispatched\""));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}
