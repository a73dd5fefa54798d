//! 5: per customer, what is outstanding never exceeded the limit named in the charge; and the limit
//! is the one that this version of the customer names.

use std::collections::BTreeMap;

use contracts::{CustomerId, service};

use super::{Checked, Invariant};
use crate::fold::account::{Movement, What};
use crate::fold::{Fold, RowRef};

pub(super) fn check(fold: &Fold) -> Checked {
    let mut checked = Checked::new(Invariant::Credit, "accounts");
    for (customer, account) in &fold.accounts {
        checked.examined += 1;
        let mut outstanding = BTreeMap::new();
        for movement in &account.movements {
            let sum = outstanding.entry(movement.amount.currency).or_insert(0i128);
            *sum += movement.change();
            check_said(&mut checked, customer, movement, *sum);
            check_limit(&mut checked, customer, movement, *sum);
            check_version(&mut checked, fold, customer, movement);
        }
    }
    checked
}

fn check_said(checked: &mut Checked, customer: &CustomerId, movement: &Movement, sum: i128) {
    let said = movement.outstanding.minor;
    if i128::from(said) != sum {
        let text = format!("{said} minor units are said to be outstanding, it must be {sum}");
        checked.found(customer, place(movement), text);
    }
}

fn check_limit(checked: &mut Checked, customer: &CustomerId, movement: &Movement, sum: i128) {
    let What::Charged { order, limit, .. } = &movement.what else { return };
    if movement.amount.currency != limit.currency {
        let text = format!("{order} was charged {} within a limit of {limit}", movement.amount);
        checked.found(customer, place(movement), text);
    } else if sum > i128::from(limit.minor) {
        let text = format!("{order} took it to {sum} minor units, the limit is {limit}");
        checked.found(customer, place(movement), text);
    }
}

fn check_version(checked: &mut Checked, fold: &Fold, customer: &CustomerId, movement: &Movement) {
    let What::Charged { limit, version, .. } = movement.what else { return };
    let owned = fold.customers.get(customer).and_then(|versions| versions.get(&version));
    let wrong = match owned {
        Some(state) if state.credit_limit == limit => return,
        Some(state) => format!("names {}, the charge says {limit}", state.credit_limit),
        None => "is not a version of this customer".to_owned(),
    };
    let mut places = place(movement);
    places.push(RowRef { service: service::CUSTOMER, sequence: version });
    checked.found(customer, places, format!("version {version} {wrong}"));
}

fn place(movement: &Movement) -> Vec<RowRef> {
    vec![RowRef { service: service::PAYMENT, sequence: movement.sequence }]
}

#[cfg(test)]
mod tests {

    use super::super::histories::{cancelled_after_all, completed, differences};
    use super::*;
    use contracts::kind;

    #[test]
    fn accounts_within_their_limits_are_well() {
        for history in [completed(), cancelled_after_all()] {
            let checked = check(&history.fold());
            assert_eq!((checked.examined, differences(&checked)), (1, Vec::new()));
        }
    }

    #[test]
    fn a_charge_over_the_limit_is_found() {
        let found = differences(&check(&completed().limit(1_500).fold()));
        assert_eq!(found, ["o-1 took it to 2000 minor units, the limit is 15.00 GBP"]);
    }

    #[test]
    fn a_limit_that_the_customer_never_had_is_found() {
        let found = differences(&check(&completed().limit_in_charge(9_999_999).fold()));
        assert_eq!(found, ["version 1 names 100.00 GBP, the charge says 99999.99 GBP"]);
        let unknown = completed().without(kind::CUSTOMER_REGISTERED).fold();
        assert_eq!(differences(&check(&unknown)), ["version 1 is not a version of this customer"]);
    }

    #[test]
    fn a_wrong_sum_of_what_is_outstanding_is_found() {
        let found =
            differences(&check(&cancelled_after_all().twice(kind::PAYMENT_REFUNDED).fold()));
        assert_eq!(found, ["0 minor units are said to be outstanding, it must be -2000"]);
    }
}
