//! What each own event changes: the charge of its order, and the customer's account.

use contracts::events::payment::{Charged, Refunded, Settled};
use contracts::{Event, StoredEvent};
use engine::seeded::{self, Bug};
use engine::{StateError, Write};

use crate::domain::state::ChargeState;
use crate::tables::{self, NewCharge};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the events of other services, none of which is applied here"
)]
pub(super) fn apply(state: &mut Write<'_>, stored: &StoredEvent) -> Result<(), StateError> {
    let headers = &stored.headers;
    match &stored.event {
        Event::PaymentCharged(charged) => apply_charged(state, stored, charged),
        Event::PaymentDeclined(declined) => {
            let mut charge = NewCharge::at(ChargeState::Declined);
            charge.customer_id = Some(&declined.customer_id);
            charge.amount = Some(declined.amount);
            charge.reason = Some(declined.reason);
            tables::insert_charge(state, &declined.order_id, &charge, headers)
        }
        Event::PaymentRefunded(refunded) => apply_refunded(state, stored, refunded),
        Event::PaymentVoided(voided) => tables::insert_charge(
            state,
            &voided.order_id,
            &NewCharge::at(ChargeState::Voided),
            headers,
        ),
        Event::PaymentSettled(settled) => apply_settled(state, stored, settled),
        other => Err(StateError::Contradiction(format!("{} is no payment's event", other.kind()))),
    }
}

fn apply_charged(
    state: &mut Write<'_>,
    stored: &StoredEvent,
    charged: &Charged,
) -> Result<(), StateError> {
    let customer_id = &charged.customer.customer.id;
    let mut charge = NewCharge::at(ChargeState::Charged);
    charge.customer_id = Some(customer_id);
    charge.amount = Some(charged.amount);
    tables::insert_charge(state, &charged.order_id, &charge, &stored.headers)?;
    tables::set_outstanding(state, customer_id, charged.outstanding, 0, &stored.headers)
}

fn apply_refunded(
    state: &mut Write<'_>,
    stored: &StoredEvent,
    refunded: &Refunded,
) -> Result<(), StateError> {
    if !seeded::on(Bug::RefundTwice) {
        tables::refund_charge(state, &refunded.order_id, &stored.headers)?;
    }
    let outstanding = refunded.outstanding;
    tables::set_outstanding(state, &refunded.customer_id, outstanding, 0, &stored.headers)
}

fn apply_settled(
    state: &mut Write<'_>,
    stored: &StoredEvent,
    settled: &Settled,
) -> Result<(), StateError> {
    let paid_in = settled.amount.minor;
    let outstanding = settled.outstanding;
    tables::set_outstanding(state, &settled.customer_id, outstanding, paid_in, &stored.headers)
}
