//! Figures, amounts and charts of the page: their units, their populations and their scales.

use serde_json::{Value, json};

use crate::page::open;
use crate::support::{Browser, System};

/// What a module of the page makes of something, in the page.
fn made(browser: &Browser, module: &str, expression: &str) -> Value {
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
