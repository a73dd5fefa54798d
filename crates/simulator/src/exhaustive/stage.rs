//! The events that a question needs besides the order's own: masters, stock, and what makes the
//! difference between one outcome and the other.

use std::str::FromStr;

use contracts::events::inventory::{Reserved, Stocked};
use contracts::events::{Address, Customer, Line, Product, Snapshot};
use contracts::{Currency, CustomerId, Event, Money, OrderId, Sku, StoredEvent, service};
use order::domain::{NewLine, PlaceOrder};
use order::{Command, OrderDomain};
use protocol::ids::InvalidId;
use protocol::{Cause, Chain, Headers, HistoryId, Position, Row, Service, Timestamp, Vector};

use super::deciding::Asked;

/// Whatever history: there is one.
pub(super) const HISTORY: HistoryId = HistoryId::from_bytes([1; 16]);

/// When everything is decided.
pub(super) const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// When every timer is due.
pub(super) const LATE: Timestamp = NOW.plus_millis(u32::MAX);

/// Orders have no window unless they say so.
pub(super) const ORDER: OrderDomain = OrderDomain { deadline_ms: 30_000, hand_over_ms: 0 };

/// What is not the order's own, and decides how a step turns out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Circumstances {
    /// Enough of everything, and no window.
    Good,
    /// Another order took the stock, the customer's limit went down, the customer was closed before
    /// anything was shipped; and the order has a window, which delays it.
    Bad,
}

impl Circumstances {
    pub(super) const ALL: [Self; 2] = [Self::Good, Self::Bad];
}

/// Who and what there is on the stage.
#[derive(Clone, Debug)]
pub(super) struct Props {
    order: OrderId,
    other: OrderId,
    customer: CustomerId,
    sku: Sku,
    currency: Currency,
}

impl Props {
    pub(super) fn new() -> Result<Self, String> {
        fn id<T: FromStr<Err = InvalidId>>(text: &str) -> Result<T, String> {
            text.parse().map_err(|error: InvalidId| error.to_string())
        }
        Ok(Self {
            order: id("o-1")?,
            other: id("o-2")?,
            customer: id("c-1")?,
            sku: id("mug")?,
            currency: "GBP".parse().map_err(|_| "GBP is no currency")?,
        })
    }

    /// The one command, if it is one.
    pub(super) fn command(&self, asked: Asked) -> Option<Command> {
        match asked {
            Asked::Place => Some(Command::Place(PlaceOrder {
                id: self.order.clone(),
                customer_id: self.customer.clone(),
                lines: vec![NewLine { sku: self.sku.clone(), quantity: 2, unit_price: None }],
                deadline_ms: None,
                hand_over_ms: None,
                business_date: None,
            })),
            Asked::Cancel => Some(Command::Cancel(self.order.clone())),
            Asked::Event(_) | Asked::Deadline | Asked::Window => None,
        }
    }

    /// What a service has said, the order's events and those before and after them.
    pub(super) fn own_events(
        &self,
        service: Service,
        circumstances: Circumstances,
        mut own: Vec<Event>,
    ) -> Vec<Event> {
        let bad = circumstances == Circumstances::Bad;
        if service == service::INVENTORY {
            // Once it is decided what the order gets, it does not matter what others get.
            let others = bad && own.is_empty();
            own.insert(
                0,
                Event::InventoryStocked(Stocked { sku: self.sku.clone(), quantity: 3, on_hand: 3 }),
            );
            own.extend(others.then(|| self.reserved_for_another()));
        }
        if let (true, Some(Event::OrderPlaced(placed))) = (bad, own.first_mut()) {
            placed.hand_over_ms = 1_000;
        }
        own
    }

    /// What a service's replicas have folded.
    pub(super) fn foreign_events(
        &self,
        service: Service,
        circumstances: Circumstances,
    ) -> Vec<Event> {
        let registered = Event::CustomerRegistered(self.customer());
        let product = Product {
            sku: self.sku.clone(),
            name: "Mug".into(),
            price: self.gbp(500),
            discontinued: false,
        };
        let listed = Event::ProductListed(product);
        let changed = match (service, circumstances) {
            (service::PAYMENT, Circumstances::Bad) => Some(Event::CustomerChanged(Customer {
                credit_limit: self.gbp(1),
                ..self.customer()
            })),
            (service::SHIPPING, Circumstances::Bad) => {
                Some(Event::CustomerClosed(Customer { closed: true, ..self.customer() }))
            }
            _ => None,
        };
        match service {
            service::ORDER => vec![registered, listed],
            service::INVENTORY => vec![listed],
            service::PAYMENT | service::SHIPPING => {
                [registered].into_iter().chain(changed).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Takes so much that not enough is left for the order.
    fn reserved_for_another(&self) -> Event {
        let name = "Mug".to_owned();
        Event::InventoryReserved(Reserved {
            order_id: self.other.clone(),
            customer: Snapshot { version: 1, customer: self.customer() },
            lines: vec![Line {
                sku: self.sku.clone(),
                name,
                quantity: 2,
                unit_price: self.gbp(500),
            }],
            total: self.gbp(1_000),
        })
    }

    fn customer(&self) -> Customer {
        let address =
            Address { street: String::new(), city: String::new(), country: "Ireland".into() };
        let (name, credit_limit) = ("Ada".into(), self.gbp(10_000));
        Customer { id: self.customer.clone(), name, address, credit_limit, closed: false }
    }

    fn gbp(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
}

/// Events as the next of their streams, from the first on.
pub(super) fn stored(events: &[Event]) -> impl Iterator<Item = StoredEvent> {
    let before = |nth: usize| {
        let own = events[nth].kind().service();
        events[..nth].iter().filter(|event| event.kind().service() == own).count() as u64
    };
    events.iter().enumerate().map(move |(nth, event)| at(before(nth) + 1, event.clone()))
}

/// An event as the first row of its stream.
pub(super) fn first_of_its_stream(event: Event) -> StoredEvent {
    at(1, event)
}

/// Own events as the rows of a stream.
pub(super) fn rows(own: &[Event]) -> Result<Vec<Row>, String> {
    let mut end = Position::default();
    let mut rows = Vec::new();
    for event in own {
        let stored = StoredEvent { chain: end.chain, ..at(end.sequence + 1, event.clone()) };
        let mut row = stored.to_row().map_err(|error| error.to_string())?;
        row.chain = end.chain.next(&row.subject, &row.headers, &row.payload);
        end = row.position();
        rows.push(row);
    }
    Ok(rows)
}

fn at(sequence: u64, event: Event) -> StoredEvent {
    let headers = Headers {
        sequence,
        kind: event.kind(),
        version: 1,
        id: event.id().clone(),
        time: NOW,
        cause: Cause::Command("stage".to_owned()),
        vector: Vector::default(),
        history: HISTORY,
        traceparent: None,
        idempotency: None,
        seal: None,
    };
    StoredEvent { headers, event, chain: Chain::START }
}
