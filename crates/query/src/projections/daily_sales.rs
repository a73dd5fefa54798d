//! What was sold: of all orders, and of the orders of one business day. Folds of the ORDER stream.

use std::collections::BTreeMap;

use contracts::events::order::EndReason;
use contracts::{Currency, Event, Money, StoredEvent, service};
use protocol::choreography::State;
use serde::{Deserialize, Serialize};

use super::{Changed, EventContext, Projection};
use crate::fold::IndexChange;
use crate::keys;
use crate::records::Sums;

/// The sales of each business day, by date, or else those of all days.
#[derive(Debug)]
pub(crate) struct Sold<const DAILY: bool>;

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

/// How an order moved with one event of ORDER.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    from: State,
    to: State,
    end: Option<EndReason>,
    total: Money,
    units: u64,
}

impl<const DAILY: bool> Projection for Sold<DAILY> {
    type State = Sales;
    type Change = Move;

    const FAMILY: &'static str = if DAILY { keys::DAY } else { keys::TOTALS };

    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, Move)) {
        if let (Some(moved), Some(order)) = (Move::of(context), context.saga.order) {
            change(if DAILY { &order.business_date } else { service::ORDER.stream() }, moved);
        }
    }

    fn apply(sales: &mut Option<Sales>, moved: Move, event: &StoredEvent) {
        sales.get_or_insert_default().fold(moved, event);
    }

    fn index(day: &Changed<'_, Sales>, entries: &mut Vec<IndexChange>) {
        if DAILY {
            let (index, score) = (keys::DAYS.to_owned(), Some(keys::day_score(day.id)));
            entries.push(IndexChange { index, member: day.id.to_owned(), score });
        }
    }
}

impl Move {
    fn of(context: &EventContext<'_>) -> Option<Self> {
        let order = context.saga.order.filter(|_| context.service() == service::ORDER)?;
        let end = order.end.as_ref().filter(|_| order.ended()).map(|end| end.reason);
        let (from, to, total, units) = (context.from, order.state(), order.total, order.units());
        Some(Self { from, to, end, total, units })
    }
}

impl Sales {
    fn fold(&mut self, moved: Move, event: &StoredEvent) {
        let Move { from, to, end, total, units } = moved;
        self.move_one(from, to);
        if let Event::OrderPlaced(placed) = &event.event {
            self.orders = self.orders.saturating_add(1);
            self.placed.add(placed.total);
        }
        if let Event::OrderCompleted(_) = &event.event {
            self.revenue.add(total);
            *self.completed.entry(total.currency).or_default() += 1;
            self.units = self.units.saturating_add(units);
        }
        if let Some(reason) = end {
            self.count_end(reason);
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
