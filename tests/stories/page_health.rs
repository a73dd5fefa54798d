//! What the page says of what is down: each process by its own word, and apart from it how fresh the
//! figures are.

use crate::page::{open, place, row_of};
use crate::page_figures::made;
use crate::support::{Browser, Screen, System, wait_until};

/// The six services.
const SERVICES: [&str; 6] = ["customer", "product", "order", "inventory", "payment", "shipping"];

fn state_of(browser: &Browser, service: &str) -> String {
    browser.text(&format!("#health tr[data-key='{service}'] .pill"))
}

fn notice(browser: &Browser) -> String {
    browser.text("#notice")
}

fn headline(browser: &Browser) -> String {
    browser.text("#connection")
}

fn is_fresh(browser: &Browser) -> bool {
    browser.holds("document.documentElement.dataset.fresh === 'true'")
}

fn all_are(browser: &Browser, state: &str) -> bool {
    SERVICES.iter().all(|service| state_of(browser, service) == state)
}

fn until_well(browser: &Browser) {
    wait_until("all is well", || headline(browser) == "Live" && all_are(browser, "ready"));
    assert_eq!((notice(browser).as_str(), is_fresh(browser)), ("", true));
}

/// A page that shows an order, of a system that is well.
fn well() -> (System, Browser) {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1", 0);
    let browser = open(&system, "");
    wait_until("the order", || row_of(&browser, "o-1").contains("completed"));
    until_well(&browser);
    (system, browser)
}

/// Whether what has a colour of its own while it is fresh has that of faint text.
fn is_grey(browser: &Browser, selector: &str) -> bool {
    let tone = "(e) => getComputedStyle(e).getPropertyValue('--forward')";
    let root = "getComputedStyle(document.documentElement).getPropertyValue('--ink-faint')";
    browser.holds(&format!("({tone})(document.querySelector('{selector}')) === {root}"))
}

pub(crate) fn flush_redis(system: &System) {
    assert_eq!(system.redis(&["FLUSHALL"]), "+OK\r\n");
}

#[test]
fn a_service_that_has_stopped_or_hangs_is_told_and_the_figures_are_still_fresh() {
    let (system, browser) = well();
    system.expect(&["stop", "payment"]);
    wait_until("the stop", || state_of(&browser, "payment").starts_with("stopped since "));
    wait_until("the banner", || notice(&browser).starts_with("payment is stopped since "));
    assert_eq!(headline(&browser), "1 of 6 not ready");
    assert!(browser.holds(
        "[...document.querySelectorAll('#graph .service')].filter(e => e.dataset.health === 'bad').length === 1"
    ));
    assert!(is_fresh(&browser) && browser.text("#figures").contains("Following"));
    browser.picture("service-stopped", Screen::Desktop);
    system.expect(&["start", "payment"]);
    until_well(&browser);
    system.expect(&["pause", "payment"]);
    wait_until("the silence", || state_of(&browser, "payment").starts_with("down since "));
    assert!(browser.text("#health tr[data-key='payment why']").contains("it last said “ready”"));
    system.expect(&["start", "payment"]);
    until_well(&browser);
}

#[test]
fn a_fence_is_shown_with_its_reason_and_its_choices() {
    let (system, browser) = well();
    system.expect(&["stop", "payment"]);
    for entry in std::fs::read_dir(system.folder("payment")).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("db") => std::fs::write(&path, vec![7; 64 * 1024]).unwrap(),
            Some("db-wal" | "db-shm") => std::fs::remove_file(&path).unwrap(),
            _ => {}
        }
    }
    system.murmur(&["start", "payment"]);
    wait_until("the fence", || state_of(&browser, "payment").starts_with("fenced since "));
    assert!(notice(&browser).contains("payment is fenced since "), "{}", notice(&browser));
    assert!(notice(&browser).contains("cannot be read"), "{}", notice(&browser));
    assert!(browser.holds("document.querySelectorAll('#health .why li').length > 0"));
    browser.picture("service-fenced", Screen::Desktop);
}

