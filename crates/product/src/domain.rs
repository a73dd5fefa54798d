//! What a product is, and what may be said of one. What happens to one is what happens to every
//! entity ([`engine::entity`]): it is listed, changed and discontinued.

use contracts::choreography::MURMURATION;
use contracts::events::Product;
use contracts::money::NewMoney;
use contracts::{Event, Money, service};
use engine::entity::table::Table;
use engine::entity::{self, Change, Conflict, Entity, Owner};
use protocol::choreography::{Choreography, State};
use protocol::{Id, Service};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::refusal::Refusal;

/// Longest name, in bytes.
pub use contracts::events::TEXT_BYTES_MAX as NAME_BYTES_MAX;

/// The logic of the product service.
pub type ProductDomain = Owner<Products>;

/// What clients may ask for. A product's id is its stock-keeping unit.
pub type Command = entity::Command<Details>;

/// Products as entities.
#[derive(Debug)]
pub enum Products {}

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

impl Entity for Products {
    type State = Product;
    type Details = Details;
    type Event = Event;
    type Refusal = Refusal;

    const SERVICE: Service = service::PRODUCT;
    const TABLE: Table = Table { name: "product", key: "sku" };
    const MIGRATIONS: &'static [&'static str] = &["
        CREATE TABLE product (
            sku     TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            state   BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
    "];
    const STATES: [State; 2] = ["listed", "discontinued"];

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(change: Change) -> &'static str {
        match change {
            Change::Created => "list",
            Change::Changed => "change",
            Change::Ended => "discontinue",
        }
    }

    fn id(product: &Product) -> &Id {
        &product.sku
    }

    fn has_ended(product: &Product) -> bool {
        product.discontinued
    }

    fn with(id: &Id, details: &Details) -> Product {
        let Details { name, price } = details.clone();
        Product { sku: id.clone().into(), name, price, discontinued: false }
    }

    fn ended(product: Product) -> Product {
        Product { discontinued: true, ..product }
    }

    fn event(change: Change, product: Product) -> Event {
        match change {
            Change::Created => Event::ProductListed(product),
            Change::Changed => Event::ProductChanged(product),
            Change::Ended => Event::ProductDiscontinued(product),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events are other services'")]
    fn in_event(event: &Event) -> Option<(Change, &Product)> {
        match event {
            Event::ProductListed(product) => Some((Change::Created, product)),
            Event::ProductChanged(product) => Some((Change::Changed, product)),
            Event::ProductDiscontinued(product) => Some((Change::Ended, product)),
            _ => None,
        }
    }

    fn check(details: &Details, standing: Option<&Product>) -> Result<(), Refusal> {
        check_name(&details.name)?;
        let price = details.price;
        if price.minor < 0 {
            return Err(Refusal::NegativePrice(price));
        }
        // A price from before the bound stays until it is changed.
        if standing.is_none_or(|product| product.price != price) {
            price.acceptable()?;
        }
        Ok(())
    }

    fn refuse(conflict: Conflict, id: &Id) -> Refusal {
        match conflict {
            Conflict::Exists => Refusal::AlreadyListed(id.clone().into()),
            Conflict::Unknown => Refusal::Unknown(id.clone().into()),
            Conflict::Ended => Refusal::Discontinued(id.clone().into()),
        }
    }
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

#[cfg(test)]
mod tests;
