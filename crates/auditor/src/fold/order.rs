//! One order: what every service said of it, each in the order of its own stream.

use std::collections::BTreeMap;

use contracts::events::Line;
use contracts::events::inventory::Units as UnitsOf;
use contracts::events::order::Placed;
use contracts::{CustomerId, Event, Money, Sku, StoredEvent, kind, service};
use protocol::{Cause, Kind, Service};

use super::RowRef;

/// Units by SKU: lines of one product are added up.
pub type Units = BTreeMap<Sku, u64>;

/// One order.
#[derive(Debug, Default)]
pub struct OrderFold {
    /// What was agreed; none if nobody placed it.
    pub agreed: Option<Agreed>,
    /// What happened. Moments of one service are in the order of its stream; across services they
    /// are in no order that means anything.
    pub moments: Vec<Moment>,
}

/// What was agreed when an order was placed.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// The sum of the lines.
    pub total: Money,
    /// Units by SKU.
    pub units: Units,
    /// Who ordered.
    pub customer: CustomerId,
    /// The day to which the business counts it.
    pub business_date: String,
    /// What each SKU's lines come to, in minor units.
    pub minor_by_sku: BTreeMap<Sku, i128>,
}

/// One event about an order.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What happened.
    pub kind: Kind,
    /// Its number in its stream.
    pub sequence: u64,
    /// Because of what.
    pub cause: Cause,
    /// The money that it is about, if it is about money.
    pub amount: Option<Money>,
    /// The units that it is about, if it is about goods.
    pub units: Option<Units>,
}

impl OrderFold {
    /// Takes the next event of a stream about this order.
    pub fn take(&mut self, event: &StoredEvent) {
        if let (Event::OrderPlaced(placed), None) = (&event.event, &self.agreed) {
            self.agreed = Some(Agreed::of(placed));
        }
        self.moments.push(Moment::of(event));
    }

    /// The moments of one kind.
    pub fn of(&self, kind: Kind) -> Vec<&Moment> {
        self.moments.iter().filter(|moment| moment.kind == kind).collect()
    }

    /// The moments of one service, in the order of its stream.
    pub fn by(&self, service: Service) -> impl Iterator<Item = &Moment> {
        self.moments.iter().filter(move |moment| moment.kind.service() == service)
    }

    /// The row with which it was placed; none if nobody placed it.
    pub fn placed(&self) -> Option<u64> {
        let placed = self.moments.iter().find(|moment| moment.kind == kind::ORDER_PLACED);
        placed.map(|placed| placed.sequence)
    }

    /// Whether something of that kind happened.
    pub fn has(&self, kind: Kind) -> bool {
        self.moments.iter().any(|moment| moment.kind == kind)
    }

    /// Its ends: one, if all is well.
    pub fn ends(&self) -> Vec<&Moment> {
        self.by(service::ORDER).filter(|moment| is_end(moment.kind)).collect()
    }

    /// How it ended, if it ended.
    pub fn end(&self) -> Option<Kind> {
        self.ends().first().map(|moment| moment.kind)
    }

    /// Whether it has ended and nobody owes anything any more.
    pub fn is_settled(&self) -> bool {
        self.end().is_some() && self.owed().is_empty()
    }

    /// Who has yet to follow its end, and with what. Nothing before it has ended.
    pub fn owed(&self) -> Vec<&'static str> {
        let owes = |answers: &[Kind], text| {
            let answered = answers.iter().any(|kind| self.has(*kind));
            (!answered).then_some(text)
        };
        let all = match self.end() {
            Some(kind::ORDER_COMPLETED) => vec![owes(&[kind::INVENTORY_COMMITTED], COMMITS)],
            Some(kind::ORDER_REJECTED) => {
                vec![owes(&[kind::INVENTORY_RELEASED, kind::INVENTORY_REJECTED], RELEASES)]
            }
            Some(kind::ORDER_CANCELLED) => vec![
                owes(&[kind::INVENTORY_RELEASED, kind::INVENTORY_REJECTED], RELEASES),
                owes(
                    &[kind::PAYMENT_REFUNDED, kind::PAYMENT_VOIDED, kind::PAYMENT_DECLINED],
                    REFUNDS,
                ),
                owes(&[kind::SHIPPING_CANCELLED], CANCELS),
            ],
            _ => Vec::new(),
        };
        all.into_iter().flatten().collect()
    }
}

const COMMITS: &str = "inventory owes inventory.committed";
const RELEASES: &str = "inventory owes inventory.released or inventory.rejected";
const REFUNDS: &str = "payment owes payment.refunded or payment.voided";
const CANCELS: &str = "shipping owes shipping.cancelled";

/// Whether an order ends with it.
pub const fn is_end(kind: Kind) -> bool {
    matches!(kind, kind::ORDER_COMPLETED | kind::ORDER_REJECTED | kind::ORDER_CANCELLED)
}

impl Agreed {
    fn of(placed: &Placed) -> Self {
        let mut minor_by_sku = BTreeMap::new();
        for line in &placed.lines {
            let sum = minor_by_sku.entry(line.sku.clone()).or_insert(0i128);
            *sum += i128::from(line.quantity) * i128::from(line.unit_price.minor);
        }
        Self {
            total: placed.total,
            units: of_lines(&placed.lines),
            customer: placed.customer.customer.id.clone(),
            business_date: placed.business_date.clone(),
            minor_by_sku,
        }
    }
}

impl Moment {
    fn of(event: &StoredEvent) -> Self {
        let (amount, units) = content(&event.event);
        Self {
            kind: event.headers.kind,
            sequence: event.headers.sequence,
            cause: event.headers.cause.clone(),
            amount,
            units,
        }
    }

    /// The row that says so.
    pub const fn place(&self) -> RowRef {
        RowRef { service: self.kind.service(), sequence: self.sequence }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other events carry neither")]
fn content(event: &Event) -> (Option<Money>, Option<Units>) {
    match event {
        Event::OrderPlaced(placed) => (Some(placed.total), Some(of_lines(&placed.lines))),
        Event::InventoryReserved(reserved) => {
            (Some(reserved.total), Some(of_lines(&reserved.lines)))
        }
        Event::InventoryReleased(back) | Event::InventoryCommitted(back) => {
            (None, Some(of_units(&back.lines)))
        }
        Event::PaymentCharged(charged) => (Some(charged.amount), Some(of_lines(&charged.lines))),
        Event::PaymentDeclined(declined) => (Some(declined.amount), None),
        Event::PaymentRefunded(refunded) => (Some(refunded.amount), None),
        _ => (None, None),
    }
}

fn of_lines(lines: &[Line]) -> Units {
    add_up(lines.iter().map(|line| (&line.sku, line.quantity)))
}

pub(super) fn of_units(lines: &[UnitsOf]) -> Units {
    add_up(lines.iter().map(|line| (&line.sku, line.quantity)))
}

pub(super) fn add_up<'a>(lines: impl Iterator<Item = (&'a Sku, u32)>) -> Units {
    let mut units = Units::new();
    for (sku, quantity) in lines {
        *units.entry(sku.clone()).or_default() += u64::from(quantity);
    }
    units
}
