//! Placing an order: checked against the replicas of customers and products alone, so that orders
//! are taken while their owners are down.

use contracts::events::order::Placed;
use contracts::events::{Customer, Line, Product, Snapshot};
use contracts::money::UnacceptableAmount;
use contracts::{Currency, CustomerId, Money, OrderId, Sku};
use engine::{Read, StateError};
use protocol::Timestamp;

use crate::domain::state::OrderState;
use crate::domain::{DEADLINE_MS_MAX, DEADLINE_MS_MIN, HAND_OVER_MS_MAX, OrderDomain};
use crate::{Refusal, tables};

/// Most lines of one order: what inventory reserves in one decision.
pub const LINES_MAX: usize = 1_000;

/// Most units in one line.
pub use contracts::events::order::QUANTITY_MAX;

/// Largest payload of a placed order, in bytes. The events that pass the order on are larger, and
/// the outbox takes rows of at most 960 KiB.
pub const ORDER_BYTES_MAX: usize = 640 * 1024;

/// How far ahead of the service's clock a business date may begin: where it is tomorrow already.
const DATE_AHEAD_MS_MAX: u32 = 24 * 60 * 60 * 1_000;

/// An order that somebody asks for. All but the id may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The order's id: the client's, or a new one.
    pub id: OrderId,
    /// Who orders.
    pub customer_id: CustomerId,
    /// What is ordered.
    pub lines: Vec<NewLine>,
    /// How long it may stay placed, in milliseconds, if not as usual.
    pub deadline_ms: Option<u32>,
    /// How long it stays prepared, in milliseconds, if not as usual.
    pub hand_over_ms: Option<u32>,
    /// The day to which the business counts it, if not today in UTC.
    pub business_date: Option<String>,
}

/// A line that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The product.
    pub sku: Sku,
    /// Units.
    pub quantity: i64,
    /// The price of one unit, if not the product's.
    pub unit_price: Option<Money>,
}

/// Either what is asked for, or why not; apart from the failures of the state.
type Checked<T> = Result<Result<T, Refusal>, StateError>;

