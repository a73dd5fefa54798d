//! What one sale or one refund adds to each group that reports show.
//!
//! A sale is booked when its order is completed, on the order's business day: a fold of ORDER. A
//! refund is booked when it is paid back, on that day in UTC, since PAYMENT knows no business day: a
//! fold of PAYMENT. A refund pays back a whole order and names no products, so none is booked to one.

use std::collections::BTreeMap;

use contracts::events::payment::Refunded;
use contracts::events::{Customer, Line};
use contracts::{Currency, Event, Money, Sku};

use super::Tally;
use crate::projection::EventContext;
use crate::projections::orders::OrderRecord;
use crate::projections::payments::PaymentRecord;

/// By what reports are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grouping {
    Day,
    Product,
    Customer,
    /// By the country that the customer had when the order was placed or charged.
    Country,
}

/// What is added to one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booking<'a> {
    /// What kind of group it is.
    pub grouping: Grouping,
    pub key: &'a str,
    /// What people call it; empty if the key says it all.
    pub label: &'a str,
    pub currency: Currency,
    /// What is added.
    pub tally: Tally,
}

/// The one group of all that happens on a day.
pub const EVERYTHING: &str = "all";

impl Grouping {
    pub const ALL: [Self; 4] = [Self::Day, Self::Product, Self::Customer, Self::Country];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Product => "product",
            Self::Customer => "customer",
            Self::Country => "country",
        }
    }
}

/// The order that an event completes, if it does: a sale.
pub(crate) fn sold<'a>(context: &EventContext<'a>) -> Option<&'a OrderRecord> {
    context.saga.order.filter(|_| matches!(context.event.event, Event::OrderCompleted(_)))
}

/// What a sale adds to each group. A product that stands in several lines is one booking.
pub(crate) fn bookings_of_sale(order: &OrderRecord) -> Vec<Booking<'_>> {
    let Money { minor, currency } = order.total;
    let whole = Tally { orders: 1, units: order.units(), minor: i128::from(minor) };
    let book = |grouping, key, label, tally| Booking { grouping, key, label, currency, tally };
    let Customer { id, name, address, .. } = &order.customer.customer;
    let mut bookings = vec![
        book(Grouping::Day, EVERYTHING, "", whole),
        book(Grouping::Customer, id.as_str(), name, whole),
        book(Grouping::Country, &address.country, "", whole),
    ];
    let products = by_product(&order.lines).into_iter();
    bookings.extend(
        products.map(|(sku, (name, tally))| book(Grouping::Product, sku.as_str(), name, tally)),
    );
    bookings
}

fn by_product(lines: &[Line]) -> BTreeMap<&Sku, (&str, Tally)> {
    let mut products: BTreeMap<&Sku, (&str, Tally)> = BTreeMap::new();
    for line in lines {
        let (_, tally) = products
            .entry(&line.sku)
            .or_insert((&line.name, Tally { orders: 1, ..Tally::default() }));
        tally.units += u64::from(line.quantity);
        tally.minor += i128::from(line.unit_price.minor) * i128::from(line.quantity);
    }
    products
}

/// What a refund adds to each group. Name and country of the customer are not known of a charge that
/// was never told.
pub(crate) fn bookings_of_refund<'a>(
    refunded: &'a Refunded,
    payment: Option<&'a PaymentRecord>,
) -> Vec<Booking<'a>> {
    let Money { minor, currency } = refunded.amount;
    let tally = Tally { orders: 1, units: 0, minor: i128::from(minor) };
    let name = payment.and_then(|payment| payment.customer_name.as_deref()).unwrap_or_default();
    let country = payment.and_then(|payment| payment.country.as_deref());
    let book = |grouping, key, label| Booking { grouping, key, label, currency, tally };
    let mut bookings = vec![
        book(Grouping::Day, EVERYTHING, ""),
        book(Grouping::Customer, refunded.customer_id.as_str(), name),
    ];
    bookings.extend(country.map(|country| book(Grouping::Country, country, "")));
    bookings
}
