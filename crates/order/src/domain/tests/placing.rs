//! What is accepted as an order, and what is refused.

use contracts::events::{Customer, Product};
use contracts::money::AMOUNT_MINOR_MAX;
use contracts::{Event, OrderId};
use engine::Answer;

use super::world::{DEADLINE_MS, World, customer, four_cups, id, line, money, product};
use crate::domain::decide::place::{LINES_MAX, ORDER_BYTES_MAX, QUANTITY_MAX};
use crate::domain::{Command, DEADLINE_MS_MAX, HAND_OVER_MS_MAX, NewLine, PlaceOrder};
use crate::{OrderState, Refusal};

fn with_lines(lines: Vec<NewLine>) -> PlaceOrder {
    PlaceOrder { lines, ..four_cups() }
}

fn priced(minor: i64, currency: &str, quantity: i64) -> NewLine {
    NewLine { unit_price: Some(money(minor, currency)), ..line("cup", quantity) }
}

#[test]
fn a_placed_order_has_prices_total_deadline_day_and_the_customer_s_snapshot() {
    let mut world = World::new();
    let place = with_lines(vec![line("cup", 4), priced(200, "GBP", 1), line("pot", 2)]);
    let answer = world.asks(Command::Place(place));
    let Answer::Accepted { event, .. } = answer else { panic!("{answer:?}") };
    let Event::OrderPlaced(placed) = event.event else { panic!("{:?}", event.event) };
    assert_eq!(placed.total, money(4 * 250 + 200 + 2 * 1_000, "GBP"));
    assert_eq!(placed.lines[0].name, "A cup");
    assert_eq!(placed.deadline, world.now.plus_millis(DEADLINE_MS));
    assert_eq!(placed.business_date, "2026-01-31");
    assert_eq!(placed.customer.version, 1);
    let order = world.order("o-1").unwrap();
    assert_eq!((order.state, order.version, order.total), (OrderState::Placed, 1, placed.total));
    assert_eq!(order.lines, placed.lines);
}

#[test]
fn an_order_may_bring_its_own_times_and_day() {
    let mut world = World::new();
    let place = PlaceOrder {
        deadline_ms: Some(DEADLINE_MS_MAX),
        hand_over_ms: Some(HAND_OVER_MS_MAX),
        business_date: Some("2010-12-01".into()),
        ..four_cups()
    };
    world.accepts(Command::Place(place));
    let order = world.order("o-1").unwrap();
    assert_eq!(order.deadline, world.now.plus_millis(DEADLINE_MS_MAX));
    assert_eq!(order.hand_over_ms, HAND_OVER_MS_MAX);
    assert_eq!(order.business_date, "2010-12-01");
}

#[test]
fn unknown_and_closed_customers_place_no_orders() {
    let mut world = World::new();
    let place = PlaceOrder { customer_id: id("c-2"), ..four_cups() };
    assert_eq!(world.refusal(place), Refusal::UnknownCustomer(id("c-2")));
    world.hears(Event::CustomerClosed(Customer { closed: true, ..customer("c-1", "GBP") }));
    assert_eq!(world.refusal(four_cups()), Refusal::CustomerClosed(id("c-1")));
}

#[test]
fn unknown_and_discontinued_products_are_not_sold() {
    let mut world = World::new();
    let place = with_lines(vec![line("cup", 1), line("jug", 1)]);
    assert_eq!(world.refusal(place), Refusal::UnknownProduct(id("jug")));
    let gone = Product { discontinued: true, ..product("cup", 250) };
    world.hears(Event::ProductDiscontinued(gone));
    assert_eq!(world.refusal(four_cups()), Refusal::ProductDiscontinued(id("cup")));
}

#[test]
fn prices_are_in_the_customer_s_currency_and_not_negative() {
    let mut world = World::new();
    let euros = world.refusal(with_lines(vec![priced(200, "EUR", 1)]));
    assert!(matches!(euros, Refusal::Currency { found, .. } if found.as_str() == "EUR"));
    let negative = world.refusal(with_lines(vec![priced(-1, "GBP", 1)]));
    assert!(matches!(negative, Refusal::UnitPrice { .. }));
    world.accepts(Command::Place(with_lines(vec![priced(0, "GBP", 1)])));
}

#[test]
fn quantities_are_at_least_one_and_bounded() {
    let mut world = World::new();
    for quantity in [i64::MIN, -1, 0, i64::from(QUANTITY_MAX) + 1, 1 << 32, i64::MAX] {
        let refusal = world.refusal(with_lines(vec![line("cup", quantity)]));
        assert_eq!(refusal, Refusal::Quantity { sku: id("cup"), quantity });
    }
    world.accepts(Command::Place(with_lines(vec![line("cup", i64::from(QUANTITY_MAX))])));
}

