//! Rows of the old database as values, each read for itself: one that makes no sense is told with its
//! reason, and keeps no other from being moved.

use std::collections::BTreeMap;
use std::str::FromStr;

use contracts::{Currency, CustomerId, Money, OrderId, Sku};
use protocol::ids::InvalidId;
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// What is read of each key, or why it cannot be.
pub type Rows<T> = BTreeMap<String, Result<T, String>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub id: CustomerId,
    pub name: String,
    pub street: String,
    pub city: String,
    pub country: String,
    /// What the customer may owe.
    pub limit: Money,
    pub closed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub sku: Sku,
    pub name: String,
    pub price: Money,
    pub discontinued: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub customer: CustomerId,
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub customer: CustomerId,
    /// The day on which it was placed (`2010-12-01`).
    pub day: String,
    pub state: State,
    pub lines: Vec<Line>,
    pub total: Money,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub sku: Sku,
    pub quantity: u32,
    pub unit_price: Money,
}

/// Where an order stands in the old system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Cancelled,
    Shipped,
    /// Not at an end: the old system still has it in its hands.
    Open,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Shipped => "shipped",
            Self::Open => "open",
        }
    }

    fn of_name(name: &str) -> Result<Self, String> {
        let all = [Self::Cancelled, Self::Shipped, Self::Open];
        let found = all.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| format!("{name:?} is no state of an order: open, shipped or cancelled"))
    }
}

impl Order {
    /// An order without lines, of a row with the columns of [`crate::source::snapshot`].
    pub(super) fn read(row: &Row<'_>) -> Result<Self, String> {
        let currency = currency(row)?;
        Ok(Self {
            id: id(&text(row, "id"))?,
            customer: id(&text(row, "customer_id"))?,
            day: text(row, "ordered_on").chars().take(DAY_CHARS).collect(),
            state: State::of_name(&text(row, "state"))?,
            lines: Vec::new(),
            total: Money::new(0, currency),
        })
    }

    /// With the line that stands in a row.
    pub(super) fn with_line(mut self, row: &Row<'_>) -> Result<Self, String> {
        let quantity = text(row, "quantity");
        let line = Line {
            sku: id(&text(row, "sku"))?,
            quantity: quantity.parse().map_err(|_| format!("{quantity:?} is no quantity"))?,
            unit_price: amount(&text(row, "unit_price"), self.total.currency)?,
        };
        let total = line.unit_price.times(line.quantity).and_then(|sum| self.total.plus(sum));
        self.total = total.map_err(|error| error.to_string())?;
        self.lines.push(line);
        Ok(self)
    }
}

/// Characters of a day; the time may follow.
const DAY_CHARS: usize = 10;

impl Customer {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, String> {
        Ok(Self {
            id: id(&text(row, "id"))?,
            name: text(row, "name"),
            street: text(row, "street"),
            city: text(row, "city"),
            country: text(row, "country"),
            limit: amount(&text(row, "credit_limit"), currency(row)?)?,
            closed: flag(&text(row, "closed")),
        })
    }
}

impl Product {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, String> {
        Ok(Self {
            sku: id(&text(row, "sku"))?,
            name: text(row, "name"),
            price: amount(&text(row, "price"), currency(row)?)?,
            discontinued: flag(&text(row, "discontinued")),
        })
    }
}

impl Payment {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, String> {
        let customer = text(row, "customer_id");
        if customer.is_empty() {
            return Err("its order, which says who has paid, is missing".to_owned());
        }
        Ok(Self { customer: id(&customer)?, amount: amount(&text(row, "amount"), currency(row)?)? })
    }
}

/// Units on the shelves.
pub(super) fn units(row: &Row<'_>) -> Result<u64, String> {
    let on_hand = text(row, "on_hand");
    on_hand.parse().map_err(|_| format!("{on_hand:?} is no number of units"))
}

/// A column as text, whatever it holds; nothing is an empty one. A float is what its first 15 digits say,
/// as many as it holds for certain: the others are what sums of floats leave behind.
pub(super) fn text(row: &Row<'_>, column: &str) -> String {
    match row.get_ref(column) {
        Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Ok(ValueRef::Integer(integer)) => integer.to_string(),
        Ok(ValueRef::Real(real)) => {
            let certain = format!("{real:.14e}").parse::<f64>();
            certain.unwrap_or(real).to_string()
        }
        Ok(ValueRef::Null | ValueRef::Blob(_)) | Err(_) => String::new(),
    }
}

fn id<T: FromStr<Err = InvalidId>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: InvalidId| error.to_string())
}

fn currency(row: &Row<'_>) -> Result<Currency, String> {
    let code = text(row, "currency");
    if code.is_empty() {
        return Err("its currency is missing: who names it is not there".to_owned());
    }
    code.parse().map_err(|error: contracts::money::InvalidCurrency| error.to_string())
}

/// Nothing is rounded: what has more decimals than its currency is no amount.
fn amount(text: &str, currency: Currency) -> Result<Money, String> {
    Money::from_decimal(text, currency).map_err(|error| error.to_string())
}

fn flag(text: &str) -> bool {
    !matches!(text, "" | "0")
}
