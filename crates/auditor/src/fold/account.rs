//! One customer's account: its movements, in the order of the PAYMENT stream.

use contracts::{CustomerId, Event, Money, OrderId, StoredEvent};

/// One account.
#[derive(Debug, Default)]
pub struct AccountFold {
    /// What happened to it, in the stream's order.
    pub movements: Vec<Movement>,
}

/// One movement of an account.
#[derive(Clone, Debug)]
pub struct Movement {
    /// The row of PAYMENT that says so.
    pub sequence: u64,
    /// What moved.
    pub amount: Money,
    /// Which way.
    pub what: What,
    /// What is outstanding afterwards, it is said.
    pub outstanding: Money,
}

/// Which way money moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An order was charged, within a limit that a version of the customer names.
    Charged {
        /// The order.
        order: OrderId,
        /// The limit.
        limit: Money,
        /// The version.
        version: u64,
    },
    /// An order's charge was paid back.
    Refunded(OrderId),
    /// The customer paid in.
    Settled,
}

impl Movement {
    /// By how much it changes what is outstanding, in minor units.
    pub fn change(&self) -> i128 {
        let amount = i128::from(self.amount.minor);
        match self.what {
            What::Charged { .. } => amount,
            What::Refunded(_) | What::Settled => -amount,
        }
    }
}

/// The movement that an event makes, and in whose account.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other events move nothing")]
pub(super) fn movement(event: &StoredEvent) -> Option<(CustomerId, Movement)> {
    let sequence = event.headers.sequence;
    let (customer, amount, outstanding, what) = match &event.event {
        Event::PaymentCharged(charged) => {
            let customer = &charged.customer.customer;
            let (limit, version) = (customer.credit_limit, charged.customer.version);
            let what = What::Charged { order: charged.order_id.clone(), limit, version };
            (&customer.id, charged.amount, charged.outstanding, what)
        }
        Event::PaymentRefunded(refunded) => {
            let what = What::Refunded(refunded.order_id.clone());
            (&refunded.customer_id, refunded.amount, refunded.outstanding, what)
        }
        Event::PaymentSettled(settled) => {
            (&settled.customer_id, settled.amount, settled.outstanding, What::Settled)
        }
        _ => return None,
    };
    Some((customer.clone(), Movement { sequence, amount, what, outstanding }))
}