#[test]
fn without_redis_the_services_are_well_and_the_figures_are_as_of_then() {
    let (system, browser) = well();
    system.expect(&["stop", "redis"]);
    wait_until("the loss", || headline(&browser) == "Redis away");
    wait_until("the banner", || notice(&browser).starts_with("Redis is away since "));
    assert!(notice(&browser).contains("The figures are as of "), "{}", notice(&browser));
    assert!(all_are(&browser, "ready") && !is_fresh(&browser));
    assert!(row_of(&browser, "o-1").contains("completed"), "the last figures stay");
    wait_until("the past tense", || browser.text("#stuck").starts_with("No order was stuck"));
    for tone in ["#recent .pill", "#states .bar i", "#latencies .range i"] {
        assert!(is_grey(&browser, tone), "{tone}");
    }
    let figures = browser.text("#figures");
    assert!(!figures.contains("up to date") && !figures.contains("Following"), "{figures}");
    let ages = browser.text("#health tbody");
    system.expect(&["stop", "shipping"]);
    wait_until("the stop", || state_of(&browser, "shipping").starts_with("stopped since "));
    let later = browser.text("#health tbody");
    assert!(later.starts_with(ages.split("shipping").next().unwrap()), "{ages} became {later}");
    browser.picture("redis-away", Screen::Desktop);
    system.expect(&["start", "shipping"]);
    system.expect(&["start", "redis"]);
    until_well(&browser);
}

#[test]
fn without_the_broker_nobody_is_called_well_or_down() {
    let (system, browser) = well();
    system.expect(&["stop", "nats"]);
    wait_until("the loss", || headline(&browser) == "Broker away");
    assert!(notice(&browser).starts_with("The broker is away since "), "{}", notice(&browser));
    wait_until("what is unknown", || all_are(&browser, "unknown, last ready"));
    let states = "[...document.querySelectorAll('#graph .service .state')]";
    assert!(
        browser.holds(&format!("{states}.every(e => e.textContent === 'unknown, last ready')"))
    );
    assert!(!is_fresh(&browser) && !browser.text("#figures").contains("up to date"));
    browser.picture("broker-away", Screen::Desktop);
    flush_redis(&system);
    wait_until("the rebuilding", || notice(&browser).contains("is being rebuilt"));
    let shown = notice(&browser);
    assert!(shown.contains("The figures are as of ") && !shown.contains("incomplete"), "{shown}");
    assert!(!shown.contains("of 0 events"), "{shown}");
    let figures = browser.text("#figures");
    assert!(figures.contains("Rebuilding") && !figures.contains("up to date"), "{figures}");
    browser.picture("rebuilding", Screen::Desktop);
    system.expect(&["start", "nats", "--no-wait"]);
    until_well(&browser);
    wait_until("the order again", || row_of(&browser, "o-1").contains("completed"));
}

/// Redis may be found empty by a question before the projector finds it so, and a person who hears the page
/// is told only what has another key than before.
#[test]
fn what_is_said_twice_has_one_key_and_what_is_said_anew_has_another() {
    let system = System::start();
    let browser = open(&system, "");
    let by_question = "{ state: 'following' }, problem: { type: 'rebuilding', title: 'Empty' }";
    let faults = |of: &str| {
        let shown = made(&browser, "health", &format!("m.faultsOf({{ read_model: {of} }})[0]"));
        (shown["key"].clone(), shown["text"].clone())
    };
    assert_eq!(faults(by_question), faults("{ state: 'rebuilding' }"));
    let away = |reason: &str| faults(&format!("{{ state: 'away', since: 0, reason: '{reason}' }}"));
    assert_ne!(away("one").0, away("another").0);
}

#[test]
fn a_lost_connection_leaves_nothing_that_looks_alive() {
    let (system, browser) = well();
    system.expect(&["stop", "query"]);
    wait_until("the loss", || headline(&browser) == "Connection lost");
    wait_until("what is unknown", || all_are(&browser, "unknown"));
    assert!(!is_fresh(&browser) && !browser.text("#figures").contains("up to date"));
    system.expect(&["start", "query"]);
    until_well(&browser);
}
