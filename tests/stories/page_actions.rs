//! What a person does on the page: each command goes from the browser to its owner, and what is wrong is told
//! where it is.

use serde_json::{Value, json};

use crate::page::open;
use crate::support::{Browser, Screen, System, wait_until};

/// Fills in the form that is open, and sends it.
fn send(browser: &Browser, fields: &[(&str, &str)]) {
    for (name, text) in fields {
        browser.fill(&format!("form.act [name='{name}']"), text);
    }
    browser.click("form.act button[type=submit]");
}

fn go(browser: &Browser, path: &str) {
    browser.value_of(&format!("location.hash = {}", json!(path)));
}

/// Opens the form behind a button.
fn choose(browser: &Browser, label: &str) {
    let button = format!(
        "[...document.querySelectorAll('#sheet .deeds button')].find((e) => e.textContent === {})",
        json!(label)
    );
    wait_until(label, || browser.holds(&format!("{button} !== undefined")));
    browser.value_of(&format!("{button}.click()"));
    wait_until("its form", || browser.holds("document.querySelector('form.act') !== null"));
}

fn until_titled(browser: &Browser, text: &str) {
    wait_until(text, || browser.text("#sheet-title").contains(text));
}

/// What is told beside a field.
fn wrong(browser: &Browser, field: &str) -> String {
    browser.text(&format!("form.act .field:has([name='{field}']) .wrong"))
}

