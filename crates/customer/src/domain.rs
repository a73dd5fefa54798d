//! What a customer is, and what may be said of one. What happens to one is what happens to every
//! entity ([`engine::entity`]): it is registered, changed and closed.

use contracts::choreography::MURMURATION;
use contracts::events::{Address, Customer};
use contracts::money::NewMoney;
use contracts::{Event, Money, service};
use engine::entity::table::Table;
use engine::entity::{self, Change, Conflict, Entity, Owner};
use protocol::choreography::{Choreography, State};
use protocol::{Id, Service};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::refusal::Refusal;

/// Longest name, street, city and country, in bytes.
pub use contracts::events::TEXT_BYTES_MAX;

/// The logic of the customer service.
pub type CustomerDomain = Owner<Customers>;

/// What clients may ask for.
pub type Command = entity::Command<Details>;

/// Customers as entities.
#[derive(Debug)]
pub enum Customers {}

/// What can change about a customer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// The name.
    pub name: String,
    /// Where shipments go.
    #[serde(with = "StrictAddress")]
    pub address: Address,
    /// What the customer may owe at most.
    #[schemars(with = "NewMoney")]
    pub credit_limit: Money,
}

/// An address as clients may spell it. Readers of events pass over what they do not know; here a
/// mistyped `street` would be lost, and shipments with it.
#[derive(Deserialize, JsonSchema)]
#[serde(remote = "Address", deny_unknown_fields)]
pub(crate) struct StrictAddress {
    #[serde(default)]
    street: String,
    #[serde(default)]
    city: String,
    country: String,
}

impl Entity for Customers {
    type State = Customer;
    type Details = Details;
    type Event = Event;
    type Refusal = Refusal;

    const SERVICE: Service = service::CUSTOMER;
    const TABLE: Table = Table { name: "customer", key: "id" };
    const MIGRATIONS: &'static [&'static str] = &["
        CREATE TABLE customer (
            id      TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            state   BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
    "];
    const STATES: [State; 2] = ["open", "closed"];

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(change: Change) -> &'static str {
        match change {
            Change::Created => "register",
            Change::Changed => "change",
            Change::Ended => "close",
        }
    }

    fn id(customer: &Customer) -> &Id {
        &customer.id
    }

    fn has_ended(customer: &Customer) -> bool {
        customer.closed
    }

    fn with(id: &Id, details: &Details) -> Customer {
        let Details { name, address, credit_limit } = details.clone();
        Customer { id: id.clone().into(), name, address, credit_limit, closed: false }
    }

    fn ended(customer: Customer) -> Customer {
        Customer { closed: true, ..customer }
    }

    fn event(change: Change, customer: Customer) -> Event {
        match change {
            Change::Created => Event::CustomerRegistered(customer),
            Change::Changed => Event::CustomerChanged(customer),
            Change::Ended => Event::CustomerClosed(customer),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events are other services'")]
    fn in_event(event: &Event) -> Option<(Change, &Customer)> {
        match event {
            Event::CustomerRegistered(customer) => Some((Change::Created, customer)),
            Event::CustomerChanged(customer) => Some((Change::Changed, customer)),
            Event::CustomerClosed(customer) => Some((Change::Ended, customer)),
            _ => None,
        }
    }

    fn check(details: &Details, standing: Option<&Customer>) -> Result<(), Refusal> {
        check_text("name", &details.name)?;
        check_text("address.country", &details.address.country)?;
        check_optional_text("address.street", &details.address.street)?;
        check_optional_text("address.city", &details.address.city)?;
        let limit = details.credit_limit;
        if limit.minor < 0 {
            return Err(Refusal::NegativeLimit(limit));
        }
        // A limit from before the bound stays until it is changed.
        if standing.is_none_or(|customer| customer.credit_limit != limit) {
            limit.acceptable()?;
        }
        Ok(())
    }

    fn refuse(conflict: Conflict, id: &Id) -> Refusal {
        match conflict {
            Conflict::Exists => Refusal::AlreadyRegistered(id.clone().into()),
            Conflict::Unknown => Refusal::Unknown(id.clone().into()),
            Conflict::Ended => Refusal::Closed(id.clone().into()),
        }
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::Empty { field });
    }
    check_optional_text(field, text)
}

fn check_optional_text(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Refusal::TooLong { field });
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::Unprintable { field });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
