//! The shop with loyalty in worlds in which everything goes wrong: the services that ship, over models of
//! broker, network, disks and clocks.

use std::collections::BTreeMap;

use auditor::Fold;
use contracts::CustomerId;
use contracts::kind::ORDER_COMPLETED;
use loyalty::domain::LoyaltyDomain;
use loyalty::events::{Event, Points};
use protocol::Row;
use simulator::{Newcomer, play_beside};

/// Worlds that are played, and about so many orders in each.
const WORLDS: u64 = 100;
const ORDERS: u64 = 12;

/// The invariant of loyalty: a customer has the points of the orders that completed, and no others. What was
/// promised for the others was withdrawn.
fn points_are_of_completed_orders(fold: &Fold, rows: &[Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut open, mut earned) = (BTreeMap::new(), BTreeMap::<CustomerId, u64>::new());
    for row in rows {
        match row.parse::<Event>().map(|stored| stored.event) {
            Ok(Event::Promised(points)) => drop(open.insert(points.order_id.clone(), points)),
            Ok(Event::Earned(points)) => {
                if open.remove(&points.order_id).as_ref() != Some(&points) {
                    wrong.push(format!("{} earned what was not promised", points.order_id));
                }
                *earned.entry(points.customer_id).or_default() += points.points;
            }
            Ok(Event::Withdrawn(points)) => {
                if open.remove(&points.order_id).as_ref() != Some(&points) {
                    wrong.push(format!("{} withdraws what was not promised", points.order_id));
                }
            }
            Ok(Event::Recovered(_)) => {}
            other => wrong.push(format!("row {} is {other:?}", row.sequence)),
        }
    }
    wrong.extend(open.into_values().map(|Points { order_id, .. }| format!("{order_id} is open")));
    let owed = owed_points(fold);
    if earned != owed {
        wrong.push(format!("customers have {earned:?}, and their orders come to {owed:?}"));
    }
    wrong
}

fn owed_points(fold: &Fold) -> BTreeMap<CustomerId, u64> {
    let mut owed = BTreeMap::<CustomerId, u64>::new();
    for order in fold.orders.values().filter(|order| order.end() == Some(ORDER_COMPLETED)) {
        let agreed = order.agreed.as_ref().unwrap();
        let points = u64::try_from(agreed.total.minor / 100).unwrap();
        *owed.entry(agreed.customer.clone()).or_default() += points;
    }
    owed
}

#[test]
fn whatever_goes_wrong_points_are_what_the_orders_come_to() {
    let loyalty = [Newcomer::of(|| LoyaltyDomain, points_are_of_completed_orders)];
    let mut orders = 0;
    for seed in 0..WORLDS {
        let episode = play_beside(seed, ORDERS, &loyalty, false);
        if !episode.violations.is_empty() {
            let story = play_beside(seed, ORDERS, &loyalty, true).story.join("\n");
            panic!("{story}\nseed {seed}: {}", episode.violations.join("\n"));
        }
        orders += episode.sagas;
    }
    assert!(orders > WORLDS, "only {orders} orders were placed");
}

#[test]
fn what_loyalty_finds_wrong_with_its_own_stream_is_wrong_with_the_world() {
    let finds = |_: &Fold, rows: &[Row]| match rows.first() {
        Some(row) => vec![format!("there is {}", row.subject)],
        None => Vec::new(),
    };
    let loyalty = [Newcomer::of(|| LoyaltyDomain, finds)];
    let mut episodes = (0..WORLDS).map(|seed| play_beside(seed, ORDERS, &loyalty, false));
    let found = episodes.find_map(|episode| episode.violations.into_iter().next()).unwrap();
    assert!(found.starts_with("loyalty: there is loyalty."), "{found}");
}