#[test]
fn a_shop_is_opened_and_an_order_is_placed_and_cancelled_by_forms_alone() {
    let system = System::start();
    let browser = open(&system, "#/new/customer");
    wait_until("the form", || browser.holds("document.activeElement?.name === 'id'"));
    send(
        &browser,
        &[("id", "ann"), ("name", "Ann"), ("country", "Norway"), ("credit_limit", "500")],
    );
    until_titled(&browser, "Ann");
    go(&browser, "#/new/product");
    wait_until("the form", || browser.text("form.act h3") == "List a product");
    browser.picture("form", Screen::Desktop);
    send(&browser, &[("sku", "mug"), ("name", "Mug"), ("price", "2.50")]);
    until_titled(&browser, "Mug");
    choose(&browser, "Goods come in");
    send(&browser, &[("quantity", "100")]);
    wait_until("the goods", || browser.text("#sheet .facts").contains("On hand100"));
    choose(&browser, "Place an order");
    let lines = [("customer_id", "ann"), ("id", "o-1"), ("hand_over_seconds", "600")];
    send(&browser, &lines);
    until_titled(&browser, "Order o-1");
    wait_until("the window", || browser.text("#sheet .hint").contains("order owes confirmed"));
    choose(&browser, "Cancel the order");
    browser.picture("cancel", Screen::Desktop);
    send(&browser, &[]);
    wait_until("it is undone", || browser.text("#sheet .hint").contains("to undo what had been"));
    assert_eq!(system.state_of("o-1"), "cancelled");
    assert!(browser.text("#sheet .deeds").is_empty(), "what has ended is not cancelled again");
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn what_cannot_be_taken_is_told_beside_its_field_in_plain_words() {
    let system = System::start();
    system.stock_up();
    let browser = open(&system, "#/new/order");
    wait_until("the form", || browser.holds("document.activeElement?.name === 'customer_id'"));
    browser.click("form.act button[type=submit]");
    wait_until("what is missing", || wrong(&browser, "customer_id") == "Customer is missing.");
    send(&browser, &[("customer_id", "bob"), ("sku", "mug")]);
    wait_until("who is unknown", || wrong(&browser, "customer_id").contains("not known"));
    assert!(browser.holds("document.activeElement.name === 'customer_id'"));
    assert!(browser.holds("document.activeElement.ariaInvalid === 'true'"));
    send(&browser, &[("customer_id", "ann"), ("sku", "cup")]);
    wait_until("what is unknown", || wrong(&browser, "sku").contains("not known"));
    assert_eq!(wrong(&browser, "customer_id"), "", "it is right by now");
    send(&browser, &[("sku", "mug"), ("quantity", "many")]);
    wait_until("how many", || wrong(&browser, "sku").contains("whole number"));
    go(&browser, "#/new/customer");
    wait_until("the form", || browser.text("form.act h3") == "Register a customer");
    let named = [("id", "ann"), ("name", "Ann"), ("country", "Norway")];
    send(&browser, &[named[0], named[1], named[2], ("credit_limit", "1.234")]);
    wait_until("the decimals", || wrong(&browser, "credit_limit") == "GBP has 2 decimals.");
    send(&browser, &[("credit_limit", "5"), ("credit_limit-currency", "GBQ")]);
    wait_until("the currency", || wrong(&browser, "credit_limit").contains("does not exist"));
    send(&browser, &[("credit_limit-currency", "GBP")]);
    wait_until("the id", || wrong(&browser, "id").contains("The id is taken"));
    system.expect(&["stop", "customer"]);
    browser.click("form.act button[type=submit]");
    wait_until("the owner", || {
        browser.text("form.act .outcome").contains("The customer service cannot be reached")
    });
}

#[test]
fn what_somebody_else_has_changed_meanwhile_is_not_overwritten_unseen() {
    let system = System::start();
    system.stock_up();
    let browser = open(&system, "#/customers/ann");
    choose(&browser, "Change");
    let address = json!({"country": "Sweden"});
    let limit = json!({"minor": 77_700, "currency": "GBP"});
    let changed = json!({"name": "Anna", "address": address, "credit_limit": limit});
    let port = system.port("customer");
    let put = crate::support::send(port, "PUT", "/customers/ann", &[], &changed.to_string());
    assert_eq!(put.unwrap().status, 200);
    send(&browser, &[("name", "Annette")]);
    wait_until("the change of somebody else", || {
        browser.text("form.act .outcome").contains("Anna with a limit of £777.00 by now")
    });
    assert_eq!(system.get("customer", "/customers/ann").body["name"], "Anna");
    browser.click("form.act button[type=submit]");
    until_titled(&browser, "Annette");
    assert_eq!(system.get("customer", "/customers/ann").body["name"], "Annette");
    choose(&browser, "Settle");
    send(&browser, &[("amount", "12.50")]);
    wait_until("it is settled", || browser.holds("!document.querySelector('form.act')"));
    assert_eq!(system.get("payment", "/accounts/ann").body["paid_in"]["minor"], 1_250);
    choose(&browser, "Close the account");
    send(&browser, &[]);
    wait_until("the account is closed", || browser.text("#sheet .facts").contains("closed"));
}

#[test]
fn only_what_a_token_is_good_for_is_offered() {
    let system = System::start();
    system.stock_up();
    let hash = sha256("reader");
    let tokens = system.folder("tokens");
    let known = std::fs::read_to_string(&tokens).unwrap();
    std::fs::write(&tokens, format!("{known}{hash} reader read\n")).unwrap();
    let browser = Browser::open(&format!("http://127.0.0.1:{}/", system.port("query")));
    let asks = "document.querySelector('dialog[open] input[name=token]') !== null";
    wait_until("it asks", || browser.holds(asks));
    // The file of tokens is followed: at first, the new one may not be known yet.
    wait_until("it is let in", || {
        if browser.holds(asks) {
            browser.value_of("document.querySelector('dialog input').value = 'reader'");
            browser.value_of("document.querySelector('dialog form').requestSubmit()");
        }
        crate::page::is_live(&browser)
    });
    assert!(!browser.text("#ways").contains("Register"));
    go(&browser, "#/customers/ann");
    until_titled(&browser, "Ann");
    assert!(browser.holds("document.querySelector('#sheet .deeds') === null"));
    go(&browser, "#/new/customer");
    wait_until("the refusal", || browser.text("#sheet").contains("the scope price"));
    go(&browser, "#/read-model");
    wait_until("the refusal", || browser.text("#sheet").contains("operate"));
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
