//! The live page, in a real browser.

use serde_json::{Value, json};

use crate::support::{Browser, Screen, System, wait_until};

const ESCAPE: &str = "\u{e00c}";
const ENTER: &str = "\u{e007}";

fn page_of(system: &System) -> String {
    format!("http://127.0.0.1:{}/", system.port("query"))
}

pub(crate) fn is_live(browser: &Browser) -> bool {
    browser.holds("document.querySelector('#connection')?.dataset.state === 'live'")
}

pub(crate) fn open(system: &System, path: &str) -> Browser {
    let browser = Browser::open(system.expect(&["page"]).trim());
    wait_until("the page is live", || is_live(&browser));
    if !path.is_empty() {
        browser.go(&format!("{}{path}", page_of(system)));
        wait_until("the page is live", || is_live(&browser));
    }
    browser
}

pub(crate) fn place(system: &System, id: &str, hand_over_ms: u64) {
    let line = json!({"sku": "mug", "quantity": 3});
    let order =
        json!({"id": id, "customer_id": "ann", "lines": [line], "hand_over_ms": hand_over_ms});
    let placed = system.post("order", "/orders", &order);
    assert_eq!(placed.status, 201, "{placed:?}");
}

pub(crate) fn row_of(browser: &Browser, order: &str) -> String {
    browser.text(&format!("#recent tr[data-key='{order}']"))
}

/// What stands at the steps of one kind, in the lanes.
fn steps(browser: &Browser, kind: &str) -> Vec<String> {
    let names = format!(
        "[...document.querySelectorAll('.lanes .step-name[data-step={kind}]')].map(e => e.textContent)"
    );
    let Value::Array(names) = browser.value_of(&names) else { return Vec::new() };
    let mut names: Vec<_> =
        names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    names.sort();
    names
}

