//! Which earlier order a cancelling invoice means: the file does not say.
//!
//! Orders are cancelled whole. So it means the newest order of the customer with exactly the same
//! products and quantities. One that names only a part of an order cancels nothing, and is reported.

use contracts::OrderId;

use super::book::Units;

/// An order that was placed.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub id: OrderId,
    pub units: Units,
    /// Whether an earlier cancellation meant it already.
    pub taken: bool,
}

/// What a cancelling invoice means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    Whole(OrderId),
    /// Only a part of an order.
    Part,
    Nothing,
}

/// Finds what is meant among the orders of one customer, oldest first.
pub fn meant(earlier: &mut [Earlier], back: &Units) -> Meant {
    let whole = earlier.iter_mut().rev().find(|order| !order.taken && order.units == *back);
    if let Some(order) = whole {
        order.taken = true;
        return Meant::Whole(order.id.clone());
    }
    let part = |order: &Earlier| {
        back.iter().all(|(sku, units)| order.units.get(sku).is_some_and(|sold| sold >= units))
    };
    if earlier.iter().any(part) { Meant::Part } else { Meant::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(lines: &[(&str, u64)]) -> Units {
        lines.iter().map(|(sku, units)| (sku.parse().unwrap(), *units)).collect()
    }

    fn order(id: &str, lines: &[(&str, u64)]) -> Earlier {
        Earlier { id: id.parse().unwrap(), units: units(lines), taken: false }
    }

    fn whole(id: &str) -> Meant {
        Meant::Whole(id.parse().unwrap())
    }

    #[test]
    fn the_newest_order_of_the_same_goods_is_meant_and_each_only_once() {
        let mut earlier = [order("1", &[("mug", 2)]), order("2", &[("mug", 2)])];
        let back = units(&[("mug", 2)]);
        assert_eq!(meant(&mut earlier, &back), whole("2"));
        assert_eq!(meant(&mut earlier, &back), whole("1"));
        assert_eq!(meant(&mut earlier, &back), Meant::Part);
    }

    #[test]
    fn a_part_of_an_order_cancels_nothing() {
        let mut earlier = [order("1", &[("mug", 2), ("lamp", 1)])];
        assert_eq!(meant(&mut earlier, &units(&[("mug", 2)])), Meant::Part);
        assert_eq!(meant(&mut earlier, &units(&[("mug", 1), ("lamp", 1)])), Meant::Part);
    }

    #[test]
    fn goods_that_were_never_ordered_mean_nothing() {
        let mut earlier = [order("1", &[("mug", 2)])];
        assert_eq!(meant(&mut earlier, &units(&[("mug", 3)])), Meant::Nothing);
        assert_eq!(meant(&mut earlier, &units(&[("lamp", 1)])), Meant::Nothing);
        assert_eq!(meant(&mut [], &units(&[("mug", 1)])), Meant::Nothing);
    }
}
