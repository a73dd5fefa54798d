//! Which service would own a table.

use std::collections::BTreeMap;

use anyhow::Context as _;
use contracts::service;
use protocol::Service;

/// Tables that are known by their names.
const USUAL: [(&str, Service); 7] = [
    ("customers", service::CUSTOMER),
    ("products", service::PRODUCT),
    ("stock", service::INVENTORY),
    ("orders", service::ORDER),
    ("order_lines", service::ORDER),
    ("payments", service::PAYMENT),
    ("shipments", service::SHIPPING),
];

/// The owner of each table, by its name in small letters: SQLite does not tell capitals from others.
#[derive(Clone, Debug)]
pub struct Owners(BTreeMap<String, Service>);

/// `TABLE=SERVICE`, as somebody says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedOwner {
    table: String,
    service: Service,
}

impl Owners {
    /// The usual ones, and those that are named.
    pub fn with(named: &[NamedOwner]) -> Self {
        let usual = USUAL.iter().map(|(table, owner)| ((*table).to_owned(), *owner));
        let named = named.iter().map(|named| (named.table.to_lowercase(), named.service));
        Self(usual.chain(named).collect())
    }

    pub fn of(&self, table: &str) -> Option<Service> {
        self.0.get(&table.to_lowercase()).copied()
    }
}

impl std::str::FromStr for NamedOwner {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (table, service) = text.split_once('=').context("write it as TABLE=SERVICE")?;
        Ok(Self { table: table.trim().to_owned(), service: service::named(service.trim())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_goes_before_who_is_usual() {
        let owners = Owners::with(&["Stock=product".parse().unwrap()]);
        assert_eq!(owners.of("STOCK"), Some(service::PRODUCT));
        assert_eq!(owners.of("order_lines"), Some(service::ORDER));
        assert_eq!(owners.of("suppliers"), None);
        assert!("stock".parse::<NamedOwner>().is_err());
        assert!("stock=warehouse".parse::<NamedOwner>().is_err());
    }
}
