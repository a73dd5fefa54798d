//! 2: a completed order has one charge of exactly its total, its stock is committed, and one
//! shipment was dispatched.

use contracts::{OrderId, kind};
use protocol::Kind;

use super::{Checked, InFlight, Invariant, places};
use crate::fold::Fold;
use crate::fold::order::{Agreed, OrderFold};

/// What happens to a completed order exactly once.
const ONCE: [Kind; 5] = [
    kind::INVENTORY_RESERVED,
    kind::PAYMENT_CHARGED,
    kind::SHIPPING_CREATED,
    kind::SHIPPING_DISPATCHED,
    kind::INVENTORY_COMMITTED,
];

/// What never happens to a completed order.
const NEVER: [Kind; 6] = [
    kind::INVENTORY_REJECTED,
    kind::INVENTORY_RELEASED,
    kind::PAYMENT_DECLINED,
    kind::PAYMENT_REFUNDED,
    kind::PAYMENT_VOIDED,
    kind::SHIPPING_CANCELLED,
];

pub(super) fn check(fold: &Fold, in_flight: InFlight) -> Checked {
    let mut checked = Checked::new(Invariant::Completed, "completed orders");
    for (id, order) in &fold.orders {
        if !order.has(kind::ORDER_COMPLETED) {
            continue;
        }
        checked.examined += 1;
        let owes = !order.is_settled();
        for kind in ONCE {
            let may_come = owes && !in_flight.had_time(order);
            check_once(&mut checked, id, order, kind, may_come);
        }
        for kind in NEVER {
            check_never(&mut checked, id, order, kind);
        }
        if let Some(agreed) = &order.agreed {
            check_amount(&mut checked, id, order, agreed);
            check_units(&mut checked, id, order, agreed);
        }
    }
    checked
}

fn check_once(checked: &mut Checked, id: &OrderId, order: &OrderFold, kind: Kind, may_come: bool) {
    let moments = order.of(kind);
    match moments.len() {
        1 => {}
        0 if may_come => {}
        0 => checked.found(
            id,
            places(&order.of(kind::ORDER_COMPLETED)),
            format!("it is completed without {kind}"),
        ),
        times => checked.found(id, places(&moments), format!("{kind} happened {times} times")),
    }
}

fn check_never(checked: &mut Checked, id: &OrderId, order: &OrderFold, kind: Kind) {
    let moments = order.of(kind);
    if !moments.is_empty() {
        checked.found(id, places(&moments), format!("it is completed in spite of {kind}"));
    }
}

fn check_amount(checked: &mut Checked, id: &OrderId, order: &OrderFold, agreed: &Agreed) {
    for charge in order.of(kind::PAYMENT_CHARGED) {
        if let Some(amount) = charge.amount.filter(|amount| *amount != agreed.total) {
            let text = format!("its total is {}, it was charged {amount}", agreed.total);
            checked.found(id, vec![charge.place()], text);
        }
    }
}

fn check_units(checked: &mut Checked, id: &OrderId, order: &OrderFold, agreed: &Agreed) {
    for kind in [kind::INVENTORY_RESERVED, kind::INVENTORY_COMMITTED] {
        for moment in order.of(kind) {
            if moment.units.as_ref() != Some(&agreed.units) {
                let text = format!("{kind} has other units than were ordered");
                checked.found(id, vec![moment.place()], text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{completed, differences};
    use super::*;

    fn found(fold: &Fold) -> Vec<String> {
        differences(&check(fold, InFlight::IsAFinding))
    }

    #[test]
    fn an_order_that_went_well_is_well() {
        let checked = check(&completed().fold(), InFlight::IsAFinding);
        assert_eq!((checked.examined, checked.findings.len()), (1, 0));
    }

    #[test]
    fn each_step_that_is_missing_is_found() {
        for kind in ONCE {
            let fold = completed().without(kind).fold();
            assert_eq!(found(&fold), [format!("it is completed without {kind}")]);
        }
    }

    #[test]
    fn each_step_that_happened_twice_is_found() {
        for kind in ONCE {
            let fold = completed().twice(kind).fold();
            assert_eq!(found(&fold), [format!("{kind} happened 2 times")]);
        }
    }

    #[test]
    fn each_step_that_was_undone_is_found() {
        for kind in NEVER {
            let fold = completed().then(kind).fold();
            assert_eq!(found(&fold), [format!("it is completed in spite of {kind}")]);
        }
    }

    #[test]
    fn a_charge_of_another_amount_is_found() {
        let fold = completed().charged(999).fold();
        assert_eq!(found(&fold), ["its total is 20.00 GBP, it was charged 9.99 GBP"]);
    }

    #[test]
    fn other_goods_than_ordered_are_found() {
        let fold = completed().committed(1).fold();
        assert_eq!(found(&fold), ["inventory.committed has other units than were ordered"]);
    }

    #[test]
    fn stock_that_is_yet_to_be_committed_is_no_finding_if_nobody_waited() {
        let fold = completed().without(kind::INVENTORY_COMMITTED).fold();
        assert_eq!(check(&fold, InFlight::IsFine).findings.len(), 0);
    }
}
