//! What an order waits for and what a service holds, over REST and on the page.

use crate::page::{open, place};
use crate::support::{Screen, System, wait_until};
use crate::versions::{Build, KNOWS_NO_VERSION_2, WRITES_VERSION_2};

/// A deadline that does not pass meanwhile.
const NO_HURRY: [&str; 2] = ["--deadline-ms", "3600000"];

#[test]
fn an_order_that_waits_says_for_whom_since_when_and_how_it_can_end() {
    let system = System::start_with(&NO_HURRY);
    system.stock_up();
    let browser = open(&system, "");
    system.expect(&["stop", "shipping"]);
    place(&system, "o-1", 0);
    let next = || system.get("query", "/orders/o-1/next").body;
    let owes = |service: &str| {
        let owed = next()["owed"].as_array().cloned().unwrap_or_default();
        owed.iter().any(|one| one["service"] == service && one["due"].is_null())
    };
    wait_until("shipping owes", || owes("shipping"));
    let traced: serde_json::Value =
        serde_json::from_str(&system.expect(&["trace", "o-1", "--json"])).unwrap();
    let told = next();
    for member in ["owed", "awaited", "ends"] {
        assert_eq!(told[member], traced["timeline"][member], "{member}");
    }
    assert_eq!(told["is_over"], false);
    let stuck = |older_than: &str| {
        let path = format!("/stuck?older_than={older_than}");
        system.get("query", &path).body["stuck"]["shipping"][0]["order_id"].clone()
    };
    wait_until("it is stuck", || stuck("1s") == "o-1");
    assert!(stuck("1h").is_null());
    browser.value_of("location.hash = '#/orders/o-1'");
    wait_until("what happens next", || browser.text("section.next").contains("shipping"));
    let text = browser.text("section.next");
    assert!(text.contains("owes created or cancelled"), "{text}");
    assert!(text.contains("It can still end completed or cancelled."), "{text}");
    browser.picture("order-waits", Screen::Desktop);
    assert_eq!(browser.violations(), Vec::<String>::new());
    system.expect(&["start", "shipping"]);
    wait_until("it is over", || next()["is_over"] == true);
    wait_until("nothing more", || browser.holds("document.querySelector('section.next') === null"));
}

#[test]
fn a_stream_that_a_service_holds_is_told_with_its_row_and_reason() {
    let system = System::start_with(&NO_HURRY);
    system.stock_up();
    let browser = open(&system, "");
    let order = Build::start(&system, "order", &[KNOWS_NO_VERSION_2]);
    let shipping = Build::start(&system, "shipping", &[WRITES_VERSION_2]);
    place(&system, "o-1", 0);
    let row = order.wait_held()["row"].clone();
    let held = || {
        let processes = system.get("query", "/processes").body;
        let services = processes["services"].as_array().unwrap().clone();
        let order = services.into_iter().find(|one| one["service"] == "order").unwrap();
        order["held"][0].clone()
    };
    wait_until("it is heard", || held()["row"] == row);
    assert_eq!(held()["stream"], "shipping");
    let state = || browser.text("#health tr[data-key='order'] .pill");
    wait_until("it is shown", || state() == "ready, holds SHIPPING");
    let why = browser.text("#health tr[data-key='order why']");
    assert!(why.starts_with(&format!("it holds SHIPPING before row {row}: ")), "{why}");
    assert_eq!(browser.text("#connection"), "1 stream held");
    browser.picture("stream-held", Screen::Desktop);
    assert_eq!(browser.violations(), Vec::<String>::new());
    order.given_back();
    wait_until("it goes on", || browser.text("#connection") == "Live");
    shipping.given_back();
}
