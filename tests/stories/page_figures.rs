//! Figures, amounts and charts of the page: their units, their populations and their scales.

use serde_json::{Value, json};

use crate::page::{open, place};
use crate::support::{Browser, Screen, System, wait_until};

/// What a module of the page makes of something, in the page.
pub(crate) fn made(browser: &Browser, module: &str, expression: &str) -> Value {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         import('/page/js/{module}.js').then((m) => done({expression}), (e) => done(String(e)));"
    );
    browser.run_async(&script)
}

#[test]
fn amounts_durations_and_shares_are_what_was_counted() {
    let system = System::start();
    let browser = open(&system, "");
    let cases = [
        // By the currency's own decimals, which are not the browser's everywhere.
        ("m.money({ minor: 500, currency: 'JPY' })", "JP¥500"),
        ("m.money({ minor: 1234567, currency: 'KWD' })", "KWD\u{a0}1,234.567"),
        ("m.money({ minor: 12345, currency: 'CLF' })", "CLF\u{a0}1.2345"),
        ("m.money({ minor: 1205, currency: 'HUF' })", "HUF\u{a0}12.05"),
        ("m.money({ minor: 5, currency: 'GBP' })", "£0.05"),
        ("m.money({ minor: -1205, currency: 'GBP' })", "-£12.05"),
        // Beyond what a double holds.
        ("m.money({ minor: 9007199254740993n, currency: 'GBP' })", "£90,071,992,547,409.93"),
        ("m.money({ minor: 2 ** 60, currency: 'JPY' })", "about JP¥1,152,921,504,606,846,976"),
        // Rounded first, and a unit chosen then.
        ("m.duration(59_999)", "1 min 0 s"),
        ("m.duration(3_599_900)", "1 h 0 min"),
        ("m.duration(999.7)", "1.00 s"),
        ("m.duration(30_000)", "30 s"),
        ("m.duration(35.6)", "36 ms"),
        ("m.precise(35.6)", "36 ms"),
        // Nothing but all is all.
        ("m.percent(9_999, 10_000)", "over 99.9%"),
        ("m.percent(1, 10_000)", "under 0.1%"),
        ("m.percent(10, 10)", "100%"),
        ("m.rate(0.02)", "under 0.1/s"),
    ];
    for (expression, expected) in cases {
        assert_eq!(made(&browser, "format", expression), json!(expected), "{expression}");
    }
}

#[test]
fn integers_beyond_53_bits_keep_every_digit() {
    let system = System::start();
    let browser = open(&system, "");
    let text = r#"{"minor": 27000000000000000001, "small": 5, "share": 0.5}"#;
    let again = format!("m.print(m.parse({}))", json!(text));
    let again = made(&browser, "exact", &again);
    assert!(again.as_str().unwrap().contains("27000000000000000001"), "{again}");
    let sum = made(&browser, "exact", "String(m.sumOf([9007199254740991, 2, 9007199254740993n]))");
    assert_eq!(sum, json!("18014398509481986"));
}

#[test]
fn days_that_are_years_apart_stand_side_by_side_with_their_years() {
    let system = System::start();
    let browser = open(&system, "");
    let day = "(date) => ({ date, by_state: { completed: 1 }, revenue: [{ minor: 100, currency: 'GBP' }] })";
    let series = format!(
        "m.seriesOf({{ at: '2026-01-31T08:00:00Z', orders: {{ revenue: [] }}, days: ['2024-01-01', '2011-12-09', '2011-01-01'].map({day}) }}, 'days')"
    );
    let made = made(&browser, "series", &series);
    assert_eq!(made["xs"], json!([0, 1, 2]), "no day is a hairline beside an empty decade: {made}");
    assert_eq!(made["revenue"], json!([100, 100, 100]));
}

/// What the page would say of figures that it has in this state.
fn faults(browser: &Browser, state: &Value) -> String {
    let texts =
        format!("m.faultsOf({state}).map((one) => `${{one.text}} ${{one.more ?? ''}}`).join(' ')");
    made(browser, "health", &texts).as_str().unwrap().to_owned()
}

