//! List, change and discontinue: the three things that happen to a product.

use contracts::choreography::{NONE, State};
use contracts::events::Product;
use contracts::money::NewMoney;
use contracts::{Event, Id, Money, Service, StoredEvent, Timestamp};
use engine::{Decision, Domain, Input, Read, StateError, Validators, Write, outbox};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::refusal::Refusal;
use crate::tables;

/// Longest name, in bytes.
pub use contracts::events::TEXT_BYTES_MAX as NAME_BYTES_MAX;

const LISTED: State = "listed";
const DISCONTINUED: State = "discontinued";

/// The logic of the product service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Products;

/// What clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A new product.
    List {
        /// The stock-keeping unit: the id that the product will have.
        sku: Id,
        /// All else.
        details: Details,
    },
    /// New details of a product, all of them.
    Change {
        /// Which product.
        sku: Id,
        /// The details from now on.
        details: Details,
    },
    /// The end of a product: discontinued ones stay known and are sold no more.
    Discontinue {
        /// Which product.
        sku: Id,
    },
}

/// What can change about a product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// The name.
    pub name: String,
    /// The price of one unit.
    #[schemars(with = "NewMoney")]
    pub price: Money,
}

impl Domain for Products {
    type Command = Command;
    type Refusal = Refusal;

    const SERVICE: Service = Service::Product;
    const MIGRATIONS: &'static [&'static str] = tables::MIGRATIONS;

    fn command_name(command: &Command) -> &'static str {
        match command {
            Command::List { .. } => "list",
            Command::Change { .. } => "change",
            Command::Discontinue { .. } => "discontinue",
        }
    }

    fn validators(
        &self,
        state: &Read<'_>,
        command: &Command,
    ) -> Result<Option<Validators>, StateError> {
        let about = match command {
            Command::List { sku, .. }
            | Command::Change { sku, .. }
            | Command::Discontinue { sku } => sku,
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
            Input::Command(Command::List { sku, details }) => list(state, sku, details),
            Input::Command(Command::Change { sku, details }) => change(state, sku, details),
            Input::Command(Command::Discontinue { sku }) => discontinue(state, sku),
            Input::Event(event) => Err(unexpected(&format!("event {}", event.headers.kind))),
            Input::Timer { name, .. } => Err(unexpected(&format!("timer {name}"))),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events are other services'")]
    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        let version = event.headers.sequence;
        match &event.event {
            Event::ProductListed(product) => tables::insert(state, version, product),
            Event::ProductChanged(product) | Event::ProductDiscontinued(product) => {
                tables::update(state, version, product)
            }
            other => Err(unexpected(&format!("own event {}", other.kind()))),
        }
    }
}

impl Details {
    /// Whether a product may have these details.
    ///
    /// # Errors
    /// When the name is missing, too long or unprintable, or the price is negative, or is one that
    /// does not stand and cannot be taken.
    pub fn check(&self, standing: Option<&Product>) -> Result<(), Refusal> {
        check_name(&self.name)?;
        if self.price.minor < 0 {
            return Err(Refusal::NegativePrice(self.price));
        }
        if standing.is_none_or(|product| product.price != self.price) {
            self.price.acceptable()?;
        }
        Ok(())
    }

    fn of(&self, sku: &Id) -> Product {
        Product {
            sku: sku.clone(),
            name: self.name.clone(),
            price: self.price,
            discontinued: false,
        }
    }
}

fn list(state: &Read<'_>, sku: &Id, details: &Details) -> Result<Decision<Refusal>, StateError> {
    if let Err(refusal) = details.check(None) {
        return Ok(Decision::Refuse(refusal));
    }
    if tables::find(state, sku)?.is_some() {
        return Ok(Decision::Refuse(Refusal::AlreadyListed(sku.clone())));
    }
    Ok(Decision::emit(NONE, Event::ProductListed(details.of(sku))))
}

fn change(state: &Read<'_>, sku: &Id, details: &Details) -> Result<Decision<Refusal>, StateError> {
    let found = tables::find(state, sku)?.map(|(_, product)| product);
    if let Err(refusal) = details.check(found.as_ref()) {
        return Ok(Decision::Refuse(refusal));
    }
    let Some(product) = found else {
        return Ok(Decision::Refuse(Refusal::Unknown(sku.clone())));
    };
    if product.discontinued {
        return Ok(Decision::Refuse(Refusal::Discontinued(sku.clone())));
    }
    let changed = details.of(sku);
    if changed == product {
        return Ok(Decision::nothing(LISTED));
    }
    Ok(Decision::emit(LISTED, Event::ProductChanged(changed)))
}

fn discontinue(state: &Read<'_>, sku: &Id) -> Result<Decision<Refusal>, StateError> {
    let Some((_, product)) = tables::find(state, sku)? else {
        return Ok(Decision::Refuse(Refusal::Unknown(sku.clone())));
    };
    if product.discontinued {
        return Ok(Decision::nothing(DISCONTINUED));
    }
    let discontinued = Product { discontinued: true, ..product };
    Ok(Decision::emit(LISTED, Event::ProductDiscontinued(discontinued)))
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::EmptyName);
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(Refusal::LongName);
    }
    if name.chars().any(char::is_control) {
        return Err(Refusal::UnprintableName);
    }
    Ok(())
}

fn unexpected(what: &str) -> StateError {
    StateError::Contradiction(format!("product does not know what to do with {what}"))
}

#[cfg(test)]
mod tests;
