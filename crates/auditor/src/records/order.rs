//! The four records of one order, one for each stream that tells of it.

use contracts::choreography::MURMURATION;
use contracts::events::inventory::Shortage;
use contracts::events::order::{EndReason, Placed};
use contracts::events::payment::DeclineReason;
use contracts::events::shipping::{CancelReason, Recipient};
use contracts::events::{Address, Line, Snapshot};
use contracts::{Event, Money, StoredEvent};
use protocol::choreography::{NONE, State};
use protocol::{Cause, Kind, Timestamp};
use serde::{Deserialize, Serialize};

/// One event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) sequence: u64,
    #[serde(rename = "type", with = "protocol::as_text")]
    pub(super) kind: Kind,
    pub(super) time: Timestamp,
    #[serde(with = "protocol::as_text")]
    cause: Cause,
}

/// What ORDER says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    pub(super) customer: Snapshot,
    pub(super) lines: Vec<Line>,
    pub(super) total: Money,
    pub(super) business_date: String,
    deadline: Timestamp,
    hand_over_ms: u32,
    until: Option<Timestamp>,
    pub(super) end: Option<End>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) reason: EndReason,
    detail: String,
}

/// What INVENTORY says.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reservation {
    shortages: Vec<Shortage>,
    pub(super) steps: Vec<Step>,
}

/// What PAYMENT says.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    charged: Option<Money>,
    pub(super) refunded: Option<Money>,
    declined: Option<Decline>,
    limit: Option<Limit>,
    pub(super) country: Option<String>,
    pub(super) customer_name: Option<String>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decline {
    reason: DeclineReason,
    amount: Money,
    outstanding: Money,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    amount: Money,
    customer_version: u64,
}

/// What SHIPPING says.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shipment {
    parcel: Option<Parcel>,
    cancelled: Option<CancelReason>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parcel {
    name: String,
    address: Address,
    units: u64,
}

impl Step {
    fn of(event: &StoredEvent) -> Self {
        let headers = &event.headers;
        let cause = headers.cause.clone();
        Self { sequence: headers.sequence, kind: headers.kind, time: headers.time, cause }
    }
}

/// The state after some steps of one service.
pub(super) fn state_after(steps: &[Step]) -> State {
    steps.last().and_then(|step| MURMURATION.state_after(step.kind)).unwrap_or(NONE)
}

impl Order {
    pub(super) fn of(event: &StoredEvent, placed: &Placed) -> Self {
        let Placed { customer, lines, total, deadline, hand_over_ms, business_date, .. } =
            placed.clone();
        let (until, end, steps) = (None, None, vec![Step::of(event)]);
        Self { customer, lines, total, business_date, deadline, hand_over_ms, until, end, steps }
    }

    pub(super) fn take(&mut self, event: &StoredEvent) {
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

    pub(super) fn units(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.quantity)).sum()
    }

    /// The row with which it was placed.
    pub(super) fn number(&self) -> u64 {
        self.steps.first().map_or(0, |step| step.sequence)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.steps.last().is_some_and(|step| MURMURATION.ends.contains(&step.kind))
    }

    /// From when on others may be expected to finish it, in milliseconds since 1970.
    pub(super) fn expected_from_ms(&self) -> i64 {
        let placed = self.steps.first().map_or(Timestamp::default(), |step| step.time);
        self.until.map_or(placed, |until| until.max(placed)).micros() / 1_000
    }
}

impl Reservation {
    pub(super) fn take(&mut self, event: &StoredEvent) {
        if let Event::InventoryRejected(rejected) = &event.event {
            self.shortages.clone_from(&rejected.shortages);
        }
        self.steps.push(Step::of(event));
    }
}

impl Payment {
    pub(super) fn take(&mut self, event: &StoredEvent) {
        if let Event::PaymentCharged(charged) = &event.event {
            let Snapshot { version, customer } = &charged.customer;
            let limit = Limit { amount: customer.credit_limit, customer_version: *version };
            self.charged = Some(charged.amount);
            self.country = Some(customer.address.country.clone());
            self.customer_name = Some(customer.name.clone());
            self.limit = Some(limit);
        }
        if let Event::PaymentDeclined(declined) = &event.event {
            let (amount, outstanding) = (declined.amount, declined.outstanding);
            let customer_version = declined.customer_version;
            self.declined = Some(Decline { reason: declined.reason, amount, outstanding });
            self.limit = Some(Limit { amount: declined.limit, customer_version });
        }
        if let Event::PaymentRefunded(refunded) = &event.event {
            self.refunded = Some(refunded.amount);
        }
        self.steps.push(Step::of(event));
    }
}

impl Shipment {
    pub(super) fn take(&mut self, event: &StoredEvent) {
        if let Event::ShippingCreated(created) = &event.event {
            let Recipient { name, address, .. } = created.recipient.clone();
            self.parcel = Some(Parcel { name, address, units: created.units });
        }
        if let Event::ShippingCancelled(cancelled) = &event.event {
            self.cancelled = Some(cancelled.reason);
        }
        self.steps.push(Step::of(event));
    }
}
