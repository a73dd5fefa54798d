//! The names of what is kept in Redis.
//!
//! All keys share the hash tag `{query}`, so that one script may touch them in a Redis Cluster, too.
//! Records and indexes stand under a generation: a complete read model that is built from zero. A
//! new one begins beside the old one, and the pointer says which of them is live.

use std::fmt;
use std::str::FromStr;

use protocol::{Service, Timestamp};

use crate::records::Grouping;

/// The version of records and indexes. It changes whenever a fold's result changes: a generation of
/// another version is never folded further, but built anew.
pub const VIEWS_VERSION: u32 = 4;

/// The key that names the live generation.
pub const POINTER: &str = "{query}:generation";

/// The key that names the generation that is being built beside the live one.
pub const NEXT: &str = "{query}:next";

/// The key that names the generation that was live before. It is as it was then.
pub const PREVIOUS: &str = "{query}:previous";

/// What people have said of events that could not be folded: a hash, by `STREAM/sequence`. It stands beside the
/// generations, so that it holds for the next one, too.
pub const DROPPED: &str = "{query}:dropped";

/// How far a generation has folded the streams: its position, as a name inside it.
pub const POSITION: &str = "position";

/// That a generation was built to its end once, as a name inside it.
pub const BUILT: &str = "built";

/// Family of what ORDER says of an order, by order id.
pub const ORDER: &str = "order:ORDER";
/// Family of what INVENTORY says of an order, by order id.
pub const STOCK: &str = "order:INVENTORY";
/// Family of what PAYMENT says of an order, by order id.
pub const PAYMENT: &str = "order:PAYMENT";
/// Family of what SHIPPING says of an order, by order id.
pub const SHIPMENT: &str = "order:SHIPPING";
/// Family of customers, by customer id.
pub const CUSTOMER: &str = "customer:CUSTOMER";
/// Family of products, by SKU.
pub const PRODUCT: &str = "product:PRODUCT";
/// Family of the sales of one business day, by date.
pub const DAY: &str = "day:ORDER";
/// Family of the totals over one stream, by the stream's name.
pub const TOTALS: &str = "totals";

/// Family of what products and customers have brought in, by `product/SKU` or `customer/id`.
pub const SELLER: &str = "seller:ORDER";
/// Family of those that brought in most, by the stream's name.
pub const LEADERS: &str = "leaders";
/// Family of the stock of one product, by SKU.
pub const ON_HAND: &str = "stock:INVENTORY";
/// Family of how long a step of the saga takes, by the step's name.
pub const LATENCY: &str = "latency";
/// Family of why charges were paid back, by the stream's name.
pub const REFUNDS: &str = "refunds";
/// Family of one month of one group of a report, by `STREAM/grouping/month/key`.
pub const LEDGER: &str = "ledger";

/// Index of products of which few units are left. Score: units that can still be ordered.
pub const LOW_STOCK: &str = "low-stock:INVENTORY";
/// Index of all orders. Score: the sequence of `order.placed`.
pub const ORDERS: &str = "orders:ORDER";
/// Index of business days. Score: the date as a number, such as 20260131.
pub const DAYS: &str = "days:ORDER";
/// Index of orders that somebody still owes an event. Score: milliseconds since 1970 from which on
/// others may be expected to finish it.
pub const UNSETTLED: &str = "unsettled";
/// Events that could not be folded, each with its reason. A hash, by `STREAM/sequence`.
pub const PARKED: &str = "parked";

/// Index of a customer's orders. Score: the sequence of `order.placed`.
#[must_use]
pub fn customer_orders(customer_id: &str) -> String {
    format!("customer-orders:ORDER:{customer_id}")
}