#[test]
fn figures_are_called_incomplete_only_while_they_are_of_a_part() {
    let system = System::start();
    let browser = open(&system, "");
    let streams = |folded: u64, last: Option<u64>| json!({ "ORDER": { "folded": folded, "last": last, "connected": true } });
    let rebuilding = json!({ "state": "rebuilding", "fresh": false, "redis": "connected", "as_of": "2026-01-31T08:00:00Z" });
    let at = |problem: Value, streams: Value| json!({ "at": "2026-01-31T08:00:09Z", "orders": {}, "problem": problem, "read_model": rebuilding, "freshness": { "streams": streams } });
    let before = faults(&browser, &at(json!({ "type": "no-read-model" }), streams(0, Some(0))));
    assert!(before.contains("No event folded yet. The figures are as of "), "{before}");
    assert!(!before.contains("incomplete") && !before.contains("of 0 events"), "{before}");
    let part = faults(&browser, &at(Value::Null, streams(5, Some(20))));
    assert!(part.contains("25.0% of 20 events folded. The figures are incomplete."), "{part}");
    assert!(!part.contains("as of"), "{part}");
    let unknown = faults(&browser, &at(Value::Null, streams(5, None)));
    assert!(unknown.contains("5 events folded.") && !unknown.contains('%'), "{unknown}");
}

#[test]
fn an_ended_order_of_which_something_is_to_be_undone_is_not_settled() {
    let system = System::start();
    system.stock_up();
    place(&system, "gift", 600_000);
    wait_until("the window is open", || system.state_of("gift") == "prepared");
    system.expect(&["stop", "payment"]);
    let cancelled = system.post("order", "/orders/gift/cancel", &json!({}));
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    let browser = Browser::open(system.expect(&["page"]).trim());
    wait_until("it is told apart", || {
        browser.text("#figures").contains("Not settled11 of them ended")
    });
    assert!(browser.text("#figures").contains("of 1 ended"));
    assert!(!browser.text("main").contains("in flight"));
}

/// Hands sections to the page as if they had been sent; what is left out stays as it is.
fn send(browser: &Browser, sections: &str) {
    made(browser, "store", &format!("m.take((({{ orders, sagas }}) => ({sections}))(m.known))"));
}

#[test]
fn amounts_that_are_long_fit_a_narrow_screen_and_a_headline_never_breaks() {
    let system = System::start();
    system.stock_up();
    place(&system, "o-1", 0);
    let browser = open(&system, "");
    wait_until("the order", || browser.text("#recent").contains("completed"));
    let best = "[...'1234567'].map((id) => ({ id, name: `\u{202e}${id} of it`, units: 40_000, orders: 1_234, minor: 999_999_999_000_500, currency: 'GBP' }))";
    let low = "{ products: 5_994, at_most_units: 10, fewest: [...'1234567890'].map((sku) => ({ sku, name: sku, available: 1, reserved: 2, on_hand: 3 })) }";
    send(
        &browser,
        &format!(
            "{{ top_products: {best}, top_customers: {best}, low_stock: {low}, \
             orders: {{ ...orders, revenue: [{{ minor: 999_999_999_000_500, currency: 'GBP' }}] }} }}"
        ),
    );
    wait_until("the amounts", || browser.text("#figures").contains("£9,999,999,990,005.00"));
    for screen in [Screen::Laptop, Screen::Phone, Screen::Narrow] {
        browser.show_on(screen);
        for part in ["html", "#products", "#customers", "#stock", "#health .scrolls", "#recent"] {
            let fits =
                format!("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('{part}'))");
            wait_until(&format!("{part} on {screen:?}"), || browser.holds(&fits));
        }
        assert!(browser.holds(
            "[...document.querySelectorAll('.figure b')].every(e => e.scrollWidth <= e.clientWidth && e.clientHeight < 2 * parseFloat(getComputedStyle(e).fontSize))"
        ));
        browser.picture(&format!("long-amounts-{screen:?}").to_lowercase(), screen);
    }
    assert_eq!(
        browser.text("#stock-note"),
        "the first 6 of 5,994 products, also some no longer sold, 10 units or fewer"
    );
    assert_eq!(browser.text("#products-note"), "the first 6");
    assert!(browser.text("#products").contains("1 of it"));
    assert!(!browser.text("#products").contains('\u{202e}'), "a name turned what stands beside it");
}
