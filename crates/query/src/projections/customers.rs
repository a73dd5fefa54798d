//! Customers, as they are now. A fold of CUSTOMER.

use contracts::events::Customer;
use contracts::{Event, StoredEvent};

use super::{EventContext, Projection};
use crate::keys;

/// Customers, by their ids.
#[derive(Debug)]
pub(crate) struct Customers;

impl Projection for Customers {
    type State = Customer;
    type Change = Customer;

    const FAMILY: &'static str = keys::CUSTOMER;

    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, Customer)) {
        if let Event::CustomerRegistered(customer)
        | Event::CustomerChanged(customer)
        | Event::CustomerClosed(customer) = &context.event.event
        {
            change(context.id(), customer.clone());
        }
    }

    fn apply(record: &mut Option<Customer>, customer: Customer, _: &StoredEvent) {
        *record = Some(customer);
    }
}
