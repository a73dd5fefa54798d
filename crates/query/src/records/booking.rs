//! What one sale or one refund adds to each group that reports show.
//!
//! A sale is booked when its order is completed, on the order's business day: a fold of ORDER. A
//! refund is booked when it is paid back, on that day in UTC, since PAYMENT knows no business day: a
//! fold of PAYMENT. A refund pays back a whole order and names no products, so none is booked to one.

use std::collections::BTreeMap;

use contracts::events::order::Placed;
use contracts::events::payment::Refunded;
use contracts::events::{Customer, Line};
use contracts::{Currency, Id, Money};

use super::{OrderRecord, Tally};

/// By what reports are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grouping {
    /// By day.
    Day,
    /// By product.
    Product,
    /// By customer.
    Customer,
    /// By the country that the customer had when the order was placed or charged.
    Country,
}

/// What is added to one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// What kind of group it is.
    pub grouping: Grouping,
    /// Which group.
    pub key: String,
    /// What people call it; empty if the key says it all.
    pub label: String,
    /// The currency.
    pub currency: Currency,
    /// What is added.
    pub tally: Tally,
}

/// The one group of all that happens on a day.
pub const EVERYTHING: &str = "all";

/// A sale: what an order says that matters here.
#[derive(Clone, Copy, Debug)]
pub struct Sale<'a> {
    /// Its business day.
    pub date: &'a str,
    customer: &'a Customer,
    lines: &'a [Line],
    total: Money,
}

impl Grouping {
    /// Every grouping.
    pub const ALL: [Self; 4] = [Self::Day, Self::Product, Self::Customer, Self::Country];

    /// Its name.
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

impl Booking {
    /// Whether the group is one of which there is a record over all time.
    #[must_use]
    pub const fn has_seller(&self) -> bool {
        matches!(self.grouping, Grouping::Product | Grouping::Customer)
    }
}

impl<'a> From<&'a Placed> for Sale<'a> {
    fn from(placed: &'a Placed) -> Self {
        let Placed { customer, lines, total, business_date, .. } = placed;
        Self { date: business_date, customer: &customer.customer, lines, total: *total }
    }
}

impl<'a> From<&'a OrderRecord> for Sale<'a> {
    fn from(order: &'a OrderRecord) -> Self {
        let OrderRecord { customer, lines, total, business_date, .. } = order;
        Self { date: business_date, customer: &customer.customer, lines, total: *total }
    }
}

impl Sale<'_> {
    /// What it adds to each group. A product that stands in several lines is one booking.
    #[must_use]
    pub fn bookings(&self) -> Vec<Booking> {
        let units = self.lines.iter().map(|line| u64::from(line.quantity)).sum();
        let whole = Tally { orders: 1, units, minor: i128::from(self.total.minor) };
        let book = |grouping, key: &str, label: &str, tally| {
            let (key, label) = (key.to_owned(), label.to_owned());
            Booking { grouping, key, label, currency: self.total.currency, tally }
        };
        let Customer { id, name, address, .. } = self.customer;
        let mut bookings = vec![
            book(Grouping::Day, EVERYTHING, "", whole),
            book(Grouping::Customer, id.as_str(), name, whole),
            book(Grouping::Country, &address.country, "", whole),
        ];
        let products = self.by_product();
        let products = products.into_iter();
        bookings.extend(
            products.map(|(sku, (name, tally))| book(Grouping::Product, sku.as_str(), name, tally)),
        );
        bookings
    }

    fn by_product(&self) -> BTreeMap<&Id, (&str, Tally)> {
        let mut products: BTreeMap<&Id, (&str, Tally)> = BTreeMap::new();
        for line in self.lines {
            let (_, tally) = products
                .entry(&line.sku)
                .or_insert((&line.name, Tally { orders: 1, ..Tally::default() }));
            tally.units += u64::from(line.quantity);
            tally.minor += i128::from(line.unit_price.minor) * i128::from(line.quantity);
        }
        products
    }
}

/// What a refund adds to each group. Name and country of the customer are not known of a charge that
/// was never told.
#[must_use]
pub fn bookings_of_refund(
    refunded: &Refunded,
    name: Option<&str>,
    country: Option<&str>,
) -> Vec<Booking> {
    let Money { minor, currency } = refunded.amount;
    let tally = Tally { orders: 1, units: 0, minor: i128::from(minor) };
    let book = |grouping, key: &str, label: &str| Booking {
        grouping,
        key: key.to_owned(),
        label: label.to_owned(),
        currency,
        tally,
    };
    let mut bookings = vec![
        book(Grouping::Day, EVERYTHING, ""),
        book(Grouping::Customer, refunded.customer_id.as_str(), name.unwrap_or_default()),
    ];
    bookings.extend(country.map(|country| book(Grouping::Country, country, "")));
    bookings
}
