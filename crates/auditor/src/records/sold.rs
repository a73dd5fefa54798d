//! What orders come to: counts and sums of all of them, of days, minutes and hours, and of the groups
//! that reports show.

use std::collections::BTreeMap;

use contracts::events::order::EndReason;
use contracts::{Currency, Event, Money, StoredEvent};
use serde::{Deserialize, Serialize};

use super::order::{Order, state_after};

/// Months that a product's or a customer's sales keep: the newest ones.
const MONTHS_KEPT: usize = 24;

/// How many lead, in each currency.
const LEADERS_KEPT: usize = 10;

/// One sum for each currency.
pub(super) type Sums = BTreeMap<Currency, i128>;

/// One tally for each currency.
pub(super) type Tallies = BTreeMap<Currency, Tally>;

/// What some orders in one currency come to.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tally {
    pub(super) orders: u64,
    pub(super) units: u64,
    pub(super) minor: i128,
}

/// All orders, or those of one business day.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sales {
    orders: u64,
    by_state: BTreeMap<String, u64>,
    by_reason: Vec<(EndReason, u64)>,
    placed: Sums,
    revenue: Sums,
    completed: BTreeMap<Currency, u64>,
    units: u64,
}

/// One minute, or one hour. Those that are a whole ring apart share a record: the newest has it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slot {
    number: i64,
    placed: u64,
    rejected: u64,
    cancelled: u64,
    completed: Tallies,
}

/// One month of one group of a report, day by day.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    label: String,
    days: BTreeMap<String, Tallies>,
}

/// One product or one customer.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seller {
    label: String,
    total: Tallies,
    months: BTreeMap<String, Tallies>,
}

/// The products and customers that brought in most.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaders {
    products: BTreeMap<Currency, Vec<Leader>>,
    customers: BTreeMap<Currency, Vec<Leader>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leader {
    key: String,
    label: String,
    tally: Tally,
}

/// By what reports are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    Day,
    Product,
    Customer,
    Country,
}

/// What a sale, or a refund, adds to one group.
#[derive(Debug)]
pub(super) struct Booking {
    pub(super) grouping: Grouping,
    pub(super) key: String,
    pub(super) label: String,
    pub(super) currency: Currency,
    pub(super) tally: Tally,
}

pub(super) fn add(sums: &mut Sums, amount: Money) {
    *sums.entry(amount.currency).or_default() += i128::from(amount.minor);
}

fn add_tally(tallies: &mut Tallies, currency: Currency, more: Tally) {
    let tally = tallies.entry(currency).or_default();
    tally.orders += more.orders;
    tally.units += more.units;
    tally.minor += more.minor;
}

/// The month of a day.
pub(super) fn month_of(date: &str) -> &str {
    date.get(..7).unwrap_or(date)
}

impl Sales {
    /// Counts an event of an order that was in state `before`.
    pub(super) fn take(&mut self, before: &str, order: &Order, event: &StoredEvent) {
        if let Some(count) = self.by_state.get_mut(before) {
            *count = count.saturating_sub(1);
        }
        self.by_state.retain(|_, count| *count > 0);
        *self.by_state.entry(state_after(&order.steps).to_owned()).or_default() += 1;
        if let Event::OrderPlaced(placed) = &event.event {
            self.orders += 1;
            add(&mut self.placed, placed.total);
        }
        if let Event::OrderCompleted(_) = &event.event {
            add(&mut self.revenue, order.total);
            *self.completed.entry(order.total.currency).or_default() += 1;
            self.units += order.units();
        }
        if let Event::OrderCompleted(ended)
        | Event::OrderRejected(ended)
        | Event::OrderCancelled(ended) = &event.event
        {
            match self.by_reason.iter_mut().find(|(reason, _)| *reason == ended.reason) {
                Some((_, count)) => *count += 1,
                None => self.by_reason.push((ended.reason, 1)),
            }
        }
    }
}

