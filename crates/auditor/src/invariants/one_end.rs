//! 1: every accepted order reaches exactly one end, and nothing happens to it afterwards.

use contracts::{OrderId, kind, service};

use super::{Checked, InFlight, Invariant, places};
use crate::fold::Fold;
use crate::fold::order::{Moment, OrderFold, is_end};

pub(super) fn check(fold: &Fold, in_flight: InFlight) -> Checked {
    let mut checked = Checked::new(Invariant::OneEnd, "orders");
    for (id, order) in &fold.orders {
        checked.examined += 1;
        check_begin(&mut checked, id, order);
        check_end(&mut checked, id, order, in_flight);
    }
    checked
}

fn check_begin(checked: &mut Checked, id: &OrderId, order: &OrderFold) {
    let placed = order.of(kind::ORDER_PLACED);
    let first = order.by(service::ORDER).next();
    match placed.len() {
        0 => {
            let moments: Vec<_> = order.moments.iter().collect();
            checked.found(id, places(&moments), "nobody placed it, and others acted on it");
        }
        1 if first.is_some_and(|moment| moment.kind != kind::ORDER_PLACED) => {
            checked.found(id, places(&placed), "it went on before it was placed");
        }
        1 => {}
        times => checked.found(id, places(&placed), format!("it was placed {times} times")),
    }
}

fn check_end(checked: &mut Checked, id: &OrderId, order: &OrderFold, in_flight: InFlight) {
    let own: Vec<&Moment> = order.by(service::ORDER).collect();
    let ends = order.ends();
    match ends.len() {
        0 if in_flight.had_time(order) && order.agreed.is_some() => {
            let last = own.last().map_or("nothing", |moment| moment.kind.name());
            checked.found(id, places(&own), format!("it has no end: its last event is {last}"));
        }
        0 => {}
        1 => check_after(checked, id, &own),
        _ => {
            let names: Vec<_> = ends.iter().map(|moment| moment.kind.name()).collect();
            checked.found(id, places(&ends), format!("it has several ends: {}", names.join(", ")));
        }
    }
}

fn check_after(checked: &mut Checked, id: &OrderId, own: &[&Moment]) {
    let after: Vec<_> = own.iter().copied().skip_while(|moment| !is_end(moment.kind)).collect();
    if after.len() > 1 {
        checked.found(id, places(&after), "it went on after its end");
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{cancelled_after_all, completed, differences, rejected};
    use super::*;

    fn found(fold: &Fold) -> Vec<String> {
        differences(&check(fold, InFlight::IsAFinding))
    }

    #[test]
    fn orders_that_ended_once_are_well() {
        for history in [completed(), rejected(), cancelled_after_all()] {
            assert_eq!(found(&history.fold()), Vec::<String>::new());
        }
    }

    #[test]
    fn an_order_without_an_end_is_found_once_all_had_time() {
        let fold = completed().without(kind::ORDER_COMPLETED).fold();
        assert_eq!(found(&fold), ["it has no end: its last event is order.confirmed"]);
        assert_eq!(check(&fold, InFlight::IsFine).findings.len(), 0);
    }

    #[test]
    fn two_ends_are_found() {
        let fold = completed().twice(kind::ORDER_COMPLETED).fold();
        assert_eq!(found(&fold), ["it has several ends: order.completed, order.completed"]);
    }

    #[test]
    fn an_order_that_goes_on_after_its_end_is_found() {
        let fold = rejected().then(kind::ORDER_CONFIRMED).fold();
        assert_eq!(found(&fold), ["it went on after its end"]);
    }

    #[test]
    fn an_order_that_was_placed_twice_or_never_is_found() {
        let twice = completed().twice(kind::ORDER_PLACED).fold();
        assert_eq!(found(&twice), ["it was placed 2 times"]);
        let never = completed().without(kind::ORDER_PLACED).fold();
        assert_eq!(found(&never), ["nobody placed it, and others acted on it"]);
    }
}
