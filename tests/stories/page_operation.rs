//! How the system is run, on the page: processes and their logs, the read model's generations, the last audit.

use serde_json::{Value, json};

use crate::page::{open, place};
use crate::support::{Browser, Screen, System, wait_until};

/// What stands in one row of the panel.
fn part(browser: &Browser, name: &str) -> String {
    browser.text(&format!("#operation tr[data-key='{name}']"))
}

fn process(browser: &Browser, name: &str) -> String {
    let row = format!(
        "[...document.querySelectorAll('#sheet tbody tr')].find((e) => e.firstElementChild.textContent === {})?.textContent ?? ''",
        json!(name)
    );
    browser.value_of(&row).as_str().unwrap().to_owned()
}

fn click(browser: &Browser, deed: &str) {
    let button = format!("#sheet [data-deed='{deed}']");
    let there = format!("document.querySelector({}) !== null", json!(button));
    wait_until(deed, || browser.holds(&there));
    browser.value_of(&format!("document.querySelector({}).click()", json!(button)));
}

#[test]
fn processes_are_told_with_their_restarts_and_the_end_of_their_logs() {
    let system = System::start();
    let browser = open(&system, "");
    wait_until("all are ready", || part(&browser, "Processes").contains("all ready"));
    assert!(part(&browser, "Processes").contains("10 processes · 0 restarts"));
    browser.click("#operation a[href='#/processes']");
    wait_until("the processes", || process(&browser, "payment").starts_with("paymentready0"));
    system.expect(&["kill", "payment"]);
    wait_until("the restart", || {
        let text = process(&browser, "payment");
        text.starts_with("paymentready1") && text.contains("SIGKILL")
    });
    browser.picture("processes", Screen::Desktop);
    system.expect(&["stop", "shipping"]);
    wait_until("the stop", || process(&browser, "shipping").starts_with("shippingstopped"));
    browser.click("#sheet a[href='#/logs/payment']");
    wait_until("the log", || browser.text("#sheet .log").contains("listening"));
    browser.picture("log", Screen::Desktop);
    browser.value_of("location.hash = '#/logs/nobody'");
    wait_until("there is none", || browser.text("#sheet").contains("no such process"));
    assert_eq!(browser.complaints().len(), 1, "the browser's own word for the last");
}

#[test]
fn the_read_model_is_built_anew_compared_and_switched_on_the_page() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1", 0);
    wait_until("the end", || system.state_of("o-1") == "completed");
    let browser = open(&system, "#/read-model");
    click(&browser, "build");
    wait_until("it is built", || {
        browser.holds("document.querySelector('[data-deed=switch]') !== null")
    });
    click(&browser, "compare");
    wait_until("nothing differs", || browser.text("#sheet .below").contains("nothing differs"));
    assert!(browser.text("#sheet .below").contains("order"));
    browser.picture("read-model", Screen::Desktop);
    click(&browser, "switch");
    browser.click("form.act button[type=submit]");
    wait_until("it is read", || browser.text("#sheet .below").contains("is read."));
    click(&browser, "back");
    browser.click("form.act button[type=submit]");
    wait_until("the one before is read", || browser.text("#sheet .below").contains("is read."));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn the_last_audit_is_shown_with_its_time_and_each_check() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1", 0);
    wait_until("the end", || system.state_of("o-1") == "completed");
    let browser = open(&system, "");
    wait_until("none yet", || part(&browser, "Last audit").contains("none yet"));
    system.expect(&["audit"]);
    wait_until("the verdict", || part(&browser, "Last audit").contains("clean"));
    browser.click("#operation a[href='#/audit']");
    wait_until("the checks", || browser.text("#sheet").contains("exactly one end"));
    assert!(browser.text("#sheet").contains("the audit is clean: 1 orders"));
    browser.picture("audit", Screen::Desktop);
}

#[test]
fn charts_and_reasons_are_of_the_days_that_were_chosen() {
    let system = System::start();
    system.stock_up();
    for (id, date) in [("o-1", "2026-01-31"), ("o-2", "2026-03-15")] {
        let order = json!({"id": id, "customer_id": "ann", "business_date": date,
            "lines": [{"sku": "mug", "quantity": 2}]});
        assert_eq!(system.post("order", "/orders", &order).status, 201);
        wait_until("the end", || system.state_of(id) == "completed");
    }
    let browser = open(&system, "");
    wait_until("both", || browser.text("#reasons").contains("dispatched2"));
    browser.value_of("document.querySelector('[data-span=range]').click()");
    let date = |name: &str, day: &str| {
        let field = format!("document.querySelector('.range-days [name={name}]')");
        browser.value_of(&format!("{field}.value = '{day}'"));
        browser
            .value_of(&format!("{field}.dispatchEvent(new Event('change', {{ bubbles: true }}))"));
    };
    date("from", "2026-03-01");
    date("to", "2026-03-31");
    wait_until("one of them", || browser.text("#reasons").contains("dispatched1"));
    assert!(browser.text("#reasons-note").contains("2026-03-01 to 2026-03-31"));
    assert!(browser.text("#revenue-note").contains("£5.00 in the business days chosen"));
    browser.picture("time-range", Screen::Desktop);
    browser.click("#reasons a");
    wait_until("its orders", || browser.text(".found-orders").contains("o-2"));
    assert!(!browser.text(".found-orders").contains("o-1"));
    browser.value_of("location.hash = '#/'");
    date("to", "2026-02-01");
    wait_until("no range", || browser.text(".range-days .wrong").contains("later than to"));
}