/// The score of a business day in [`DAYS`]: the date as a number.
#[must_use]
pub fn day_score(date: &str) -> i64 {
    let digits: String = date.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// The id of what one product or customer has brought in.
#[must_use]
pub fn seller(grouping: Grouping, key: &str) -> String {
    [grouping.name(), "/", key].concat()
}

/// The id of one month of one group of a report that is folded from the stream of `service`.
#[must_use]
pub fn ledger(service: Service, grouping: Grouping, month: &str, key: &str) -> String {
    [service.stream(), "/", grouping.name(), "/", month, "/", key].concat()
}

/// Index of the groups of a report that have anything in a month. The score says nothing.
#[must_use]
pub fn ledgers(service: Service, grouping: Grouping, month: &str) -> String {
    format!("ledgers:{}/{}/{month}", service.stream(), grouping.name())
}

/// The index of the groups among which the ledger `id` of a month is: those of its stream and grouping.
#[must_use]
pub fn ledgers_beside(id: &str, month: &str) -> String {
    let end = id.match_indices('/').nth(1).map_or(id.len(), |(end, _)| end);
    ["ledgers:", &id[..end], "/", month].concat()
}

/// The name of a record inside its generation.
#[must_use]
pub fn record(family: &str, id: &str) -> String {
    [family, ":", id].concat()
}

/// The name of the totals over the stream of `service`, inside their generation.
#[must_use]
pub fn totals(service: Service) -> String {
    record(TOTALS, service.stream())
}

/// One complete read model. As text: `v1-1769848000123456`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Generation {
    version: u32,
    born: i64,
}

/// A text that is no generation.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no generation: expected v<version>-<microseconds>")]
pub struct InvalidGeneration(String);

impl Generation {
    /// A new generation that is to take the place of `old`. It is younger than that, whatever the
    /// clock says.
    #[must_use]
    pub fn after(old: Option<&Self>, now: Timestamp) -> Self {
        let youngest = old.map_or(i64::MIN, |old| old.born.saturating_add(1));
        Self { version: VIEWS_VERSION, born: now.micros().max(youngest) }
    }

    /// The generation that a key belongs to.
    #[must_use]
    pub fn owner_of(key: &str) -> Option<Self> {
        let (owner, _) = key.strip_prefix("{query}:")?.split_once(':')?;
        owner.parse().ok()
    }

    /// Whether it was begun before `other`.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        self.born < other.born
    }

    /// The version of its records and indexes.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// When it was begun.
    #[must_use]
    pub const fn begun_at(&self) -> Timestamp {
        Timestamp::from_micros(self.born)
    }

    /// The whole key of a name inside this generation.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        [&self.prefix(), name].concat()
    }

    /// What all keys of this generation begin with, up to their names.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{{query}}:{self}:")
    }

    /// The key that says that it was built to its end once. Before, nobody reads it.
    #[must_use]
    pub fn built_key(&self) -> String {
        self.key(BUILT)
    }

    /// The key of its position.
    #[must_use]
    pub fn position_key(&self) -> String {
        self.key(POSITION)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}-{}", self.version, self.born)
    }
}

impl FromStr for Generation {
    type Err = InvalidGeneration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = || {
            let (version, born) = text.strip_prefix('v')?.split_once('-')?;
            Some(Self { version: version.parse().ok()?, born: born.parse().ok()? })
        };
        parts().ok_or_else(|| InvalidGeneration(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_survives_its_text() {
        let generation = Generation::after(None, Timestamp::from_micros(17));
        assert_eq!(generation.to_string().parse(), Ok(generation.clone()));
        assert_eq!(
            generation.key("days:ORDER"),
            format!("{{query}}:v{VIEWS_VERSION}-17:days:ORDER")
        );
        assert!("v1".parse::<Generation>().is_err());
    }

    #[test]
    fn a_new_generation_is_younger_than_the_old_one_even_when_the_clock_went_back() {
        let old = Generation::after(None, Timestamp::from_micros(17));
        let new = Generation::after(Some(&old), Timestamp::from_micros(3));
        assert!(old.is_older_than(&new) && !new.is_older_than(&new));
        assert_eq!(Generation::owner_of(&old.key("days:ORDER")), Some(old));
        assert_eq!(Generation::owner_of(POINTER), None);
    }
}
