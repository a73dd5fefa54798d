//! 3: of a rejected or cancelled order nothing is left: charges less refunds is 0, nothing is
//! reserved, and no shipment lives.

use contracts::{OrderId, kind, service};

use super::{Checked, InFlight, Invariant, places};
use crate::fold::Fold;
use crate::fold::order::{Moment, OrderFold};

pub(super) fn check(fold: &Fold, in_flight: InFlight) -> Checked {
    let mut checked = Checked::new(Invariant::Undone, "rejected or cancelled orders");
    for (id, order) in &fold.orders {
        if !order.has(kind::ORDER_REJECTED) && !order.has(kind::ORDER_CANCELLED) {
            continue;
        }
        checked.examined += 1;
        check_never_left(&mut checked, id, order);
        if in_flight.had_time(order) || order.is_settled() {
            check_owed(&mut checked, id, order);
            check_money(&mut checked, id, order);
            check_goods(&mut checked, id, order);
            check_shipment(&mut checked, id, order);
        }
    }
    checked
}

fn check_never_left(checked: &mut Checked, id: &OrderId, order: &OrderFold) {
    for kind in [kind::SHIPPING_DISPATCHED, kind::INVENTORY_COMMITTED] {
        let moments = order.of(kind);
        if !moments.is_empty() {
            checked.found(id, places(&moments), format!("{kind} happened in spite of its end"));
        }
    }
}

fn check_owed(checked: &mut Checked, id: &OrderId, order: &OrderFold) {
    for owed in order.owed() {
        checked.found(id, places(&order.ends()), owed);
    }
}

fn check_money(checked: &mut Checked, id: &OrderId, order: &OrderFold) {
    let (charged, refunded) = (order.of(kind::PAYMENT_CHARGED), order.of(kind::PAYMENT_REFUNDED));
    let left = sum(&charged) - sum(&refunded);
    if left != 0 {
        let moments: Vec<_> = charged.iter().chain(&refunded).copied().collect();
        let text = format!("charges less refunds is {left} minor units, and must be 0");
        checked.found(id, places(&moments), text);
    }
}

fn check_goods(checked: &mut Checked, id: &OrderId, order: &OrderFold) {
    let reserved = order.of(kind::INVENTORY_RESERVED);
    let released = order.of(kind::INVENTORY_RELEASED);
    let units = |moments: &[&Moment]| -> Vec<_> {
        moments.iter().map(|moment| moment.units.clone()).collect()
    };
    if units(&reserved) != units(&released) {
        let moments: Vec<_> = reserved.iter().chain(&released).copied().collect();
        checked.found(id, places(&moments), "what was released is not what was reserved");
    }
}

fn check_shipment(checked: &mut Checked, id: &OrderId, order: &OrderFold) {
    let last = order.by(service::SHIPPING).last();
    if let Some(last) = last.filter(|moment| moment.kind != kind::SHIPPING_CANCELLED) {
        let text = format!("its shipment lives: the last that shipping said is {}", last.kind);
        checked.found(id, vec![last.place()], text);
    }
}

fn sum(moments: &[&Moment]) -> i128 {
    moments.iter().filter_map(|moment| moment.amount).map(|money| i128::from(money.minor)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::histories::{
        cancelled_after_all, cancelled_before_all, differences, rejected,
    };
    use super::*;

    fn found(fold: &Fold) -> Vec<String> {
        differences(&check(fold, InFlight::IsAFinding))
    }

    #[test]
    fn orders_that_were_undone_are_well() {
        for history in [cancelled_after_all(), cancelled_before_all(), rejected()] {
            let checked = check(&history.fold(), InFlight::IsAFinding);
            assert_eq!((checked.examined, differences(&checked)), (1, Vec::new()));
        }
    }

    #[test]
    fn a_charge_that_was_not_paid_back_is_found() {
        let fold = cancelled_after_all().without(kind::PAYMENT_REFUNDED).fold();
        let expected = [
            "payment owes payment.refunded or payment.voided",
            "charges less refunds is 2000 minor units, and must be 0",
        ];
        assert_eq!(found(&fold), expected);
    }

    #[test]
    fn a_charge_that_was_paid_back_twice_is_found() {
        let fold = cancelled_after_all().twice(kind::PAYMENT_REFUNDED).fold();
        assert_eq!(found(&fold), ["charges less refunds is -2000 minor units, and must be 0"]);
    }

    #[test]
    fn a_reservation_that_was_kept_or_released_twice_is_found() {
        let kept = cancelled_after_all().without(kind::INVENTORY_RELEASED).fold();
        let different = "what was released is not what was reserved";
        let owes = "inventory owes inventory.released or inventory.rejected";
        assert_eq!(found(&kept), [owes, different]);
        let twice = cancelled_after_all().twice(kind::INVENTORY_RELEASED).fold();
        assert_eq!(found(&twice), [different]);
    }

    #[test]
    fn a_shipment_that_lives_or_left_is_found() {
        let lives = cancelled_after_all().without(kind::SHIPPING_CANCELLED).fold();
        let expected = [
            "shipping owes shipping.cancelled",
            "its shipment lives: the last that shipping said is shipping.created",
        ];
        assert_eq!(found(&lives), expected);
        let left = cancelled_before_all().then(kind::SHIPPING_DISPATCHED).fold();
        let differences = found(&left);
        assert!(differences[0].starts_with("shipping.dispatched happened"), "{differences:?}");
    }

    #[test]
    fn a_cancelled_order_that_was_charged_after_its_tombstone_is_found() {
        let fold = cancelled_before_all().then(kind::PAYMENT_CHARGED).fold();
        assert_eq!(found(&fold), ["charges less refunds is 2000 minor units, and must be 0"]);
    }

    #[test]
    fn what_is_yet_to_be_undone_is_no_finding_if_nobody_waited() {
        let fold = cancelled_after_all().without(kind::PAYMENT_REFUNDED).fold();
        assert_eq!(check(&fold, InFlight::IsFine).findings.len(), 0);
    }
}
