//! The six services as they are simulated: their real domains, and what clients may ask of them.

use std::sync::Arc;

use contracts::{Money, service};
use engine::batch::RestoreError;
use engine::{Database, Domain, Engine, Request, StateError};
use protocol::Idempotency;
use protocol::seal::SEAL_KEY_BYTES;
use protocol::{Chain, Id, Row, SealKeys, Service};

use crate::process::{Beginning, Driver, Shell};

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

/// A service's logic, in a simulated process.
pub(crate) trait Simulated: Domain + Sized {
    /// Its command, if it is asked of this service.
    fn command(what: &What) -> Option<Self::Command>;
}

macro_rules! simulated {
    ($domain:ty, $service:ident) => {
        impl Simulated for $domain {
            fn command(what: &What) -> Option<Self::Command> {
                if let What::$service(command) = what { Some(command.clone()) } else { None }
            }
        }
    };
}

simulated!(customer::domain::CustomerDomain, Customer);
simulated!(product::domain::ProductDomain, Product);
simulated!(order::OrderDomain, Order);
simulated!(inventory::domain::InventoryDomain, Inventory);
simulated!(payment::PaymentDomain, Payment);

impl Simulated for shipping::domain::ShippingDomain {
    fn command(_: &What) -> Option<Self::Command> {
        None
    }
}

/// A country that nobody delivers to.
pub(crate) const NOT_SERVED: &str = "Atlantis";

/// How long an order may stay placed, in milliseconds, unless it says otherwise.
const DEADLINE_MS: u32 = 30_000;

const ORDER: order::OrderDomain = order::OrderDomain { deadline_ms: DEADLINE_MS, hand_over_ms: 0 };

/// The keys with which services seal their rows. Whoever forges rows does not have them.
pub(crate) fn keys() -> Arc<SealKeys> {
    Arc::new(SealKeys::of_bytes([1; SEAL_KEY_BYTES]))
}

/// A new process of a service over a database.
pub(crate) fn process(service: Service, with: Beginning) -> Result<Box<dyn Shell>, StateError> {
    fn boxed<D: Simulated>(domain: D, with: Beginning) -> Result<Box<dyn Shell>, StateError> {
        Ok(Box::new(Driver::new(domain, with)?))
    }
    match service {
        service::CUSTOMER => boxed(customer::domain::CustomerDomain::default(), with),
        service::PRODUCT => boxed(product::domain::ProductDomain::default(), with),
        service::ORDER => boxed(ORDER, with),
        service::INVENTORY => boxed(inventory::domain::InventoryDomain, with),
        service::PAYMENT => boxed(payment::PaymentDomain, with),
        service::SHIPPING => {
            let not_served = [NOT_SERVED].into_iter().collect();
            boxed(shipping::domain::ShippingDomain::new(not_served), with)
        }
        other => Err(unknown(other)),
    }
}

/// A database that holds nothing but what these rows tell.
pub(crate) fn fold(service: Service, rows: &[Row]) -> Result<Database, RestoreError> {
    fn folded<D: Domain>(
        domain: D,
        (database, rows): (Database, &[Row]),
    ) -> Result<Database, RestoreError> {
        let mut engine = Engine::new(domain, database, keys())?;
        engine.restore(rows)?;
        Ok(engine.into_database())
    }
    let failed = |error: engine::database::OpenError| StateError::Contradiction(error.to_string());
    let with = (empty_database(service).map_err(failed)?, rows);
    match service {
        service::CUSTOMER => folded(customer::domain::CustomerDomain::default(), with),
        service::PRODUCT => folded(product::domain::ProductDomain::default(), with),
        service::ORDER => folded(ORDER, with),
        service::INVENTORY => folded(inventory::domain::InventoryDomain, with),
        service::PAYMENT => folded(payment::PaymentDomain, with),
        service::SHIPPING => folded(shipping::domain::ShippingDomain::default(), with),
        other => Err(unknown(other).into()),
    }
}

/// An empty database of a service.
pub(crate) fn empty_database(service: Service) -> Result<Database, engine::database::OpenError> {
    let migrations = match service {
        service::CUSTOMER => customer::domain::CustomerDomain::MIGRATIONS,
        service::PRODUCT => product::domain::ProductDomain::MIGRATIONS,
        service::ORDER => order::OrderDomain::MIGRATIONS,
        service::INVENTORY => inventory::domain::InventoryDomain::MIGRATIONS,
        service::PAYMENT => payment::PaymentDomain::MIGRATIONS,
        service::SHIPPING => shipping::domain::ShippingDomain::MIGRATIONS,
        _ => &[],
    };
    Database::in_memory(service, migrations)
}

/// Nobody has written a service of that name.
fn unknown(service: Service) -> StateError {
    StateError::Contradiction(format!("{service} is none of the simulated services"))
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
pub(crate) fn id(letter: char, number: u64) -> Id {
    match format!("{letter}-{number}").parse() {
        Ok(id) => id,
        Err(_) => unreachable!("a letter, a dash and digits are an id"),
    }
}
