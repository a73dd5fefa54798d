//! A service beside the shop's on the page: in the graph, among the processes, and gone when it is down.

use crate::loyalty::Loyalty;
use crate::page::open;
use crate::support::{Browser, Screen, System, wait_until};

fn names_in_the_graph(browser: &Browser) -> Vec<String> {
    let names =
        "[...document.querySelectorAll('#graph .service .name')].map((one) => one.textContent)";
    serde_json::from_value(browser.value_of(names)).unwrap()
}

fn state(browser: &Browser) -> String {
    browser.text("#health tr[data-key='loyalty'] .pill")
}

#[test]
fn a_service_that_nobody_knows_stands_in_the_graph_once_it_is_heard() {
    let system = System::start_with(&["--also", "loyalty=order"]);
    system.stock_up();
    let browser = open(&system, "");
    wait_until("the graph", || names_in_the_graph(&browser).len() == 6);
    let loyalty = Loyalty::start(&system, true);
    wait_until("it is drawn", || names_in_the_graph(&browser).contains(&"loyalty".to_owned()));
    wait_until("it is ready", || state(&browser) == "ready");
    for event in ["placed", "completed", "rejected", "cancelled"] {
        let title = format!("order.{event}: loyalty answers with ");
        let drawn = "[...document.querySelectorAll('#graph .label title')]";
        let is_drawn = format!("{drawn}.some((one) => one.textContent.startsWith('{title}'))");
        assert!(browser.holds(&is_drawn), "{event}");
    }
    browser.picture("with-a-newcomer", Screen::Desktop);
    browser.picture("with-a-newcomer-phone", Screen::Phone);
    assert_eq!(browser.violations(), Vec::<String>::new());
    drop(loyalty);
    wait_until("it is down", || state(&browser).starts_with("down since "));
    assert_eq!(browser.text("#connection"), "1 of 7 not ready");
}
