//! The choreography of this shop: what each of its services declares of itself, put together.

pub mod customer;
pub mod inventory;
pub mod order;
pub mod payment;
pub mod product;
pub mod shipping;

use std::sync::LazyLock;

use protocol::choreography::Choreography;

/// The choreography of Murmuration.
pub static MURMURATION: LazyLock<Choreography> = LazyLock::new(|| {
    Choreography::of(
        order::SAGA,
        &[
            &customer::DECLARATION,
            &product::DECLARATION,
            &order::DECLARATION,
            &inventory::DECLARATION,
            &payment::DECLARATION,
            &shipping::DECLARATION,
        ],
    )
});

/// Why nobody reacts to a `recovered` event.
const RESTORED: &str = "takes the end of the stream for a restored owner; nobody reacts";

/// Why a state that waits for an order's end has no deadline of its own.
const FOLLOWS_ORDER: &str = "follows the order, which has the deadline and always ends";

#[cfg(test)]
mod tests;
