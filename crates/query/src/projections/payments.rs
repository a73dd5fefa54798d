//! What the PAYMENT stream says of one order.

use contracts::events::payment::DeclineReason;
use contracts::{Event, Money, StoredEvent};
use protocol::choreography::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::records::step::{Step, state_after};

/// An order's charge, as the payment service tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRecord {
    /// What was charged.
    pub charged: Option<Money>,
    /// What was paid back.
    pub refunded: Option<Money>,
    /// Why it was declined, and what would have been charged.
    pub declined: Option<Decline>,
    /// The credit limit by which this was decided.
    pub limit: Option<Limit>,
    /// The country of the customer by whom it was charged.
    pub country: Option<String>,
    /// The name of that customer.
    pub customer_name: Option<String>,
    pub steps: Vec<Step>,
}

/// A charge that was declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decline {
    /// Why.
    pub reason: DeclineReason,
    /// What was to be charged.
    pub amount: Money,
    /// What the customer owed without it.
    pub outstanding: Money,
}

/// A credit limit, and the state of the customer that named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// What the customer could owe at most.
    pub amount: Money,
    /// Sequence in the CUSTOMER stream of the state that says so.
    pub customer_version: u64,
}

impl PaymentRecord {
    /// Folds one event of the PAYMENT stream about one order.
    pub fn fold(record: &mut Option<Self>, event: &StoredEvent) {
        let payment = record.get_or_insert_default();
        if let Event::PaymentCharged(charged) = &event.event {
            let customer = &charged.customer;
            payment.charged = Some(charged.amount);
            payment.country = Some(customer.customer.address.country.clone());
            payment.customer_name = Some(customer.customer.name.clone());
            payment.limit = Some(Limit {
                amount: customer.customer.credit_limit,
                customer_version: customer.version,
            });
        }
        if let Event::PaymentDeclined(declined) = &event.event {
            payment.declined = Some(Decline {
                reason: declined.reason,
                amount: declined.amount,
                outstanding: declined.outstanding,
            });
            payment.limit =
                Some(Limit { amount: declined.limit, customer_version: declined.customer_version });
        }
        if let Event::PaymentRefunded(refunded) = &event.event {
            payment.refunded = Some(refunded.amount);
        }
        payment.steps.push(Step::of(event));
    }

    /// Its state, by the choreography's name.
    #[must_use]
    pub fn state(&self) -> State {
        state_after(&self.steps)
    }
}
