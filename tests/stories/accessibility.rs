//! The page by WCAG 2.2 AA, in each of its states, light and dark, wide and narrow.

use crate::page::{open, place, row_of};
use crate::page_health::flush_redis;
use crate::support::{Browser, Screen, System, is_within_patience, wait_until};

const ESCAPE: &str = "\u{e00c}";

/// The page as it is, in both themes and on both screens.
fn assert_accessible(browser: &Browser, state: &str) {
    for theme in ["light", "dark"] {
        browser.prefer(theme);
        let wanted = format!("document.documentElement.dataset.theme === '{theme}'");
        wait_until("the theme", || browser.holds(&wanted));
        for screen in [Screen::Laptop, Screen::Narrow] {
            browser.show_on(screen);
            let at = format!("{state}, {theme}, {screen:?}");
            assert_eq!(browser.violations(), Vec::<String>::new(), "{at}");
            wait_until(&format!("{at}: no sideways scrolling"), || !browser.scrolls_sideways());
        }
    }
    assert!(browser.holds("document.querySelectorAll('h1').length === 1"));
}

fn until_text(browser: &Browser, selector: &str, text: &str) {
    let mut there = String::new();
    let read = || {
        there = browser.text(selector);
        there.contains(text)
    };
    assert!(is_within_patience(read), "{selector} never said {text:?}, but {there:?}");
}

#[test]
fn figures_search_sheets_and_help_can_be_used_by_everybody() {
    let system = System::start();
    system.stock_up();
    let browser = open(&system, "");
    assert_accessible(&browser, "nothing yet");
    for order in ["o-1", "a-name-that-is-much-longer-than-the-names-of-other-orders"] {
        place(&system, order, 0);
    }
    place(&system, "waits", 600_000);
    wait_until("the end", || row_of(&browser, "o-1").contains("completed"));
    until_text(&browser, "#latencies", "the whole order");
    assert_accessible(&browser, "following");
    browser.value_of("document.querySelector('.as-table').open = true");
    until_text(&browser, ".as-table", "Revenue");
    assert_accessible(&browser, "figures as a table");
    browser.press("/");
    browser.press("o-1");
    until_text(&browser, "#hits", "o-1");
    assert_accessible(&browser, "search results");
    browser.press(ESCAPE);
    for (path, title) in [
        ("orders/waits", "Order waits"),
        ("customers/ann", "Ann (ann)"),
        ("products/mug", "Mug (mug)"),
        ("orders?state=completed", "Orders"),
    ] {
        browser.value_of(&format!("location.hash = '#/{path}'"));
        let titled = format!("document.title === '{title} – Murmuration'");
        wait_until("the title", || browser.holds(&titled));
        wait_until("the sheet", || {
            browser.holds("document.querySelector('#sheet table') !== null")
        });
        assert_accessible(&browser, path);
    }
    browser.press(ESCAPE);
    wait_until("it is closed", || browser.holds("document.getElementById('sheet').hidden"));
    browser.press("?");
    assert_accessible(&browser, "help");
}

#[test]
fn what_can_be_done_can_be_done_by_everybody() {
    let system = System::start();
    system.stock_up();
    place(&system, "waits", 600_000);
    let browser = open(&system, "");
    wait_until("the order", || row_of(&browser, "waits").contains("prepared"));
    browser.value_of("document.querySelector('[data-span=range]').click()");
    assert_accessible(&browser, "a range of days");
    for (path, text) in [
        ("orders?state=rejected", "No order is like that"),
        ("new/order", "Place it"),
        ("new/customer", "Register"),
        ("new/product", "List"),
        ("processes", "last lines"),
        ("logs/order", "listening"),
        ("read-model", "Build a new one"),
        ("audit", "No audit"),
    ] {
        browser.value_of(&format!("location.hash = '#/{path}'"));
        until_text(&browser, "#sheet", text);
        assert_accessible(&browser, path);
    }
    browser.value_of("location.hash = '#/new/order'");
    until_text(&browser, "form.act", "Place it");
    browser.click("form.act button[type=submit]");
    until_text(&browser, "form.act", "Customer is missing");
    assert_accessible(&browser, "a form with what is wrong");
    browser.value_of("location.hash = '#/orders/waits'");
    until_text(&browser, "#sheet .deeds", "Cancel the order");
    browser.click(".opener");
    until_text(&browser, "#sheet .content:not([hidden])", "order_id");
    assert_accessible(&browser, "an event's content");
    browser.click(".deeds button");
    until_text(&browser, "#sheet form.act", "Cancel this order");
    assert_accessible(&browser, "a question before an order is cancelled");
}

#[test]
fn what_is_down_can_be_perceived_by_everybody() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1", 0);
    let browser = open(&system, "");
    wait_until("the end", || row_of(&browser, "o-1").contains("completed"));
    system.expect(&["stop", "payment"]);
    until_text(&browser, "#spoken", "payment is stopped since");
    assert_accessible(&browser, "a service is stopped");
    system.expect(&["stop", "nats"]);
    until_text(&browser, "#spoken", "The broker is away since");
    assert_accessible(&browser, "the broker is away");
    flush_redis(&system);
    until_text(&browser, "#spoken", "is being rebuilt");
    assert_accessible(&browser, "rebuilding");
    system.expect(&["stop", "redis"]);
    until_text(&browser, "#spoken", "Redis is away");
    assert_accessible(&browser, "Redis is away");
    system.expect(&["stop", "query"]);
    until_text(&browser, "#spoken", "The connection was lost");
    assert_accessible(&browser, "the connection is lost");
}

#[test]
fn a_page_that_still_loads_can_be_used_by_everybody() {
    let system = System::start();
    let browser = open(&system, "");
    // It connects and hears nothing.
    browser.run_first("window.EventSource = class { close() {} }; setInterval = () => 0;");
    browser.reload();
    until_text(&browser, "#connection", "Connecting");
    assert_accessible(&browser, "loading");
}