#[test]
fn the_page_loads_from_its_own_host_alone_and_moves_when_an_order_is_placed() {
    let system = System::start();
    system.stock_up();
    let browser = open(&system, "");
    assert_eq!(browser.text("#states-note"), "0 placed");
    assert!(browser.holds("document.title === 'Overview – Murmuration'"));
    place(&system, "o-1", 0);
    wait_until("the order is on the page", || row_of(&browser, "o-1").contains("completed"));
    wait_until("it counts", || browser.text("#figures").contains("£7.50"));
    assert_eq!(browser.text("#states-note"), "1 placed");
    assert!(browser.text("#products").contains("Mug"));
    assert!(browser.holds("document.querySelectorAll('#graph .line').length > 10"));
    assert!(browser.holds("document.querySelector('#revenue canvas').width > 400"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
    let own = page_of(&system);
    let asked = browser.requests();
    assert!(asked.iter().any(|url| url.ends_with("/live")), "{asked:?}");
    let foreign = |url: &&String| !url.starts_with(&own) && !url.starts_with("data:");
    assert_eq!(asked.iter().find(foreign), None);
}

/// The last tick of the lanes, the last row, and the sentence below.
fn the_same_time_is_told_alike(browser: &Browser) {
    let last = |selector: &str| {
        let texts =
            format!("[...document.querySelectorAll({})].at(-1).textContent", json!(selector));
        browser.value_of(&texts).as_str().unwrap().to_owned()
    };
    let (tick, row) = (last(".lanes .tick"), last("#sheet tbody td:nth-child(3)"));
    assert_eq!(tick, row);
    let hint = browser.text("#sheet .hint");
    assert!(
        hint.contains(&format!("events in {},", tick.trim_start_matches('+'))),
        "{hint}, {tick}"
    );
    assert!(browser.text("#sheet .scale").contains("not to scale"));
}

#[test]
fn a_cancelled_order_shows_how_everything_is_undone_while_one_looks() {
    let system = System::start();
    system.stock_up();
    place(&system, "gift", 600_000);
    wait_until("the window is open", || system.state_of("gift") == "prepared");
    let browser = open(&system, "#/orders/gift");
    wait_until("what is owed next", || steps(&browser, "owed") == ["confirmed"]);
    assert_eq!(steps(&browser, "undo"), [] as [&str; 0]);
    let cancelled = system.post("order", "/orders/gift/cancel", &json!({}));
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    wait_until("all three steps are undone", || {
        steps(&browser, "undo") == ["cancelled", "refunded", "released"]
    });
    wait_until("nothing is owed", || steps(&browser, "owed").is_empty());
    assert_eq!(steps(&browser, "refusal"), ["cancelled"]);
    assert!(browser.text("#sheet .hint").contains("3 of them to undo"));
    assert!(browser.text("#sheet .facts").contains("refunded £7.50"));
    assert!(browser.holds("document.title === 'Order gift – Murmuration'"));
    the_same_time_is_told_alike(&browser);
    browser.picture("order-cancelled", Screen::Desktop);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn a_browser_that_nobody_has_signed_in_asks_for_a_token_and_stays_signed_in() {
    let system = System::start();
    let browser = Browser::open(&page_of(&system));
    let asks = "document.querySelector('dialog[open] input[name=token]') !== null";
    wait_until("it asks", || browser.holds(asks));
    browser.press("wrong");
    browser.press(ENTER);
    wait_until("it is refused", || browser.text("dialog [role=alert]").contains("not in this"));
    assert!(browser.holds("(document.querySelector('dialog input').value = '') === ''"));
    browser.press(&system.token());
    browser.press(ENTER);
    wait_until("the page is live", || is_live(&browser));
    browser.reload();
    wait_until("it is live again", || is_live(&browser));
    assert!(browser.holds("document.cookie === '' && !document.querySelector('dialog[open]')"));
}

#[test]
fn a_page_that_has_lost_its_service_says_so_and_comes_back() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1", 0);
    let browser = open(&system, "");
    wait_until("the first order", || row_of(&browser, "o-1").contains("completed"));
    system.expect(&["stop", "query"]);
    wait_until("the loss is told", || browser.text("#notice").contains("was lost at"));
    assert_eq!(browser.text("#connection"), "Connection lost");
    assert!(row_of(&browser, "o-1").contains("completed"), "the last figures stay");
    place(&system, "o-2", 0);
    wait_until("the second order completed", || system.state_of("o-2") == "completed");
    system.expect(&["start", "query"]);
    wait_until("the page is live again", || is_live(&browser));
    wait_until("it shows what it missed", || row_of(&browser, "o-2").contains("completed"));
    assert!(browser.holds("document.getElementById('notice').hidden"));
    assert_eq!(browser.text("#states-note"), "2 placed");
}

#[test]
fn the_keyboard_is_enough() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1", 0);
    let browser = open(&system, "");
    wait_until("the order", || row_of(&browser, "o-1").contains("completed"));
    browser.press("/");
    assert!(browser.holds("document.activeElement.id === 'search'"));
    browser.press("o-1");
    wait_until("it is found", || browser.text("#found").contains("o-1"));
    browser.press(ENTER);
    wait_until("it is open", || browser.text("#sheet-title").contains("o-1"));
    assert!(browser.holds("location.hash === '#/orders/o-1'"));
    browser.press(ESCAPE);
    wait_until("it is closed", || browser.holds("document.getElementById('sheet').hidden"));
    wait_until("a row is chosen", || {
        browser.press("j");
        browser.holds("document.activeElement.getAttribute('href') === '#/orders/o-1'")
    });
    browser.press(ENTER);
    wait_until("the row is open", || browser.text("#sheet-title").contains("o-1"));
    browser.press(ESCAPE);
    browser.press("?");
    assert!(browser.holds("document.getElementById('help').open"));
    browser.press(ESCAPE);
    browser.press("t");
    assert!(browser.holds("document.documentElement.dataset.theme === 'dark'"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn it_fits_a_phone_and_is_dark_where_the_system_is() {
    let system = System::start();
    system.stock_up();
    for order in ["o-1", "o-2", "a-name-that-is-much-longer-than-the-names-of-other-orders"] {
        place(&system, order, 0);
    }
    let browser = open(&system, "");
    wait_until("the orders", || browser.text("#states-note") == "3 placed");
    wait_until("their ends", || browser.text("#latencies").contains("the whole order, placed"));
    browser.picture("overview-light", Screen::Desktop);
    browser.show_on(Screen::Phone);
    browser.picture("phone-light", Screen::Phone);
    browser.show_on(Screen::Desktop);
    browser.prefer("dark");
    browser.reload();
    wait_until("the dark page is live", || is_live(&browser));
    assert!(browser.holds("document.documentElement.dataset.theme === 'dark'"));
    wait_until("its figures", || browser.text("#states-note") == "3 placed");
    browser.picture("overview-dark", Screen::Desktop);
    browser.show_on(Screen::Phone);
    wait_until("the graph is upright", || {
        browser.holds("document.querySelector('#graph svg')?.clientWidth <= 390")
    });
    assert!(!browser.scrolls_sideways());
    browser.picture("phone-dark", Screen::Phone);
    browser.click("#recent a.row");
    wait_until("the lanes", || browser.holds("document.querySelector('.lanes.tall') !== null"));
    assert!(!browser.scrolls_sideways());
    browser.picture("phone-order-dark", Screen::Phone);
}
