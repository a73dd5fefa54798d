//! The entries of indexes: which there have to be, by rules over the records.

use contracts::CustomerId;
use contracts::choreography::MURMURATION;
use contracts::service;
use protocol::choreography::Trigger;

use super::order::{Order, state_after};
use super::totals::OnHand;
use super::{Entry, Records};

const ORDERS: &str = "orders:ORDER";
const CUSTOMER_ORDERS: &str = "customer-orders:ORDER:";
const DAYS: &str = "days:ORDER";
const LEDGERS: &str = "ledgers:";
const UNSETTLED: &str = "unsettled";
const LOW_STOCK: &str = "low-stock:INVENTORY";
pub(super) const PARKED: &str = "parked";

/// Units of which so many or fewer can still be ordered stand in [`LOW_STOCK`].
const LOW_STOCK_UNITS: u64 = 50;

impl Records {
    /// The score that a member of an index has to have; none if it has no place there.
    pub(super) fn score(&self, index: &str, member: &str) -> Option<String> {
        let number = |id: &str| self.orders.get(id).map(|order| order.number().to_string());
        match index {
            ORDERS => number(member),
            DAYS => self.days.get(member).map(|_| day_score(member)),
            LOW_STOCK => low_score(self.on_hand.get(member)?),
            UNSETTLED => self.unsettled(member, self.orders.get(member)?),
            _ => {
                if let Some(customer) = index.strip_prefix(CUSTOMER_ORDERS) {
                    let order = self.orders.get(member)?;
                    return number(member).filter(|_| customer_of(order).as_str() == customer);
                }
                let is_there = ledgers_of(member) == index && self.ledgers.get(member).is_some();
                is_there.then(|| "0".to_owned())
            }
        }
    }

    /// Every entry that there has to be.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        let days = self.days.iter().map(|(day, _)| entry(DAYS, day, day_score(day)));
        let ledgers = self.ledgers.iter();
        let ledgers = ledgers.map(|(id, _)| entry(&ledgers_of(id), id, "0".to_owned()));
        let low = self.on_hand.iter();
        let low = low.filter_map(|(sku, stock)| Some(entry(LOW_STOCK, sku, low_score(stock)?)));
        let orders = self.orders.iter().flat_map(|(id, order)| {
            let number = order.number().to_string();
            let of_customer = format!("{CUSTOMER_ORDERS}{}", customer_of(order));
            let unsettled = self.unsettled(id, order);
            [
                Some(entry(ORDERS, id, number.clone())),
                Some(entry(&of_customer, id, number)),
                unsettled.map(|score| entry(UNSETTLED, id, score)),
            ]
        });
        orders.flatten().chain(days).chain(ledgers).chain(low)
    }

    /// Until it has ended and no service owes it anything, an order is among the unsettled.
    fn unsettled(&self, id: &str, order: &Order) -> Option<String> {
        let is_settled = order.has_ended() && !self.is_owed_anything(id);
        (!is_settled).then(|| order.expected_from_ms().to_string())
    }

    /// Whether the choreography has a reaction of some service, in the state that it is in, to an event
    /// that was told of the order.
    fn is_owed_anything(&self, id: &str) -> bool {
        let all = service::ALL.map(|service| self.steps(id, service));
        service::ALL.into_iter().zip(all).any(|(service, own)| {
            let state = state_after(own);
            all.iter()
                .flat_map(|steps| steps.iter())
                .any(|step| MURMURATION.emits(service, state, Trigger::Event(step.kind)).is_some())
        })
    }
}

fn entry(index: &str, member: &str, score: String) -> Entry {
    (index.to_owned(), member.to_owned(), score)
}

fn customer_of(order: &Order) -> &CustomerId {
    &order.customer.customer.id
}

/// The date as a number.
fn day_score(day: &str) -> String {
    let digits: String = day.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<i64>().unwrap_or(0).to_string()
}

fn low_score(stock: &OnHand) -> Option<String> {
    let available = stock.available();
    (available <= LOW_STOCK_UNITS).then(|| available.to_string())
}

/// The index that lists a ledger: `STREAM/grouping/month` of `STREAM/grouping/month/key`.
fn ledgers_of(id: &str) -> String {
    let group: Vec<_> = id.splitn(4, '/').take(3).collect();
    format!("{LEDGERS}{}", group.join("/"))
}
