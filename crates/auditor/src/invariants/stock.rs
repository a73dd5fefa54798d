//! 4: per SKU, what came in less what left is on hand, what is reserved is on hand, at every moment.

use contracts::{Sku, service};

use super::{Checked, Invariant};
use crate::fold::stock::{Level, Movement, What};
use crate::fold::{Fold, RowRef};

pub(super) fn check(fold: &Fold) -> Checked {
    let mut checked = Checked::new(Invariant::Stock, "SKUs");
    for (sku, stock) in &fold.stock {
        checked.examined += 1;
        let mut level = Level::default();
        for movement in &stock.movements {
            level = level.after(movement);
            check_level(&mut checked, sku, movement, level);
            check_said(&mut checked, sku, movement, level);
        }
    }
    checked
}

fn check_level(checked: &mut Checked, sku: &Sku, movement: &Movement, level: Level) {
    let Level { on_hand, reserved } = level;
    let wrong = if reserved > on_hand {
        "it is oversold"
    } else if reserved < 0 {
        "more was given back than was reserved"
    } else {
        return;
    };
    let text = format!("{wrong}: {on_hand} on hand, {reserved} reserved");
    checked.found(sku, place(movement), text);
}

fn check_said(checked: &mut Checked, sku: &Sku, movement: &Movement, level: Level) {
    if let What::Stocked { on_hand } = movement.what
        && i128::from(on_hand) != level.on_hand
    {
        let text = format!("{on_hand} are said to be on hand, it must be {}", level.on_hand);
        checked.found(sku, place(movement), text);
    }
}

fn place(movement: &Movement) -> Vec<RowRef> {
    vec![RowRef { service: service::INVENTORY, sequence: movement.sequence }]
}

#[cfg(test)]
mod tests {

    use super::super::histories::{cancelled_after_all, completed, differences};
    use super::*;
    use contracts::kind;

    #[test]
    fn goods_that_came_and_went_are_well() {
        for history in [completed(), cancelled_after_all()] {
            let checked = check(&history.fold());
            assert_eq!((checked.examined, differences(&checked)), (2, Vec::new()));
        }
    }

    #[test]
    fn a_sku_that_was_never_stocked_is_oversold() {
        let fold = completed().without(kind::INVENTORY_STOCKED).fold();
        let found = differences(&check(&fold));
        assert!(found[0].starts_with("it is oversold: 0 on hand"), "{found:?}");
    }

    #[test]
    fn goods_that_were_released_twice_are_found() {
        let fold = cancelled_after_all().twice(kind::INVENTORY_RELEASED).fold();
        let found = differences(&check(&fold));
        assert!(found[0].starts_with("more was given back than was reserved"), "{found:?}");
    }

    #[test]
    fn a_wrong_count_of_what_is_on_hand_is_found() {
        let fold = completed().stocked_saying(7).fold();
        let found = differences(&check(&fold));
        assert_eq!(found, ["7 are said to be on hand, it must be 10"]);
    }
}