#[test]
fn amounts_that_do_not_fit_are_refused_and_do_not_wrap() {
    let mut world = World::new();
    let product = world.refusal(with_lines(vec![priced(i64::MAX, "GBP", 2)]));
    assert!(matches!(product, Refusal::UnacceptablePrice { .. }), "{product:?}");
    let overflow = Refusal::AmountOverflow { currency: "GBP".parse().unwrap() };
    let most = || priced(AMOUNT_MINOR_MAX, "GBP", 1);
    assert_eq!(world.refusal(with_lines(vec![most(), priced(1, "GBP", 1)])), overflow);
    let units = i64::from(QUANTITY_MAX);
    let many = with_lines(vec![priced(AMOUNT_MINOR_MAX, "GBP", units)]);
    assert_eq!(world.refusal(many), overflow);
    world.accepts(Command::Place(with_lines(vec![most()])));
}

#[test]
fn a_price_from_before_the_bound_is_read_and_its_order_is_refused() {
    let mut world = World::new();
    world.hears(Event::ProductChanged(product("cup", i64::MAX)));
    let overflow = Refusal::AmountOverflow { currency: "GBP".parse().unwrap() };
    assert_eq!(world.refusal(with_lines(vec![line("cup", 2)])), overflow);
    assert_eq!(world.refusal(with_lines(vec![line("cup", 1)])), overflow);
    world.accepts(Command::Place(with_lines(vec![priced(250, "GBP", 1)])));
}

#[test]
fn a_currency_that_does_not_exist_is_refused_unless_it_stands() {
    let mut world = World::new();
    let unknown = world.refusal(with_lines(vec![priced(200, "ZZZ", 1)]));
    assert!(matches!(unknown, Refusal::UnacceptablePrice { .. }), "{unknown:?}");
    world.hears(Event::CustomerChanged(customer("c-1", "ZZZ")));
    world.accepts(Command::Place(with_lines(vec![priced(200, "ZZZ", 1)])));
}

#[test]
fn orders_have_at_least_one_line_and_not_too_many() {
    let mut world = World::new();
    assert_eq!(world.refusal(with_lines(Vec::new())), Refusal::NoLines);
    let lines = LINES_MAX + 1;
    let many = world.refusal(with_lines(vec![line("cup", 1); lines]));
    assert_eq!(many, Refusal::TooManyLines { lines });
    world.accepts(Command::Place(with_lines(vec![line("cup", 1); LINES_MAX])));
}

#[test]
fn an_order_too_large_for_the_broker_is_refused_and_not_stuck() {
    let mut world = World::new();
    let name = "x".repeat(1_000);
    world.hears(Event::ProductChanged(Product { name, ..product("cup", 250) }));
    let refusal = world.refusal(with_lines(vec![line("cup", 1); LINES_MAX]));
    assert!(matches!(refusal, Refusal::TooLarge { bytes } if bytes > ORDER_BYTES_MAX));
}

#[test]
fn times_out_of_bounds_are_refused() {
    let mut world = World::new();
    for deadline_ms in [0, 99, DEADLINE_MS_MAX + 1, u32::MAX] {
        let place = PlaceOrder { deadline_ms: Some(deadline_ms), ..four_cups() };
        assert_eq!(world.refusal(place), Refusal::Deadline { deadline_ms });
    }
    for hand_over_ms in [HAND_OVER_MS_MAX + 1, u32::MAX] {
        let place = PlaceOrder { hand_over_ms: Some(hand_over_ms), ..four_cups() };
        assert_eq!(world.refusal(place), Refusal::HandOver { hand_over_ms });
    }
}

#[test]
fn days_that_do_not_exist_are_refused() {
    let mut world = World::new();
    let texts = ["", "2026-02-30", "2026-2-3", "20260131", "31.01.2026", "2026-01-31T00:00", "ä"];
    // The newest days are what the dashboard shows: days to come would hide all that were.
    let too_far = ["2026-02-02", "2026-12-31", "9999-12-31", "1969-12-31", "0001-01-01"];
    let texts = texts.into_iter().chain(too_far);
    for text in texts {
        let place = PlaceOrder { business_date: Some(text.into()), ..four_cups() };
        assert_eq!(world.refusal(place), Refusal::BusinessDate(text.into()), "{text}");
    }
    // East of here it is tomorrow already.
    for (nth, text) in ["2026-02-01", "1970-01-01"].into_iter().enumerate() {
        let id: OrderId = id(&format!("o-{nth}"));
        let place = PlaceOrder { id: id.clone(), business_date: Some(text.into()), ..four_cups() };
        world.accepts(Command::Place(place));
        assert_eq!(world.order(id.as_str()).unwrap().business_date, text);
    }
}

#[test]
fn an_order_id_is_used_once() {
    let mut world = World::with_order(OrderState::Cancelled);
    assert_eq!(world.refusal(four_cups()), Refusal::OrderExists(id("o-1")));
}
