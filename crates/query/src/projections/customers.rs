//! Customers, as they are now. A fold of CUSTOMER.

use contracts::events::Customer;
use contracts::{Event, StoredEvent};

use super::{Projection, Told};
use crate::keys;

/// Customers, by their ids.
#[derive(Debug)]
pub(crate) struct Customers;

impl Projection for Customers {
    type State = Customer;
    type Change = Customer;

    const FAMILY: &'static str = keys::CUSTOMER;

    fn changes(told: &Told<'_>, change: &mut impl FnMut(&str, Customer)) {
        if let Event::CustomerRegistered(customer)
        | Event::CustomerChanged(customer)
        | Event::CustomerClosed(customer) = &told.event.event
        {
            change(told.id(), customer.clone());
        }
    }

    fn apply(record: &mut Option<Customer>, customer: Customer, _: &StoredEvent) {
        *record = Some(customer);
    }
}
