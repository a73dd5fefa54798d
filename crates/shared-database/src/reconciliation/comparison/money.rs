//! Compares money that comes from several rows: what was paid, what is owed, what was brought in.

use std::collections::BTreeMap;

use contracts::Currency;

use super::{Amounts, Comparison, add, readable};

impl Comparison<'_> {
    /// What was paid, and what is owed: by all that was completed, less what was paid.
    pub(super) fn accounts(&mut self) {
        let (old, services) = (self.old, self.services);
        let mut accounts: BTreeMap<&str, [i128; 2]> = BTreeMap::new();
        for (_, payment) in readable(&old.payments, "payment", &mut self.found) {
            accounts.entry(payment.customer.as_str()).or_default()[0] +=
                i128::from(payment.amount.minor);
        }
        for order in self.completed() {
            accounts.entry(order.customer.as_str()).or_default()[1] +=
                i128::from(order.total.minor);
        }
        let [mut paid, mut paid_there, mut owed, mut owed_there] = [const { Amounts::new() }; 4];
        for (id, customer) in
            old.customers.iter().filter_map(|(id, one)| Some((id, one.as_ref().ok()?)))
        {
            let currency = customer.limit.currency;
            let [paid_in, bought] = accounts.get(id.as_str()).copied().unwrap_or_default();
            let outstanding = bought - paid_in;
            add(&mut paid, currency, paid_in);
            add(&mut owed, currency, outstanding);
            let Some(there) = services.accounts.get(id) else { continue };
            let [there_paid, there_owed] =
                [there.paid_in, there.outstanding].map(|amount| i128::from(amount.minor));
            add(&mut paid_there, there.paid_in.currency, there_paid);
            add(&mut owed_there, there.outstanding.currency, there_owed);
            if (paid_in, outstanding) != (there_paid, there_owed) {
                let shown = |minor| currency.decimal(minor);
                let what = format!(
                    "paid {} and owes {}, and in the old database {} and {}",
                    shown(there_paid),
                    shown(there_owed),
                    shown(paid_in),
                    shown(outstanding)
                );
                self.differs("account", id, &what);
            }
        }
        self.amounts("paid in", &paid, &paid_there);
        self.amounts("owed", &owed, &owed_there);
    }

    /// What the read model adds up by days, less what was ordered by others.
    pub(super) fn revenue(&mut self) {
        let services = self.services;
        let mut days: BTreeMap<(String, Currency), i128> = BTreeMap::new();
        for order in self.completed() {
            let day = (order.day.clone(), order.total.currency);
            *days.entry(day).or_default() += i128::from(order.total.minor);
        }
        let mut others: BTreeMap<(String, Currency), i128> = BTreeMap::new();
        for (id, order) in services.orders.iter().filter(|(_, order)| order.state == "completed") {
            if !self.old.orders.contains_key(id) {
                let day = (order.business_date.clone(), order.total.currency);
                *others.entry(day).or_default() += i128::from(order.total.minor);
            }
        }
        let [mut revenue, mut there] = [const { Amounts::new() }; 2];
        for (day, minor) in days {
            let less = others.get(&day).copied().unwrap_or_default();
            let found = services.revenue.get(&day).copied().unwrap_or_default() - less;
            add(&mut revenue, day.1, minor);
            add(&mut there, day.1, found);
            if minor != found {
                let [minor, found] = [minor, found].map(|minor| day.1.decimal(minor));
                let what =
                    format!("the read model has {found} {}, the orders come to {minor}", day.1);
                self.differs("day", &day.0, &what);
            }
        }
        self.amounts("revenue by day in the read model", &revenue, &there);
    }
}