impl Slot {
    /// Counts an event in the span `number`.
    pub(super) fn take(&mut self, number: i64, order: &Order, event: &StoredEvent) {
        if number > self.number {
            *self = Self { number, ..Self::default() };
        } else if number < self.number {
            return;
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is counted")]
        match &event.event {
            Event::OrderPlaced(_) => self.placed += 1,
            Event::OrderRejected(_) => self.rejected += 1,
            Event::OrderCancelled(_) => self.cancelled += 1,
            Event::OrderCompleted(_) => {
                add_tally(&mut self.completed, order.total.currency, whole(order));
            }
            _ => {}
        }
    }
}

impl Ledger {
    pub(super) fn add(&mut self, date: &str, booking: &Booking) {
        self.label.clone_from(&booking.label);
        let day = self.days.entry(date.to_owned()).or_default();
        add_tally(day, booking.currency, booking.tally);
    }
}

impl Seller {
    /// Adds a sale. Says what there is in this currency in all.
    pub(super) fn add(&mut self, month: &str, booking: &Booking) -> Tally {
        self.label.clone_from(&booking.label);
        add_tally(&mut self.total, booking.currency, booking.tally);
        let kept = self.months.entry(month.to_owned()).or_default();
        add_tally(kept, booking.currency, booking.tally);
        // The newest stay: whatever falls out is older than all that are kept, then and later.
        while self.months.len() > MONTHS_KEPT {
            self.months.pop_first();
        }
        self.total.get(&booking.currency).copied().unwrap_or_default()
    }
}

impl Leaders {
    /// Puts one that has just brought in more at its place.
    pub(super) fn take(&mut self, booking: &Booking, tally: Tally) {
        let lists = match booking.grouping {
            Grouping::Product => &mut self.products,
            Grouping::Customer => &mut self.customers,
            Grouping::Day | Grouping::Country => return,
        };
        let list = lists.entry(booking.currency).or_default();
        list.retain(|leader| leader.key != booking.key);
        let is_before = |leader: &Leader| {
            leader.tally.minor > tally.minor
                || leader.tally.minor == tally.minor && leader.key < booking.key
        };
        let at = list.partition_point(is_before);
        let (key, label) = (booking.key.clone(), booking.label.clone());
        list.insert(at, Leader { key, label, tally });
        list.truncate(LEADERS_KEPT);
    }
}

impl Grouping {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Product => "product",
            Self::Customer => "customer",
            Self::Country => "country",
        }
    }
}

fn whole(order: &Order) -> Tally {
    Tally { orders: 1, units: order.units(), minor: i128::from(order.total.minor) }
}

/// What a sale adds, and where: once to each of its products, however many lines it has of it.
pub(super) fn of_sale(order: &Order) -> Vec<Booking> {
    let currency = order.total.currency;
    let book = |grouping, key: &str, label: &str, tally| {
        let (key, label) = (key.to_owned(), label.to_owned());
        Booking { grouping, key, label, currency, tally }
    };
    let customer = &order.customer.customer;
    let mut bookings = vec![
        book(Grouping::Day, "all", "", whole(order)),
        book(Grouping::Customer, customer.id.as_str(), &customer.name, whole(order)),
        book(Grouping::Country, &customer.address.country, "", whole(order)),
    ];
    let mut products: BTreeMap<&str, Booking> = BTreeMap::new();
    for line in &order.lines {
        let sku = line.sku.as_str();
        let none = Tally { orders: 1, ..Tally::default() };
        let booking =
            products.entry(sku).or_insert_with(|| book(Grouping::Product, sku, &line.name, none));
        booking.tally.units += u64::from(line.quantity);
        booking.tally.minor += i128::from(line.quantity) * i128::from(line.unit_price.minor);
    }
    bookings.extend(products.into_values());
    bookings
}

/// What a refund adds, and where. It names no products; the customer's name and country are known of a
/// charge that was told.
pub(super) fn of_refund(
    (customer, name): (&str, &str),
    amount: Money,
    country: Option<&str>,
) -> Vec<Booking> {
    let tally = Tally { orders: 1, units: 0, minor: i128::from(amount.minor) };
    let groups = [
        Some((Grouping::Day, "all", "")),
        Some((Grouping::Customer, customer, name)),
        country.map(|country| (Grouping::Country, country, "")),
    ];
    let book = |(grouping, key, label): (Grouping, &str, &str)| {
        let (key, label, currency) = (key.to_owned(), label.to_owned(), amount.currency);
        Booking { grouping, key, label, currency, tally }
    };
    groups.into_iter().flatten().map(book).collect()
}
