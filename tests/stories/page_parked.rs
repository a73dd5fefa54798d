//! Events that could not be folded, for an operator: on the page and from the command line.

use serde_json::Value;

use crate::page::{open, place};
use crate::support::{Browser, Screen, System, wait_until};

/// A system whose read side panics over the first charge. It is of no use to start it anew, until its environment
/// is another one.
fn poisoned() -> System {
    let system = System::start();
    system.expect(&["down"]);
    let mut up = system.command(&["up", "--detach", "--nice", "0", "--free-ports"]);
    up.env("MURMUR_FAILPOINTS", "fold-event=panic@PAYMENT/1");
    assert!(up.output().unwrap().status.success());
    system.stock_up();
    place(&system, "o-1", 0);
    wait_until("the end", || system.state_of("o-1") == "completed");
    wait_until("it is parked", || parked(&system)["open"] == 1);
    system
}

fn parked(system: &System) -> Value {
    system.get("query", "/parked").body
}

fn until_text(browser: &Browser, text: &str) {
    wait_until(text, || browser.text("#sheet .parked").contains(text));
}

fn deed(browser: &Browser, name: &str) {
    let click = format!("document.querySelector('[data-deed=\"{name}\"]').click()");
    browser.value_of(&click);
}

#[test]
fn a_parked_event_is_told_with_its_reason_and_dropped_on_the_page() {
    let system = poisoned();
    let browser = open(&system, "#/read-model");
    until_text(&browser, "folding it panics: failpoint");
    assert!(browser.text("#sheet .parked").contains("1 event could not be folded"));
    assert_eq!(browser.violations(), Vec::<String>::new());
    browser.click("#sheet .parked .opener");
    until_text(&browser, "order_id");
    browser.picture("parked", Screen::Desktop);
    deed(&browser, "drop-PAYMENT/1");
    wait_until("it asks why", || browser.holds("document.activeElement.name === 'why'"));
    browser.click("form.act button[type=submit]");
    wait_until("a reason", || browser.text("form.act").contains("Why is missing"));
    browser.value_of("document.querySelector('form.act [name=why]').focus()");
    browser.press("known, and harmless");
    browser.click("form.act button[type=submit]");
    until_text(&browser, "known, and harmless");
    until_text(&browser, "All of them were dropped");
    assert!(!browser.text("#sheet .parked").contains("null"), "what is not there is not shown");
    assert_eq!(browser.violations(), Vec::<String>::new());
    assert_eq!(parked(&system)["open"], 0);
    assert_eq!(parked(&system)["items"][0]["dropped"]["who"], "operator");
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn a_parked_event_is_listed_retried_and_dropped_from_the_command_line() {
    let system = poisoned();
    let said = |arguments: &[&str]| {
        let output = system.murmur(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code().unwrap(), text)
    };
    let (exit, list) = said(&["parked", "list"]);
    assert!(list.contains("PAYMENT/1") && list.contains("no service holds a stream"), "{list}");
    assert_eq!(exit, 1);
    assert!(said(&["status"]).1.contains("parked events: 1"), "it is told there, too");
    let (exit, shown) = said(&["parked", "show", "PAYMENT/1"]);
    assert!(shown.contains("was tried 3 times") && shown.contains("order_id"), "{shown}");
    assert_eq!(exit, 1);
    // This build cannot fold it in another generation, either.
    let (exit, retried) = said(&["parked", "retry"]);
    assert!(retried.contains("PAYMENT/1 is still parked"), "{retried}");
    assert!(retried.contains("taken away again"), "{retried}");
    assert_eq!(exit, 1);
    let (_, before) = said(&["parked", "list", "--json"]);
    // One that does not panic can.
    system.expect(&["down"]);
    system.up(&[]);
    assert_eq!(said(&["parked", "list", "--json"]).1, before, "what is parked stays so");
    let (exit, retried) = said(&["parked", "retry"]);
    assert!(retried.contains("PAYMENT/1 is folded in the new generation"), "{retried}");
    assert_eq!(exit, 0);
    system.expect(&["views", "rebuild"]);
    wait_until("it is folded", || parked(&system)["open"] == 0);
    assert_eq!(said(&["parked", "list"]).0, 0);
    system.expect(&["audit"]);
    let (exit, _) = said(&["parked", "drop", "PAYMENT/1", "--why", "too late"]);
    assert_eq!(exit, 1, "it is not parked any more");
}
