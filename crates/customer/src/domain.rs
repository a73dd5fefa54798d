//! Register, change and close: the three things that happen to a customer.

use contracts::choreography::{NONE, State};
use contracts::events::{Address, Customer};
use contracts::money::NewMoney;
use contracts::{Event, Id, Money, Service, StoredEvent, Timestamp};
use engine::{Decision, Domain, Input, Read, StateError, Validators, Write, outbox};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::refusal::Refusal;
use crate::tables;

/// Longest name, street, city and country, in bytes.
pub use contracts::events::TEXT_BYTES_MAX;

const OPEN: State = "open";
const CLOSED: State = "closed";

/// The logic of the customer service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Customers;

/// What clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A new customer.
    Register {
        /// The id that the customer will have.
        id: Id,
        /// All else.
        details: Details,
    },
    /// New details of a customer, all of them.
    Change {
        /// Which customer.
        id: Id,
        /// The details from now on.
        details: Details,
    },
    /// The end of a customer: closed ones stay known and order nothing.
    Close {
        /// Which customer.
        id: Id,
    },
}

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

impl Domain for Customers {
    type Command = Command;
    type Refusal = Refusal;

    const SERVICE: Service = Service::Customer;
    const MIGRATIONS: &'static [&'static str] = tables::MIGRATIONS;

    fn command_name(command: &Command) -> &'static str {
        match command {
            Command::Register { .. } => "register",
            Command::Change { .. } => "change",
            Command::Close { .. } => "close",
        }
    }

    fn validators(
        &self,
        state: &Read<'_>,
        command: &Command,
    ) -> Result<Option<Validators>, StateError> {
        let about = match command {
            Command::Register { id, .. } | Command::Change { id, .. } | Command::Close { id } => id,
        };
        let found = tables::find(state, about)?;
        found.map(|(version, _)| outbox::validators(state, version)).transpose()
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Command>,
        _now: Timestamp,
    ) -> Result<Decision<Refusal>, StateError> {
        match input {
            Input::Command(Command::Register { id, details }) => register(state, id, details),
            Input::Command(Command::Change { id, details }) => change(state, id, details),
            Input::Command(Command::Close { id }) => close(state, id),
            Input::Event(event) => Err(unexpected(&format!("event {}", event.headers.kind))),
            Input::Timer { name, .. } => Err(unexpected(&format!("timer {name}"))),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events are other services'")]
    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        let version = event.headers.sequence;
        match &event.event {
            Event::CustomerRegistered(customer) => tables::insert(state, version, customer),
            Event::CustomerChanged(customer) | Event::CustomerClosed(customer) => {
                tables::update(state, version, customer)
            }
            other => Err(unexpected(&format!("own event {}", other.kind()))),
        }
    }
}

impl Details {
    /// Whether a customer may have these details.
    ///
    /// # Errors
    /// When a text is missing, too long or unprintable, or the limit is negative, or is one that
    /// does not stand and cannot be taken.
    pub fn check(&self, standing: Option<&Customer>) -> Result<(), Refusal> {
        check_text("name", &self.name)?;
        check_text("address.country", &self.address.country)?;
        check_optional_text("address.street", &self.address.street)?;
        check_optional_text("address.city", &self.address.city)?;
        if self.credit_limit.minor < 0 {
            return Err(Refusal::NegativeLimit(self.credit_limit));
        }
        if standing.is_none_or(|customer| customer.credit_limit != self.credit_limit) {
            self.credit_limit.acceptable()?;
        }
        Ok(())
    }

    fn of(&self, id: &Id) -> Customer {
        Customer {
            id: id.clone(),
            name: self.name.clone(),
            address: self.address.clone(),
            credit_limit: self.credit_limit,
            closed: false,
        }
    }
}

fn register(state: &Read<'_>, id: &Id, details: &Details) -> Result<Decision<Refusal>, StateError> {
    if let Err(refusal) = details.check(None) {
        return Ok(Decision::Refuse(refusal));
    }
    if tables::find(state, id)?.is_some() {
        return Ok(Decision::Refuse(Refusal::AlreadyRegistered(id.clone())));
    }
    Ok(Decision::emit(NONE, Event::CustomerRegistered(details.of(id))))
}

fn change(state: &Read<'_>, id: &Id, details: &Details) -> Result<Decision<Refusal>, StateError> {
    let found = tables::find(state, id)?.map(|(_, customer)| customer);
    if let Err(refusal) = details.check(found.as_ref()) {
        return Ok(Decision::Refuse(refusal));
    }
    let Some(customer) = found else {
        return Ok(Decision::Refuse(Refusal::Unknown(id.clone())));
    };
    if customer.closed {
        return Ok(Decision::Refuse(Refusal::Closed(id.clone())));
    }
    let changed = details.of(id);
    if changed == customer {
        return Ok(Decision::nothing(OPEN));
    }
    Ok(Decision::emit(OPEN, Event::CustomerChanged(changed)))
}

fn close(state: &Read<'_>, id: &Id) -> Result<Decision<Refusal>, StateError> {
    let Some((_, customer)) = tables::find(state, id)? else {
        return Ok(Decision::Refuse(Refusal::Unknown(id.clone())));
    };
    if customer.closed {
        return Ok(Decision::nothing(CLOSED));
    }
    let closed = Customer { closed: true, ..customer };
    Ok(Decision::emit(OPEN, Event::CustomerClosed(closed)))
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

fn unexpected(what: &str) -> StateError {
    StateError::Contradiction(format!("customer does not know what to do with {what}"))
}

#[cfg(test)]
mod tests;
