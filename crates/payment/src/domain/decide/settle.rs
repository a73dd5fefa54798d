//! A customer pays in: also one that is closed, and in a currency that it owed something in before.

use contracts::events::Customer;
use contracts::events::payment::Settled;
use contracts::money::UnacceptableAmount;
use contracts::{CustomerId, Money};
use engine::{Read, StateError};

use crate::{Refusal, tables};

pub(super) fn decide(
    state: &Read<'_>,
    customer_id: &CustomerId,
    amount: Money,
) -> Result<Result<Settled, Refusal>, StateError> {
    let Some((_, customer)) = state.replica::<Customer>(customer_id)? else {
        return Ok(Err(Refusal::UnknownCustomer(customer_id.clone())));
    };
    if amount.minor <= 0 {
        return Ok(Err(Refusal::Amount(amount)));
    }
    let (found, wanted) = (amount.currency, customer.credit_limit.currency);
    let account = tables::account(state, customer_id, found)?;
    if found != wanted && !account.exists {
        let unknown = Refusal::Unacceptable(UnacceptableAmount::UnknownCurrency(found));
        let other = Refusal::Currency { found, wanted };
        return Ok(Err(if found.is_active() { other } else { unknown }));
    }
    // A debt from before there was a bound can be paid at once.
    if amount != account.outstanding
        && let Err(error) = amount.within_bound()
    {
        return Ok(Err(Refusal::Unacceptable(error)));
    }
    // With what was ever paid in kept within 64 bits, no later refund can leave them.
    if account.paid_in.plus(amount).is_err() {
        return Ok(Err(Refusal::AmountOverflow));
    }
    let outstanding = tables::less(account.outstanding, amount)?;
    Ok(Ok(Settled { customer_id: customer_id.clone(), amount, outstanding }))
}
