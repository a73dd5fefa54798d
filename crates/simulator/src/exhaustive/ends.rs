//! What must be true when nothing is left to read.

use contracts::kind;
use protocol::Kind;
use protocol::choreography::NONE;

use super::place::Place;

/// What to think of a state in which nothing is left to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// A timer is still to fire.
    Waits,
    /// All is well.
    Well,
    /// This is not.
    Wrong(String),
}

/// What must have happened before it.
const NEEDS: [(Kind, Kind); 4] = [
    (kind::PAYMENT_REFUNDED, kind::PAYMENT_CHARGED),
    (kind::INVENTORY_RELEASED, kind::INVENTORY_RESERVED),
    (kind::INVENTORY_COMMITTED, kind::INVENTORY_RESERVED),
    (kind::SHIPPING_DISPATCHED, kind::SHIPPING_CREATED),
];

pub(super) fn judge(place: &Place) -> Judged {
    let [order, inventory, payment, shipping] = place.states();
    if order == "prepared" {
        return Judged::Waits;
    }
    if let Some(wrong) = happened_wrongly(place) {
        return Judged::Wrong(wrong);
    }
    let undone = ["rejected", "released"].contains(&inventory)
        && [NONE, "declined", "voided", "refunded"].contains(&payment)
        && [NONE, "cancelled"].contains(&shipping);
    let done = (inventory, payment, shipping) == ("committed", "charged", "dispatched");
    match order {
        NONE => Judged::Well,
        "completed" if done => Judged::Well,
        "rejected" | "cancelled" if undone => Judged::Well,
        // It still has its deadline, or would have had it.
        "placed" if !place.was_asked_to_end() => Judged::Well,
        "placed" if !place.is_past_the_deadline() => Judged::Waits,
        _ => Judged::Wrong(format!(
            "nothing is left to read, and the order is {order}, its stock {inventory}, its charge \
             {payment}, its shipment {shipping}"
        )),
    }
}

/// An event that happened twice, a second end, or one whose ground never was.
fn happened_wrongly(place: &Place) -> Option<String> {
    let kinds: Vec<Kind> = place.all_kinds().collect();
    let ends = kinds.iter().filter(|kind| contracts::choreography::MURMURATION.ends.contains(kind));
    if ends.count() > 1 {
        return Some("the order has two ends".to_owned());
    }
    let times = |of: Kind| kinds.iter().filter(|kind| **kind == of).count();
    if let Some(twice) = kinds.iter().find(|kind| times(**kind) > 1) {
        return Some(format!("{twice} happened twice"));
    }
    let groundless = NEEDS.iter().find(|(kind, ground)| times(*kind) > times(*ground));
    groundless.map(|(kind, ground)| format!("{kind} happened without {ground}"))
}
