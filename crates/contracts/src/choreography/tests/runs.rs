//! The runs of an order of this shop.

use protocol::Kind;
use protocol::choreography::runs::{Situation, runs_from, runs_on};

use crate::choreography::MURMURATION;
use crate::{kind, service};

#[test]
fn each_run_of_an_order_comes_to_one_end_and_some_run_to_each() {
    let runs = runs_from(&MURMURATION, kind::ORDER_PLACED);
    assert!(runs.is_complete && runs.repeats.is_empty());
    let mut ends = Vec::new();
    for visited in runs.visited.iter().filter(|visited| visited.is_quiet) {
        let came = MURMURATION.ends.iter().filter(|end| visited.situation.has(**end));
        let came: Vec<Kind> = came.copied().collect();
        assert_eq!(came.len(), 1, "{:?}", visited.situation);
        ends.extend(came);
    }
    assert!(MURMURATION.ends.iter().all(|end| ends.contains(end)), "{ends:?}");
}

#[test]
fn what_goes_on_from_a_situation_does_not_come_back_to_what_it_has_left_behind() {
    let situation = Situation::after([kind::ORDER_PLACED, kind::INVENTORY_REJECTED]);
    let situation = situation.with_read(service::INVENTORY, service::ORDER, 1);
    let runs = runs_on(&MURMURATION, situation);
    let comes = |kind| runs.path_to(|situation| situation.has(kind)).is_some();
    assert!(comes(kind::ORDER_REJECTED) && comes(kind::ORDER_CANCELLED));
    assert!(!comes(kind::PAYMENT_CHARGED) && !comes(kind::ORDER_COMPLETED));
}
