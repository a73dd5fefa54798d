//! 7: every record of the read model, from the streams: the auditor's own fold of each family, and its
//! comparison with what a generation holds.
//!
//! A record folds one stream, and a rule over several depends on no order of theirs, so what a
//! generation holds follows from its position alone. Whoever compares folds exactly as far.
//!
//! What is known of the read model is its storage: the names of its keys, and the shapes of its
//! records. Deliberately absent: its code, and its answers ([`crate::views`]).

mod table;

mod order;

mod latency;
mod sold;
mod totals;

mod rules;
mod taking;

mod comparison;
mod page;

use std::collections::BTreeMap;

use contracts::events::{Customer, Product};
use contracts::{StoredEvent, service};
use protocol::{Row, Service};

use latency::Latency;
use order::{Order, Payment, Reservation, Shipment};
use sold::{Leaders, Ledger, Sales, Seller, Slot};
use table::{Family, Table};
use totals::{AccountTotals, EntityTotals, OnHand, RefundsByReason, ShipmentTotals, StockTotals};

pub use comparison::Comparison;
pub use page::{Page, Standing};

/// The version of the read model's records that this knows. Others are built anew by themselves.
pub const VERSION: u32 = 4;

/// What of the query service is in no record, and so is not compared: what, and why.
pub const NOT_COMPARED: [(&str, &str); 2] = [
    (
        "the index of the search",
        "it is in the memory of the query service, and made anew at each start",
    ),
    ("the words of why an event is parked", "that it is parked is compared"),
];

/// Everything that the read model has to hold, up to where the streams were taken.
#[derive(Debug)]
pub struct Records {
    orders: Table<Order>,
    reservations: Table<Reservation>,
    payments: Table<Payment>,
    shipments: Table<Shipment>,
    customers: Table<Customer>,
    products: Table<Product>,
    days: Table<Sales>,
    minutes: Table<Slot>,
    hours: Table<Slot>,
    ledgers: Table<Ledger>,
    sellers: Table<Seller>,
    leaders: Table<Leaders>,
    on_hand: Table<OnHand>,
    latencies: Table<Latency>,
    refunds: Table<RefundsByReason>,
    sales: Table<Sales>,
    entities: Table<EntityTotals>,
    stock: Table<StockTotals>,
    accounts: Table<AccountTotals>,
    parcels: Table<ShipmentTotals>,
    /// Events that contradict what was told before, by `STREAM/row`.
    parked: BTreeMap<String, Parked>,
    standings: BTreeMap<Service, Standing>,
}

/// An event that cannot be folded.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Parked {
    stream: String,
    sequence: u64,
    subject: String,
    time: Option<protocol::Timestamp>,
}

/// An entry of an index: which index, which member, and its score as Redis writes it.
type Entry = (String, String, String);

impl Default for Records {
    fn default() -> Self {
        let standing = |service| (service, Standing::of(service));
        Self {
            orders: Table::new("order:ORDER"),
            reservations: Table::new("order:INVENTORY"),
            payments: Table::new("order:PAYMENT"),
            shipments: Table::new("order:SHIPPING"),
            customers: Table::new("customer:CUSTOMER"),
            products: Table::new("product:PRODUCT"),
            days: Table::new("day:ORDER"),
            minutes: Table::new("minute:ORDER"),
            hours: Table::new("hour:ORDER"),
            ledgers: Table::new("ledger"),
            sellers: Table::new("seller:ORDER"),
            leaders: Table::new("leaders"),
            on_hand: Table::new("stock:INVENTORY"),
            latencies: Table::new("latency"),
            refunds: Table::new("refunds"),
            sales: Table::new("totals"),
            entities: Table::new("totals"),
            stock: Table::new("totals"),
            accounts: Table::new("totals"),
            parcels: Table::new("totals"),
            parked: BTreeMap::new(),
            standings: service::ALL.into_iter().map(standing).collect(),
        }
    }
}

impl Records {
    /// Takes the next row of a stream; the event that it is, or why it is none.
    pub fn take(&mut self, service: Service, row: &Row, event: Option<&StoredEvent>) {
        if let Some(standing) = self.standings.get_mut(&service) {
            standing.advance(row, event);
        }
        if !event.is_some_and(|event| self.fold(event)) {
            let stream = service.stream().to_owned();
            let name = format!("{stream}/{}", row.sequence);
            let (sequence, subject) = (row.sequence, row.subject.clone());
            let time = event.map(|event| event.headers.time);
            self.parked.insert(name, Parked { stream, sequence, subject, time });
        }
    }

    fn families(&self) -> [&dyn Family; 20] {
        [
            &self.orders,
            &self.reservations,
            &self.payments,
            &self.shipments,
            &self.customers,
            &self.products,
            &self.days,
            &self.minutes,
            &self.hours,
            &self.ledgers,
            &self.sellers,
            &self.leaders,
            &self.on_hand,
            &self.latencies,
            &self.refunds,
            &self.sales,
            &self.entities,
            &self.stock,
            &self.accounts,
            &self.parcels,
        ]
    }

    /// The family that has a record of this name, and its id there.
    fn find<'a>(&self, name: &'a str) -> Option<(&dyn Family, &'a str, String)> {
        self.families().into_iter().find_map(|family| {
            let id = name.strip_prefix(family.family())?.strip_prefix(':')?;
            Some((family, id, family.text(id)?))
        })
    }

    /// The names of all records.
    fn names(&self) -> impl Iterator<Item = String> {
        let of = |family: &'_ dyn Family| -> Vec<String> {
            family.ids().map(|id| format!("{}:{id}", family.family())).collect()
        };
        self.families().into_iter().flat_map(of)
    }
}
