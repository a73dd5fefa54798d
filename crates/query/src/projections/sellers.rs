//! What each product, and each customer, has brought in. A fold of the ORDER stream.
//!
//! With each booking, those that brought in most are looked at anew ([`super::leaders`]): with the sum as
//! it is right after it. So both are one view.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::{Currency, service};
use serde::{Deserialize, Serialize};

use super::EventContext;
use super::leaders::Leaders;
use super::ledgers::month_of;
use crate::fold::Item;
use crate::fold::family::{AnyFamily, Damaged, Family, Handle};
use crate::fold::view::View;
use crate::keys;
use crate::records::booking::{bookings_of_sale, sold};
use crate::records::{Booking, Grouping, Memo, Tallies, Tally};

/// Months that are kept of each, the newest ones.
pub const MONTHS_KEPT: usize = 24;

/// The completed orders of one product, or of one customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// What people call it, as it was called last.
    pub label: String,
    /// All completed orders.
    pub total: Tallies,
    /// The newest business months, such as `2026-01`.
    pub months: BTreeMap<String, Memo<Tallies>>,
}

/// Sellers, by `product/SKU` or `customer/id`, and the leaders among them.
#[derive(Debug)]
pub(crate) struct Sellers {
    sellers: Family<Seller>,
    leaders: Family<Leaders>,
    sales: Vec<Sale>,
}

/// What one sale adds to one seller.
#[derive(Debug)]
struct Sale {
    seller: Handle,
    leaders: Handle,
    at: u64,
    grouping: Grouping,
    key: String,
    label: String,
    month: String,
    currency: Currency,
    tally: Tally,
}

impl Default for Sellers {
    fn default() -> Self {
        Self {
            sellers: Family::new(keys::SELLER, |_, _| {}),
            leaders: Family::new(keys::LEADERS, |_, _| {}),
            sales: Vec::new(),
        }
    }
}

impl View for Sellers {
    fn take(&mut self, context: &EventContext<'_>, _nth: usize) {
        let Some(order) = sold(context) else { return };
        let (at, leaders) = (context.event.headers.sequence, service::ORDER.stream());
        for Booking { grouping, key, label, currency, tally } in bookings_of_sale(order) {
            if !matches!(grouping, Grouping::Product | Grouping::Customer) {
                continue;
            }
            let (key, label) = (key.to_owned(), label.to_owned());
            let seller = self.sellers.want(&keys::seller(grouping, &key));
            let leaders = self.leaders.want(leaders);
            let month = month_of(&order.business_date).to_owned();
            let sale = Sale { seller, leaders, at, grouping, key, label, month, currency, tally };
            self.sales.push(sale);
        }
    }

    fn apply(&mut self, _items: &[Arc<Item>]) -> Result<(), Damaged> {
        // All bookings of one sale are of one event.
        let mut last = 0;
        for sale in self.sales.drain(..) {
            let seller = self.sellers.edit(sale.seller, Some(sale.at))?.get_or_insert_default();
            seller.add(&sale);
            let Sale { grouping, key, label, currency, .. } = &sale;
            let tally = seller.total.of(*currency);
            let looked_at = (last != sale.at).then_some(sale.at);
            let leaders = self.leaders.edit(sale.leaders, looked_at)?.get_or_insert_default();
            let (grouping, currency) = (*grouping, *currency);
            leaders.look_at(&Booking { grouping, key, label, currency, tally });
            last = sale.at;
        }
        Ok(())
    }

    fn families(&mut self) -> Vec<&mut dyn AnyFamily> {
        vec![&mut self.sellers, &mut self.leaders]
    }
}

impl Seller {
    fn add(&mut self, Sale { label, month, currency, tally, .. }: &Sale) {
        self.label.clone_from(label);
        self.total.add(*currency, *tally);
        if let Some(known) = self.months.get_mut(month) {
            known.edit().add(*currency, *tally);
            return;
        }
        let forgotten = self.months.len() >= MONTHS_KEPT
            && self.months.first_key_value().is_some_and(|(oldest, _)| month < oldest);
        if forgotten {
            return;
        }
        self.months.entry(month.clone()).or_default().edit().add(*currency, *tally);
        if self.months.len() > MONTHS_KEPT {
            self.months.pop_first();
        }
    }
}
