//! What a service knows of customers and products, in memory, for HTTP to read. Decisions read the
//! database through their transaction and never this.

use contracts::events::{Customer, Product};
use contracts::{Event, Id, StoredEvent};
use dashmap::DashMap;
use engine::{Read, StateError};

/// The replicas of one service; those that it does not keep are empty.
#[derive(Debug, Default)]
pub struct Replicas {
    customers: DashMap<Id, (u64, Customer)>,
    products: DashMap<Id, (u64, Product)>,
}

impl Replicas {
    /// Customers by id, with their versions.
    #[must_use]
    pub const fn customers(&self) -> &DashMap<Id, (u64, Customer)> {
        &self.customers
    }

    /// Products by SKU, with their versions.
    #[must_use]
    pub const fn products(&self) -> &DashMap<Id, (u64, Product)> {
        &self.products
    }

    pub(crate) fn load(&self, state: &Read<'_>) -> Result<(), StateError> {
        for (version, customer) in engine::replicas::all::<Customer>(state)? {
            self.customers.insert(customer.id.clone(), (version, customer));
        }
        for (version, product) in engine::replicas::all::<Product>(state)? {
            self.products.insert(product.sku.clone(), (version, product));
        }
        Ok(())
    }

    /// Takes over a committed event of a replicated stream.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine hands over only what changed a replica"
    )]
    pub(crate) fn take(&self, event: StoredEvent) {
        let version = event.headers.sequence;
        match event.event {
            Event::CustomerRegistered(state)
            | Event::CustomerChanged(state)
            | Event::CustomerClosed(state) => {
                self.customers.insert(state.id.clone(), (version, state));
            }
            Event::ProductListed(state)
            | Event::ProductChanged(state)
            | Event::ProductDiscontinued(state) => {
                self.products.insert(state.sku.clone(), (version, state));
            }
            _ => {}
        }
    }
}
