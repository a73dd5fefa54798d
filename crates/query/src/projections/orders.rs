//! What the ORDER stream says of one order.

use contracts::choreography::MURMURATION;
use contracts::events::order::{EndReason, Placed};
use contracts::events::{Line, Snapshot};
use contracts::{Event, Money, StoredEvent};
use protocol::Timestamp;
use protocol::choreography::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Changed;
use crate::fold::IndexChange;
use crate::keys;
use crate::records::Contradiction;
use crate::records::step::{Step, state_after};

/// An order, as the order service tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// Who ordered, as known when the order was placed.
    pub customer: Snapshot,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
    /// The day to which the business counts it.
    pub business_date: String,
    /// When it is cancelled if it is still `placed`.
    pub deadline: Timestamp,
    /// How long people can change their minds once all is taken.
    pub hand_over_ms: u32,
    /// When the hand-over window closes, once it is open.
    pub until: Option<Timestamp>,
    /// How it ended, once it has.
    pub end: Option<End>,
    /// Its events; the first is `order.placed`, so there is always one.
    pub steps: Vec<Step>,
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// A sentence for people; may be empty.
    pub detail: String,
}

/// An order that was placed is listed among all orders, and among its customer's.
pub(crate) fn index(order: &Changed<'_, OrderRecord>, entries: &mut Vec<IndexChange>) {
    if !order.is_new {
        return;
    }
    let of_customer = keys::customer_orders(order.record.customer.customer.id.as_str());
    let score = Some(order.record.number().cast_signed());
    entries.extend([keys::ORDERS.to_owned(), of_customer].map(|index| IndexChange {
        index,
        member: order.id.to_owned(),
        score,
    }));
}

impl OrderRecord {
    fn placed(event: &StoredEvent, placed: &Placed) -> Self {
        Self {
            customer: placed.customer.clone(),
            lines: placed.lines.clone(),
            total: placed.total,
            business_date: placed.business_date.clone(),
            deadline: placed.deadline,
            hand_over_ms: placed.hand_over_ms,
            until: None,
            end: None,
            steps: vec![Step::of(event)],
        }
    }

    /// Folds one event of the ORDER stream about one order.
    ///
    /// # Errors
    /// When the order was placed before, or never.
    pub fn fold(record: &mut Option<Self>, event: &StoredEvent) -> Result<(), Contradiction> {
        match (&event.event, record.as_mut()) {
            (Event::OrderPlaced(placed), None) => {
                *record = Some(Self::placed(event, placed));
                Ok(())
            }
            (Event::OrderPlaced(_), Some(_)) => {
                Err(Contradiction(format!("order {} was placed before", event.headers.id)))
            }
            (_, None) => {
                let (kind, id) = (event.headers.kind, &event.headers.id);
                Err(Contradiction(format!("{kind} of {id}, which was never placed")))
            }
            (_, Some(order)) => {
                order.go_on(event);
                Ok(())
            }
        }
    }

    fn go_on(&mut self, event: &StoredEvent) {
        if let Event::OrderPrepared(prepared) = &event.event {
            self.until = Some(prepared.until);
        }
        if let Event::OrderCompleted(ended)
        | Event::OrderRejected(ended)
        | Event::OrderCancelled(ended) = &event.event
        {
            self.end = Some(End { reason: ended.reason, detail: ended.detail.clone() });
        }
        self.steps.push(Step::of(event));
    }

    /// Its state, by the choreography's name.
    #[must_use]
    pub fn state(&self) -> State {
        state_after(&self.steps)
    }

    /// Whether it has reached its one end.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.steps.last().is_some_and(|step| MURMURATION.ends.contains(&step.kind))
    }

    /// The sequence of its `order.placed`: newer orders have higher ones.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.steps.first().map_or(0, |step| step.sequence)
    }

    /// When it was placed.
    #[must_use]
    pub fn placed_at(&self) -> Timestamp {
        self.steps.first().map_or(Timestamp::default(), |step| step.time)
    }

    /// From when on others may be expected to finish it: since it was placed, or since its
    /// hand-over window closed, if it has one that is open.
    #[must_use]
    pub fn expected_from(&self) -> Timestamp {
        self.until.map_or(self.placed_at(), |until| until.max(self.placed_at()))
    }

    /// Units in all its lines.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.quantity)).sum()
    }
}
