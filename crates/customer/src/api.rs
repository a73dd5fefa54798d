//! The REST API of customers.

mod operations;
mod refusals;

use contracts::Money;
use contracts::events::{Address, Customer, Snapshot};
use contracts::money::NewMoney;
use protocol::Id;
use runtime::Handle;
use runtime::entity::{Resource, routes};
use runtime::http::Api;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::{CustomerDomain, Customers, Details, StrictAddress};

/// The body of a registration. Without an id, one is made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    id: Option<Id>,
    name: String,
    #[serde(with = "StrictAddress")]
    address: Address,
    #[schemars(with = "NewMoney")]
    credit_limit: Money,
}

/// The API of the customer service.
pub fn api(service: Handle<CustomerDomain>) -> Api {
    Api::new(routes(service), operations::document())
}

impl Resource for Customers {
    type Creation = Registration;
    type Shown = Snapshot;

    const PATH: &'static str = "customers";
    const END: &'static str = "close";

    fn create(registration: Registration, new_id: impl FnOnce() -> Id) -> (Id, Details) {
        let Registration { id, name, address, credit_limit } = registration;
        (id.unwrap_or_else(new_id), Details { name, address, credit_limit })
    }

    fn show(version: u64, customer: Customer) -> Snapshot {
        Snapshot { version, customer }
    }

    fn shown_id(snapshot: &Snapshot) -> &Id {
        &snapshot.customer.id
    }
}