/// Leaves the function with a refusal, if it is one.
macro_rules! accept {
    ($checked:expr) => {
        match $checked {
            Ok(value) => value,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}

pub(super) fn decide(
    usual: &OrderDomain,
    state: &Read<'_>,
    place: &PlaceOrder,
    now: Timestamp,
) -> Checked<Placed> {
    if tables::stage(state, &place.id)? != OrderState::None {
        return Ok(Err(Refusal::OrderExists(place.id.clone())));
    }
    let (deadline_ms, hand_over_ms) = accept!(times(usual, place));
    let business_date = accept!(business_date(place, now));
    let customer = accept!(customer(state, &place.customer_id)?);
    let currency = customer.customer.credit_limit.currency;
    let lines = accept!(lines(state, &place.lines, currency)?);
    let total = accept!(total(&lines, currency));
    Ok(small_enough(Placed {
        order_id: place.id.clone(),
        customer,
        lines,
        total,
        deadline: now.plus_millis(deadline_ms),
        hand_over_ms,
        business_date,
    }))
}

fn times(usual: &OrderDomain, place: &PlaceOrder) -> Result<(u32, u32), Refusal> {
    let deadline_ms = place.deadline_ms.unwrap_or(usual.deadline_ms);
    let hand_over_ms = place.hand_over_ms.unwrap_or(usual.hand_over_ms);
    if !(DEADLINE_MS_MIN..=DEADLINE_MS_MAX).contains(&deadline_ms) {
        return Err(Refusal::Deadline { deadline_ms });
    }
    if hand_over_ms > HAND_OVER_MS_MAX {
        return Err(Refusal::HandOver { hand_over_ms });
    }
    Ok((deadline_ms, hand_over_ms))
}

fn business_date(place: &PlaceOrder, now: Timestamp) -> Result<String, Refusal> {
    let Some(date) = &place.business_date else { return Ok(now.day()) };
    let days = Timestamp::from_micros(0)..=now.plus_millis(DATE_AHEAD_MS_MAX);
    let midnight = format!("{date}T00:00:00Z").parse::<Timestamp>();
    match midnight {
        Ok(midnight) if midnight.day() == *date && days.contains(&midnight) => Ok(date.clone()),
        _ => Err(Refusal::BusinessDate(date.chars().take(32).collect())),
    }
}

fn customer(state: &Read<'_>, id: &CustomerId) -> Checked<Snapshot> {
    let Some((version, customer)) = state.replica::<Customer>(id)? else {
        return Ok(Err(Refusal::UnknownCustomer(id.clone())));
    };
    if customer.closed {
        return Ok(Err(Refusal::CustomerClosed(id.clone())));
    }
    Ok(Ok(Snapshot { version, customer }))
}

fn lines(state: &Read<'_>, wanted: &[NewLine], currency: Currency) -> Checked<Vec<Line>> {
    if wanted.is_empty() {
        return Ok(Err(Refusal::NoLines));
    }
    if wanted.len() > LINES_MAX {
        return Ok(Err(Refusal::TooManyLines { lines: wanted.len() }));
    }
    let mut lines = Vec::with_capacity(wanted.len());
    for new in wanted {
        lines.push(accept!(line(state, new, currency)?));
    }
    Ok(Ok(lines))
}

fn line(state: &Read<'_>, new: &NewLine, currency: Currency) -> Checked<Line> {
    let sku = new.sku.clone();
    let quantity = accept!(quantity(new));
    let Some((_, product)) = state.replica::<Product>(&sku)? else {
        return Ok(Err(Refusal::UnknownProduct(sku)));
    };
    if product.discontinued {
        return Ok(Err(Refusal::ProductDiscontinued(sku)));
    }
    let unit_price = accept!(unit_price(new, product.price, currency));
    Ok(Ok(Line { sku, name: product.name, quantity, unit_price }))
}

/// The price of one unit: the product's own may be any that stands.
fn unit_price(new: &NewLine, usual: Money, currency: Currency) -> Result<Money, Refusal> {
    let (sku, unit_price) = (new.sku.clone(), new.unit_price.unwrap_or(usual));
    let is_new = unit_price != usual;
    if unit_price.minor < 0 {
        return Err(Refusal::UnitPrice { sku, unit_price });
    }
    if unit_price.currency != currency {
        let (found, wanted) = (unit_price.currency, currency);
        if is_new && !found.is_active() {
            let error = UnacceptableAmount::UnknownCurrency(found);
            return Err(Refusal::UnacceptablePrice { sku, error });
        }
        return Err(Refusal::Currency { sku, found, wanted });
    }
    if is_new {
        unit_price.within_bound().map_err(|error| Refusal::UnacceptablePrice { sku, error })?;
    }
    Ok(unit_price)
}

fn quantity(new: &NewLine) -> Result<u32, Refusal> {
    let fits = u32::try_from(new.quantity).ok().filter(|units| (1..=QUANTITY_MAX).contains(units));
    fits.ok_or_else(|| Refusal::Quantity { sku: new.sku.clone(), quantity: new.quantity })
}

fn total(lines: &[Line], currency: Currency) -> Result<Money, Refusal> {
    let mut total = Money::new(0, currency);
    for line in lines {
        // The currencies are the same already: what is left is an overflow.
        let amount = line.unit_price.times(line.quantity).and_then(|amount| total.plus(amount));
        total = amount.map_err(|_| Refusal::AmountOverflow { currency })?;
    }
    total.within_bound().map_err(|_| Refusal::AmountOverflow { currency })?;
    Ok(total)
}

fn small_enough(placed: Placed) -> Result<Placed, Refusal> {
    let bytes = serde_json::to_vec(&placed).map_or(usize::MAX, |payload| payload.len());
    if bytes > ORDER_BYTES_MAX {
        return Err(Refusal::TooLarge { bytes });
    }
    Ok(placed)
}
