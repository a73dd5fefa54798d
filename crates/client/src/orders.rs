//! The orders of a running Murmuration, as the order service lists them: newest first, page by page.

use contracts::choreography::MURMURATION;
use contracts::{CustomerId, Money, OrderId, service};
use protocol::Timestamp;
use protocol::choreography::State;
use serde::{Deserialize, Serialize};

use crate::http::{Call, CallError, Client};
use crate::run_file::RunFile;

/// Items of a page: the most that a service answers with.
const PAGE_ITEMS: usize = 500;

/// An order as the order service shows it; what this build does not need is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedOrder {
    pub order_id: OrderId,
    pub state: String,
    pub customer_id: CustomerId,
    pub total: Money,
    pub placed_at: Timestamp,
    pub updated_at: Timestamp,
    /// When the hand-over window closes, once it is or was open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why it ended, if it did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Which orders are wanted.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    pub state: Option<State>,
    pub customer: Option<CustomerId>,
    /// Placed then or later.
    pub since: Option<Timestamp>,
    /// Not at an end, and could have been by then.
    pub due_before: Option<Timestamp>,
}

/// What was found, newest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OrderList {
    pub orders: Vec<ListedOrder>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<ListedOrder>,
    next: Option<String>,
}

/// The states of an order that is not at an end.
const OPEN: [State; 3] = ["placed", "prepared", "confirmed"];

/// The states of an order.
pub fn states() -> impl Iterator<Item = State> {
    let of_orders = MURMURATION.states.iter().filter(|(service, _)| *service == service::ORDER);
    of_orders.flat_map(|(_, states)| states.iter().copied())
}

impl ListedOrder {
    /// Whether it stands where an order does not stay.
    pub fn is_open(&self) -> bool {
        OPEN.iter().any(|open| *open == self.state)
    }

    /// Since when it could have been at its end: a hand-over window is waited for.
    fn due(&self) -> Timestamp {
        self.until.unwrap_or(self.placed_at).max(self.placed_at)
    }
}

impl OrderFilter {
    /// The newest of the orders that are wanted, at most `limit`.
    ///
    /// # Errors
    /// When the order service does not answer, or was not started.
    pub async fn list(&self, running: &RunFile, limit: usize) -> anyhow::Result<OrderList> {
        let (client, service) = (running.client(), running.url(service::ORDER)?);
        let mut found = OrderList::default();
        let open = OPEN.map(Some);
        let only = [self.state];
        let states =
            if self.due_before.is_some() && self.state.is_none() { &open[..] } else { &only };
        for state in states {
            self.add_pages(&client, service, *state, limit, &mut found).await?;
        }
        found.orders.sort_by_key(|order| std::cmp::Reverse(order.placed_at));
        found.more |= found.orders.len() > limit;
        found.orders.truncate(limit);
        Ok(found)
    }

    /// Adds the newest orders in one state, at most one more than the limit.
    async fn add_pages(
        &self,
        client: &Client,
        service: &str,
        state: Option<State>,
        limit: usize,
        found: &mut OrderList,
    ) -> Result<(), CallError> {
        let (mut cursor, before) = (None, found.orders.len());
        loop {
            let room = (limit + 1).saturating_sub(found.orders.len() - before);
            // A condition that the service does not know leaves out some of a page.
            let is_exact = self.due_before.is_none();
            let items = if is_exact { room.clamp(1, PAGE_ITEMS) } else { PAGE_ITEMS };
            let url = self.url(service, state, items, cursor.as_deref());
            let page: Page = client.json(Call::get(url)).await?;
            let is_old =
                |order: &ListedOrder| self.since.is_some_and(|since| order.placed_at < since);
            let ends = page.items.iter().any(is_old);
            let wanted =
                page.items.into_iter().filter(|order| !is_old(order) && self.is_due(order));
            found.orders.extend(wanted.take(room));
            cursor = page.next;
            if ends || cursor.is_none() || found.orders.len() - before > limit {
                return Ok(());
            }
        }
    }

    fn is_due(&self, order: &ListedOrder) -> bool {
        self.due_before.is_none_or(|before| order.is_open() && order.due() < before)
    }

    fn url(
        &self,
        service: &str,
        state: Option<State>,
        items: usize,
        cursor: Option<&str>,
    ) -> String {
        let mut url = format!("{service}/orders?limit={items}");
        let customer = self.customer.as_ref().map(|customer| customer.as_str());
        for (name, value) in [("state", state), ("customer", customer), ("cursor", cursor)] {
            if let Some(value) = value {
                url += &format!("&{name}={value}");
            }
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_open_until_one_of_the_three_ends() {
        let ends = ["completed", "rejected", "cancelled"];
        let all: Vec<_> = states().filter(|state| *state != protocol::choreography::NONE).collect();
        assert_eq!(all.len(), OPEN.len() + ends.len());
        assert!(all.iter().all(|state| OPEN.contains(state) != ends.contains(state)));
    }

    #[test]
    fn what_the_service_knows_is_asked_of_it() {
        let customer = Some("ann".parse().unwrap());
        let filter = OrderFilter { customer, ..OrderFilter::default() };
        let url = filter.url("http://o", Some("placed"), 21, Some("3132"));
        assert_eq!(url, "http://o/orders?limit=21&state=placed&customer=ann&cursor=3132");
    }
}
