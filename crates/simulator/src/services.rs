//! What clients may ask of the shop's services, and the words for it.

use std::str::FromStr;
use std::sync::Arc;

use contracts::{Money, service};
use engine::Request;
use protocol::Idempotency;
use protocol::seal::SEAL_KEY_BYTES;
use protocol::{Chain, SealKeys, Service};

/// A request of a client.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// What is asked.
    pub(crate) what: What,
    /// The client's key, if it sends one.
    pub(crate) key: Option<String>,
    /// Whether an answer that is kept only in the service is of no use.
    pub(crate) requires_replicated: bool,
}

/// What is asked of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Of customer.
    Customer(customer::domain::Command),
    /// Of product.
    Product(product::domain::Command),
    /// Of order.
    Order(order::Command),
    /// Of inventory.
    Inventory(inventory::domain::Command),
    /// Of payment.
    Payment(payment::Command),
}

impl What {
    /// Whom it is asked of.
    pub(crate) const fn service(&self) -> Service {
        match self {
            Self::Customer(_) => service::CUSTOMER,
            Self::Product(_) => service::PRODUCT,
            Self::Order(_) => service::ORDER,
            Self::Inventory(_) => service::INVENTORY,
            Self::Payment(_) => service::PAYMENT,
        }
    }

    /// Tells requests apart as a hash over method, path and body does.
    pub(crate) fn request_hash(&self) -> String {
        Chain::START.next("", "", format!("{self:?}").as_bytes()).to_string()
    }
}

impl Ask {
    /// What comes with the command.
    pub(crate) fn request(&self) -> Request {
        let key = self.key.as_ref().and_then(|key| key.parse().ok());
        let idempotency =
            key.map(|key| Idempotency { key, request_hash: self.what.request_hash() });
        Request { idempotency, ..Request::default() }
    }
}

/// A country that nobody delivers to.
pub(crate) const NOT_SERVED: &str = "Atlantis";

/// The keys with which services seal their rows. Whoever forges rows does not have them.
pub(crate) fn keys() -> Arc<SealKeys> {
    Arc::new(SealKeys::of_bytes([1; SEAL_KEY_BYTES]))
}

/// An amount in the one currency of these worlds.
pub(crate) fn gbp(minor: i64) -> Money {
    Money::new(minor, currency())
}

fn currency() -> contracts::Currency {
    match "GBP".parse() {
        Ok(currency) => currency,
        Err(_) => unreachable!("GBP is a currency"),
    }
}

/// An id made of a letter and a number.
pub(crate) fn id<T: FromStr>(letter: char, number: u64) -> T {
    match format!("{letter}-{number}").parse() {
        Ok(id) => id,
        Err(_) => unreachable!("a letter, a dash and digits are an id"),
    }
}
