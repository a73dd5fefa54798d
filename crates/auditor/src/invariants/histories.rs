//! Histories for the tests of the invariants: right ones, and ways to break them.

use std::collections::BTreeMap;

use contracts::events::{Address, Customer, Line, Product, Snapshot};
use contracts::events::{inventory, order, payment, shipping};
use contracts::{Event, Money, OrderId, StoredEvent, kind};
use protocol::{
    Cause, Chain, Headers, HistoryId, Id, Idempotency, Kind, Position, Service, Timestamp, Vector,
};

use super::Checked;
use crate::fold::Fold;
use crate::records::Records;

/// The history of one order, with the masters and the stock that it needs.
pub(crate) struct History {
    drafts: Vec<Draft>,
}

struct Draft {
    event: Event,
    cause: Because,
    key: Option<String>,
    naming: Option<(Service, Position)>,
}

#[derive(Clone, Copy)]
enum Because {
    Command(&'static str),
    Timer(&'static str),
    /// The first event of that kind.
    Of(Kind),
}

/// Every difference that a check found.
pub(crate) fn differences(checked: &Checked) -> Vec<String> {
    checked.findings.iter().map(|finding| finding.difference.clone()).collect()
}

/// An order that went well.
pub(crate) fn completed() -> History {
    let steps = [
        kind::INVENTORY_RESERVED,
        kind::PAYMENT_CHARGED,
        kind::SHIPPING_CREATED,
        kind::ORDER_CONFIRMED,
        kind::SHIPPING_DISPATCHED,
        kind::ORDER_COMPLETED,
        kind::INVENTORY_COMMITTED,
    ];
    let mut history = placed().then_all(&steps);
    history.draft(kind::ORDER_CONFIRMED).cause = Because::Of(kind::SHIPPING_CREATED);
    history
}

/// An order for which there was not enough.
pub(crate) fn rejected() -> History {
    placed().then_all(&[kind::INVENTORY_REJECTED, kind::ORDER_REJECTED])
}

/// An order that was cancelled when stock, money and shipment were taken.
pub(crate) fn cancelled_after_all() -> History {
    placed().then_all(&[
        kind::INVENTORY_RESERVED,
        kind::PAYMENT_CHARGED,
        kind::SHIPPING_CREATED,
        kind::ORDER_PREPARED,
        kind::ORDER_CANCELLED,
        kind::INVENTORY_RELEASED,
        kind::PAYMENT_REFUNDED,
        kind::SHIPPING_CANCELLED,
    ])
}

/// An order that was cancelled before anybody else had heard of it.
pub(crate) fn cancelled_before_all() -> History {
    placed().then_all(&[
        kind::ORDER_CANCELLED,
        kind::INVENTORY_RESERVED,
        kind::INVENTORY_RELEASED,
        kind::PAYMENT_VOIDED,
        kind::SHIPPING_CANCELLED,
    ])
}

fn placed() -> History {
    let mut history = History { drafts: Vec::new() };
    history = history.then(kind::CUSTOMER_REGISTERED);
    for (sku, minor) in [("mug", 500), ("lamp", 1_000)] {
        let product =
            Product { sku: id(sku), name: sku.into(), price: gbp(minor), discontinued: false };
        history.push(Event::ProductListed(product));
        let stocked = inventory::Stocked { sku: id(sku), quantity: 10, on_hand: 10 };
        history.push(Event::InventoryStocked(stocked));
    }
    history.then(kind::ORDER_PLACED)
}

impl History {
    /// Everything folded.
    pub(crate) fn fold(&self) -> Fold {
        let mut fold = Fold::default();
        self.events().iter().for_each(|event| fold.take(event));
        fold
    }

    /// What the read model has to hold of it.
    pub(crate) fn records(&self) -> Records {
        let mut records = Records::default();
        for event in self.events() {
            let row = event.to_row().unwrap();
            records.take(event.headers.kind.service(), &row, Some(&event));
        }
        records
    }

    /// Without the events of that kind.
    pub(crate) fn without(mut self, kind: Kind) -> Self {
        self.drafts.retain(|draft| draft.event.kind() != kind);
        self
    }

    /// With the first event of that kind twice.
    pub(crate) fn twice(mut self, kind: Kind) -> Self {
        let place = self.drafts.iter().position(|draft| draft.event.kind() == kind).unwrap();
        let Draft { event, cause, .. } = &self.drafts[place];
        let again = Draft { event: event.clone(), cause: *cause, key: None, naming: None };
        self.drafts.insert(place + 1, again);
        self
    }

    /// With one more event.
    pub(crate) fn then(mut self, kind: Kind) -> Self {
        self.push(usual(kind));
        self
    }

    /// With another amount in the charge.
    pub(crate) fn charged(self, minor: i64) -> Self {
        self.with_charge(|charged| {
            charged.amount = gbp(minor);
            charged.outstanding = gbp(minor);
        })
    }

    /// With another limit in the charge.
    pub(crate) fn limit_in_charge(self, minor: i64) -> Self {
        self.with_charge(|charged| charged.customer.customer.credit_limit = gbp(minor))
    }

    /// With another limit of the customer.
    pub(crate) fn limit(mut self, minor: i64) -> Self {
        if let Event::CustomerRegistered(customer) =
            &mut self.draft(kind::CUSTOMER_REGISTERED).event
        {
            customer.credit_limit = gbp(minor);
        }
        self.limit_in_charge(minor)
    }

    /// With so many units in the first line that left.
    pub(crate) fn committed(mut self, quantity: u32) -> Self {
        if let Event::InventoryCommitted(gone) = &mut self.draft(kind::INVENTORY_COMMITTED).event {
            gone.lines[0].quantity = quantity;
        }
        self
    }

    /// With a stocking that says that so many are on hand.
    pub(crate) fn stocked_saying(mut self, said: u64) -> Self {
        if let Event::InventoryStocked(stocked) = &mut self.draft(kind::INVENTORY_STOCKED).event {
            stocked.on_hand = said;
        }
        self
    }

    /// With an idempotency key of the first event of that kind.
    pub(crate) fn with_key(mut self, key: &str, kind: Kind) -> Self {
        self.draft(kind).key = Some(key.to_owned());
        self
    }

    /// With another position in the first event of that kind.
    pub(crate) fn naming(mut self, kind: Kind, stream: Service, position: Position) -> Self {
        self.draft(kind).naming = Some((stream, position));
        self
    }

    fn with_charge(mut self, change: impl FnOnce(&mut payment::Charged)) -> Self {
        if let Event::PaymentCharged(charged) = &mut self.draft(kind::PAYMENT_CHARGED).event {
            change(charged);
        }
        self
    }

    fn then_all(self, kinds: &[Kind]) -> Self {
        kinds.iter().fold(self, |history, kind| history.then(*kind))
    }

    fn push(&mut self, event: Event) {
        let cause = usual_cause(event.kind());
        self.drafts.push(Draft { event, cause, key: None, naming: None });
    }

    fn draft(&mut self, kind: Kind) -> &mut Draft {
        self.drafts.iter_mut().find(|draft| draft.event.kind() == kind).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<StoredEvent> {
        let mut events: Vec<StoredEvent> = Vec::new();
        let mut vectors: BTreeMap<Service, Vector> = BTreeMap::new();
        for draft in &self.drafts {
            let kind = draft.event.kind();
            let own = |event: &&StoredEvent| event.headers.kind.service() == kind.service();
            let sequence = events.iter().filter(own).count() as u64 + 1;
            let found = |of| events.iter().find(|event| event.headers.kind == of);
            let vector = vectors.entry(kind.service()).or_default();
            let cause = match draft.cause {
                Because::Command(name) => Cause::Command(name.to_owned()),
                Because::Timer(name) => Cause::Timer(name.to_owned()),
                Because::Of(of) => match found(of) {
                    Some(event) => {
                        let (service, position) = (of.service(), event.position());
                        vector.0.insert(service, position);
                        Cause::Event { service, sequence: position.sequence }
                    }
                    None => Cause::Event { service: of.service(), sequence: 999 },
                },
            };
            let mut vector = vector.clone();
            vector.0.extend(draft.naming);
            let chain = Chain::START.next(kind.name(), &sequence.to_string(), b"");
            let headers = headers(draft, sequence, cause, vector);
            events.push(StoredEvent { headers, event: draft.event.clone(), chain });
        }
        events
    }
}

fn headers(draft: &Draft, sequence: u64, cause: Cause, vector: Vector) -> Headers {
    let request =
        |key: &String| Idempotency { key: key.parse().unwrap(), request_hash: "h".into() };
    Headers {
        sequence,
        kind: draft.event.kind(),
        version: 1,
        id: draft.event.id().clone(),
        time: Timestamp::from_micros(1_000_000),
        cause,
        vector,
        history: HistoryId::from_bytes([7; 16]),
        traceparent: None,
        idempotency: draft.key.as_ref().map(request),
        seal: None,
    }
}

fn id<T: From<Id>>(text: &str) -> T {
    text.parse::<Id>().unwrap().into()
}

fn gbp(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

fn customer() -> Customer {
    let address = Address { street: String::new(), city: String::new(), country: "Ireland".into() };
    let (name, credit_limit) = ("Ada".into(), gbp(10_000));
    Customer { id: id("c-1"), name, address, credit_limit, closed: false }
}

fn snapshot() -> Snapshot {
    Snapshot { version: 1, customer: customer() }
}

fn lines() -> Vec<Line> {
    let line = |sku: &str, quantity, minor| Line {
        sku: id(sku),
        name: sku.into(),
        quantity,
        unit_price: gbp(minor),
    };
    vec![line("mug", 2, 500), line("lamp", 1, 1_000)]
}

fn usual_cause(kind: Kind) -> Because {
    match kind {
        kind::CUSTOMER_REGISTERED => Because::Command("register"),
        kind::PRODUCT_LISTED => Because::Command("list"),
        kind::INVENTORY_STOCKED => Because::Command("stock"),
        kind::ORDER_PLACED => Because::Command("place"),
        kind::ORDER_CANCELLED => Because::Command("cancel"),
        kind::ORDER_CONFIRMED => Because::Timer("window"),
        kind::INVENTORY_RESERVED | kind::INVENTORY_REJECTED => Because::Of(kind::ORDER_PLACED),
        kind::PAYMENT_CHARGED | kind::PAYMENT_DECLINED => Because::Of(kind::INVENTORY_RESERVED),
        kind::SHIPPING_CREATED => Because::Of(kind::PAYMENT_CHARGED),
        kind::ORDER_PREPARED => Because::Of(kind::SHIPPING_CREATED),
        kind::SHIPPING_DISPATCHED => Because::Of(kind::ORDER_CONFIRMED),
        kind::ORDER_COMPLETED => Because::Of(kind::SHIPPING_DISPATCHED),
        kind::ORDER_REJECTED => Because::Of(kind::INVENTORY_REJECTED),
        kind::INVENTORY_COMMITTED => Because::Of(kind::ORDER_COMPLETED),
        kind::INVENTORY_RELEASED
        | kind::PAYMENT_REFUNDED
        | kind::PAYMENT_VOIDED
        | kind::SHIPPING_CANCELLED => Because::Of(kind::ORDER_CANCELLED),
        other => panic!("no history has {other}"),
    }
}

fn usual(kind: Kind) -> Event {
    let order_id = id("o-1");
    let ended = |reason| order::Ended { order_id: id("o-1"), reason, detail: String::new() };
    match kind {
        kind::CUSTOMER_REGISTERED => Event::CustomerRegistered(customer()),
        kind::ORDER_PLACED => Event::OrderPlaced(order::Placed {
            order_id,
            customer: snapshot(),
            lines: lines(),
            total: gbp(2_000),
            deadline: Timestamp::from_micros(2_000_000),
            hand_over_ms: 0,
            business_date: "2026-01-31".into(),
        }),
        kind::ORDER_PREPARED => {
            let until = Timestamp::from_micros(3_000_000);
            Event::OrderPrepared(order::Prepared { order_id, until })
        }
        kind::ORDER_CONFIRMED => Event::OrderConfirmed(order::Confirmed { order_id }),
        kind::ORDER_COMPLETED => Event::OrderCompleted(ended(order::EndReason::Dispatched)),
        kind::ORDER_REJECTED => Event::OrderRejected(ended(order::EndReason::OutOfStock)),
        kind::ORDER_CANCELLED => Event::OrderCancelled(ended(order::EndReason::Requested)),
        other => usual_elsewhere(other, order_id),
    }
}

fn usual_elsewhere(kind: Kind, order_id: OrderId) -> Event {
    let units = |line: Line| inventory::Units { sku: line.sku, quantity: line.quantity };
    let returned = || inventory::Returned {
        order_id: id("o-1"),
        lines: lines().into_iter().map(units).collect(),
    };
    match kind {
        kind::INVENTORY_RESERVED => {
            let (customer, lines, total) = (snapshot(), lines(), gbp(2_000));
            Event::InventoryReserved(inventory::Reserved { order_id, customer, lines, total })
        }
        kind::INVENTORY_REJECTED => {
            Event::InventoryRejected(inventory::Rejected { order_id, shortages: Vec::new() })
        }
        kind::INVENTORY_RELEASED => Event::InventoryReleased(returned()),
        kind::INVENTORY_COMMITTED => Event::InventoryCommitted(returned()),
        kind::PAYMENT_VOIDED => Event::PaymentVoided(payment::Voided { order_id }),
        kind::SHIPPING_DISPATCHED => Event::ShippingDispatched(shipping::Dispatched { order_id }),
        kind::SHIPPING_CANCELLED => Event::ShippingCancelled(shipping::Cancelled {
            order_id,
            reason: shipping::CancelReason::OrderCancelled,
        }),
        kind::SHIPPING_CREATED => Event::ShippingCreated(shipping::Created {
            order_id,
            recipient: shipping::Recipient {
                customer_id: id("c-1"),
                name: "Ada".into(),
                address: customer().address,
                customer_version: None,
            },
            units: 3,
        }),
        other => usual_payment(other, order_id),
    }
}

fn usual_payment(kind: Kind, order_id: OrderId) -> Event {
    let customer_id = id("c-1");
    match kind {
        kind::PAYMENT_CHARGED => Event::PaymentCharged(payment::Charged {
            order_id,
            customer: snapshot(),
            lines: lines(),
            amount: gbp(2_000),
            outstanding: gbp(2_000),
        }),
        kind::PAYMENT_DECLINED => Event::PaymentDeclined(payment::Declined {
            order_id,
            customer_id,
            reason: payment::DeclineReason::OverLimit,
            amount: gbp(2_000),
            outstanding: gbp(0),
            limit: gbp(10_000),
            customer_version: 1,
        }),
        kind::PAYMENT_REFUNDED => {
            let (amount, outstanding) = (gbp(2_000), gbp(0));
            Event::PaymentRefunded(payment::Refunded { order_id, customer_id, amount, outstanding })
        }
        other => panic!("no history has {other}"),
    }
}
