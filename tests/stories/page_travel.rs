//! An order as it was after each of its events, on the page.

use serde_json::Value;

use crate::page::{open, place};
use crate::support::{Browser, Screen, System, wait_until};

const HOME: &str = "\u{e011}";
const END: &str = "\u{e010}";
const RIGHT: &str = "\u{e014}";

/// The events that are drawn in the lanes.
fn drawn(browser: &Browser) -> u64 {
    let steps = "document.querySelectorAll('.lanes circle.step:not(.owed-step)').length";
    browser.value_of(steps).as_u64().unwrap()
}

/// What the slider says of itself to whoever does not see it.
fn state_shown(browser: &Browser) -> String {
    let state_shown = "document.getElementById('travel').getAttribute('aria-valuetext')";
    browser.value_of(state_shown).as_str().unwrap().to_owned()
}

#[test]
fn an_order_is_followed_back_event_by_event_with_the_keyboard() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1", 0);
    wait_until("the end", || system.state_of("o-1") == "completed");
    let order = || system.get("query", "/orders/o-1").body;
    wait_until("all is folded", || order()["settled"] == true);
    let all = order()["timeline"].as_array().unwrap().len() as u64;
    let browser = open(&system, "#/orders/o-1");
    wait_until("the slider", || browser.holds("document.getElementById('travel') !== null"));
    assert_eq!(drawn(&browser), all);
    let every = format!("After all {all} events, ");
    assert!(state_shown(&browser).starts_with(&every), "{}", state_shown(&browser));
    browser.value_of("document.getElementById('travel').focus()");
    browser.press(HOME);
    assert_eq!(drawn(&browser), 1);
    let first = state_shown(&browser);
    assert!(first.starts_with(&format!("After 1 of {all} events, ")), "{first}");
    assert!(first.ends_with(": order.placed. The order was placed."), "{first}");
    assert_eq!(browser.text("#travel-told"), state_shown(&browser));
    let width = browser.value_of("document.querySelector('.lanes').getAttribute('width')");
    browser.press(RIGHT);
    assert_eq!(drawn(&browser), 2);
    assert!(state_shown(&browser).contains("inventory.reserved"), "{}", state_shown(&browser));
    assert_eq!(
        width,
        browser.value_of("document.querySelector('.lanes').getAttribute('width')"),
        "what came later keeps its place"
    );
    browser.picture("order-in-the-past", Screen::Desktop);
    assert_eq!(browser.violations(), Vec::<String>::new());
    browser.press(END);
    assert_eq!(drawn(&browser), all);
    assert!(
        state_shown(&browser).ends_with("The order was completed."),
        "{}",
        state_shown(&browser)
    );
    browser.press(HOME);
    browser.click(".travel button");
    assert_eq!(drawn(&browser), all);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}
