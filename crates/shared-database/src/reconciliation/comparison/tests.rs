use contracts::Money;
use contracts::events::{Address, Customer as CustomerThere, Line, Product};
use rusqlite::Connection;
use terminal::verdict::Verdict;

use super::super::services::{Account, SampleCustomer, SamplePayment, Stock};
use super::*;
use crate::source::snapshot::Scope;
use crate::source::snapshot::tests::old_database;

fn gbp(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

fn customer(
    id: &str,
    name: &str,
    street: &str,
    city: &str,
    country: &str,
    limit: i64,
) -> (String, CustomerThere) {
    let address = Address { street: street.into(), city: city.into(), country: country.into() };
    let (closed, credit_limit) = (id == "bob", gbp(limit));
    let customer =
        CustomerThere { id: id.parse().unwrap(), name: name.into(), address, credit_limit, closed };
    (id.to_owned(), customer)
}

fn product(sku: &str, name: &str, price: i64) -> (String, Product) {
    let product = Product {
        sku: sku.parse().unwrap(),
        name: name.into(),
        price: gbp(price),
        discontinued: false,
    };
    (sku.to_owned(), product)
}

fn order(
    id: &str,
    customer: &str,
    state: &str,
    day: &str,
    lines: &[(&str, u32, i64)],
) -> (String, OrderThere) {
    let line = |(sku, quantity, price): &(&str, u32, i64)| Line {
        sku: sku.parse().unwrap(),
        name: String::new(),
        quantity: *quantity,
        unit_price: gbp(*price),
    };
    let total = lines.iter().map(|(_, quantity, price)| i64::from(*quantity) * price).sum();
    let order = OrderThere {
        order_id: id.parse().unwrap(),
        state: state.into(),
        customer_id: customer.parse().unwrap(),
        lines: lines.iter().map(line).collect(),
        total: gbp(total),
        business_date: day.into(),
    };
    (id.to_owned(), order)
}

/// What the services hold once the database of the tests was left.
fn services() -> Services {
    let orders = [
        order("1", "ann", "completed", "2010-12-01", &[("mug", 6, 255), ("lamp", 1, 990)]),
        order("2", "ann", "completed", "2010-12-02", &[("mug", 2, 255)]),
        order("3", "bob", "cancelled", "2010-12-02", &[("lamp", 1, 1_000)]),
        order("another", "eve", "completed", "2010-12-02", &[("mug", 1, 100)]),
    ];
    let stock = |sku: &str, on_hand| (sku.to_owned(), Stock { sku: sku.parse().unwrap(), on_hand });
    let account = |id: &str, paid_in, outstanding| {
        (id.to_owned(), Account { outstanding: gbp(outstanding), paid_in: gbp(paid_in) })
    };
    let day = |day: &str, minor| ((day.to_owned(), "GBP".parse().unwrap()), minor);
    let sample = Sample {
        state: "completed".into(),
        total: gbp(2_520),
        business_date: "2010-12-01".into(),
        customer: SampleCustomer { id: "ann".parse().unwrap() },
        payment: SamplePayment { charged: Some(gbp(2_520)) },
    };
    Services {
        customers: [
            customer("ann", "Ann", "1 High St", "Hull", "UK", 10_000),
            customer("bob", "Bob", "", "", "Norway", 5_000),
        ]
        .into(),
        products: [product("mug", "Mug", 255), product("lamp", "Lamp", 1_000)].into(),
        stock: [stock("mug", 5), stock("lamp", 1)].into(),
        orders: orders.into(),
        accounts: [account("ann", 1_530, 1_500), account("bob", 0, 0)].into(),
        revenue: [day("2010-12-01", 2_520), day("2010-12-02", 610)].into(),
        samples: [("1".to_owned(), sample)].into(),
    }
}

fn compared(services: &Services, change: &str, is_left: bool) -> Reconciliation {
    let (folder, mut source) = old_database();
    let connection = Connection::open(folder.path().join("old.sqlite")).unwrap();
    connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {change}")).unwrap();
    compare(&source.snapshot(Scope::Everything).unwrap(), services, is_left)
}

fn texts(found: &[Difference]) -> Vec<String> {
    found.iter().map(|one| format!("{}: {}", one.thing, one.what)).collect()
}

#[test]
fn what_was_moved_and_left_is_equal_to_the_penny() {
    let found = compared(&services(), "", true);
    assert_eq!((texts(&found.differences), texts(&found.left)), (vec![], vec![]));
    assert_eq!(found.verdict(), Verdict::Clean, "{}", found.text());
    let figure = |what: &str| {
        let found = found.figures.iter().find(|one| one.what == what).unwrap();
        assert!(found.is_equal(), "{found:?}");
        found.old.clone()
    };
    assert_eq!(figure("orders shipped, total"), "25.20 GBP");
    // What was handed over has left the shelves, and is owed.
    assert_eq!(figure("units on hand"), "6");
    assert_eq!([figure("paid in"), figure("owed")], ["15.30 GBP", "15.00 GBP"]);
    assert_eq!(figure("revenue by day in the read model"), "30.30 GBP");
    assert_eq!(figure("sampled orders in the read model"), "1");
}

#[test]
fn a_penny_is_a_difference_wherever_it_is() {
    let differs = |change: fn(&mut Services), what: &str| {
        let mut services = services();
        change(&mut services);
        let found = compared(&services, "", true);
        assert_eq!(found.verdict(), Verdict::Found);
        assert!(texts(&found.differences).concat().contains(what), "{:?}", found.differences);
    };
    differs(
        |all| all.customers.get_mut("ann").unwrap().credit_limit.minor += 1,
        "customer ann: the limit",
    );
    differs(
        |all| all.products.get_mut("mug").unwrap().price.minor -= 1,
        "product mug: name or price",
    );
    differs(|all| all.stock.get_mut("lamp").unwrap().on_hand = 0, "stock lamp: 0 units");
    differs(
        |all| all.orders.get_mut("1").unwrap().lines[0].unit_price.minor += 1,
        "order 1: customer",
    );
    differs(
        |all| all.accounts.get_mut("ann").unwrap().outstanding.minor -= 1,
        "account ann: paid 15.30",
    );
    differs(
        |all| *all.revenue.values_mut().next().unwrap() += 1,
        "day 2010-12-01: the read model has 25.21",
    );
    differs(|all| all.samples.get_mut("1").unwrap().payment.charged = None, "sample 1");
    differs(|all| drop(all.orders.remove("3")), "order 3: it is not there");
    differs(|all| drop(all.customers.remove("bob")), "customer bob: it is not there");
    differs(
        |all| all.orders.get_mut("2").unwrap().state = "rejected".into(),
        "order 2: it is rejected",
    );
}

#[test]
fn what_the_switch_does_is_left_and_no_difference_until_then() {
    let mut services = services();
    services.orders.remove("2");
    services.customers.get_mut("bob").unwrap().closed = false;
    services.customers.get_mut("ann").unwrap().credit_limit = gbp(20_000);
    services.stock.get_mut("mug").unwrap().on_hand = 7;
    services.accounts.get_mut("ann").unwrap().outstanding = gbp(990);
    services.revenue = [(("2010-12-01".to_owned(), "GBP".parse().unwrap()), 2_520)].into();
    let found = compared(&services, "", false);
    assert_eq!(
        (found.verdict(), found.differences.len(), found.left.len()),
        (Verdict::Incomplete, 0, 3)
    );
    assert!(found.text().contains("left: order 2: it is not there: the switch does that"));
    let found = compared(&services, "", true);
    assert_eq!((found.verdict(), found.left.len()), (Verdict::Found, 0));
}

#[test]
fn a_row_that_makes_no_sense_is_a_difference() {
    let found = compared(&services(), "UPDATE products SET price = 2.555 WHERE sku = 'mug'", true);
    let said = texts(&found.differences);
    assert!(
        said.concat().contains("product mug: not moved: \"2.555\" has more decimals"),
        "{said:?}"
    );
}
