//! What was sold: of all orders, or of the orders of one business day. A fold of the ORDER stream.

use std::collections::BTreeMap;

use contracts::events::order::EndReason;
use contracts::{Currency, Event, StoredEvent};
use serde::{Deserialize, Serialize};

use super::{OrderRecord, Sums};

/// Orders, counted and added up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sales {
    /// Orders placed, whatever became of them.
    pub orders: u64,
    /// Orders by the state that they are in now; states in which none is are left out.
    pub by_state: BTreeMap<String, u64>,
    /// Ended orders by why they ended, in the order in which the reasons first came up.
    pub by_reason: Vec<(EndReason, u64)>,
    /// What all placed orders ask for.
    pub placed: Sums,
    /// What the completed orders brought in.
    pub revenue: Sums,
    /// How many completed orders there are in each currency. Generations of version 2 have none.
    #[serde(default)]
    pub completed: BTreeMap<Currency, u64>,
    /// Units in the completed orders.
    pub units: u64,
}

impl Sales {
    /// Counts one event of an order that was in state `from`, and is now as `order` says.
    pub fn fold(&mut self, from: &str, order: &OrderRecord, event: &StoredEvent) {
        self.move_one(from, order.state());
        if let Event::OrderPlaced(placed) = &event.event {
            self.orders = self.orders.saturating_add(1);
            self.placed.add(placed.total);
        }
        if let Event::OrderCompleted(_) = &event.event {
            self.revenue.add(order.total);
            *self.completed.entry(order.total.currency).or_default() += 1;
            self.units = self.units.saturating_add(order.units());
        }
        if let (true, Some(end)) = (order.ended(), &order.end) {
            self.count_end(end.reason);
        }
    }

    fn move_one(&mut self, from: &str, to: &str) {
        if let Some(count) = self.by_state.get_mut(from) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_state.remove(from);
            }
        }
        *self.by_state.entry(to.to_owned()).or_default() += 1;
    }

    fn count_end(&mut self, reason: EndReason) {
        match self.by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => self.by_reason.push((reason, 1)),
        }
    }

    /// What one completed order brought in on average, in each currency, rounded towards zero.
    #[must_use]
    pub fn average_order(&self) -> Sums {
        self.revenue.per(&self.completed)
    }

    /// Orders that have ended, however.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.by_reason.iter().fold(0, |ended, (_, orders)| ended.saturating_add(*orders))
    }

    /// Orders that are in this state now.
    #[must_use]
    pub fn in_state(&self, state: &str) -> u64 {
        self.by_state.get(state).copied().unwrap_or(0)
    }
}
