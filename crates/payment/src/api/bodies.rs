//! The JSON that the API takes and gives.

use contracts::money::NewMoney;
use contracts::{CustomerId, Money, StoredEvent};
use protocol::{Event as _, Kind, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tables::Account;

/// What a customer pays in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settlement {
    #[schemars(with = "NewMoney")]
    pub(super) amount: Money,
}

/// What a customer owes, in the currency of the limit; and in others, if it was charged in them.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AccountBody {
    customer_id: CustomerId,
    outstanding: Money,
    paid_in: Money,
    credit_limit: Option<Money>,
    others: Vec<Money>,
}

/// One event of an audit trail.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AuditedEvent {
    sequence: u64,
    #[serde(rename = "type")]
    kind: Kind,
    time: Timestamp,
    cause: String,
    data: serde_json::Value,
}

impl AccountBody {
    pub(super) fn of(
        customer_id: &CustomerId,
        credit_limit: Option<Money>,
        main: &Account,
        all: &[Account],
    ) -> Self {
        let currency = main.outstanding.currency;
        let others = all.iter().map(|account| account.outstanding);
        Self {
            customer_id: customer_id.clone(),
            outstanding: main.outstanding,
            paid_in: main.paid_in,
            credit_limit,
            others: others.filter(|owed| owed.currency != currency).collect(),
        }
    }
}

impl AuditedEvent {
    pub(super) fn of(stored: &StoredEvent) -> Self {
        let headers = &stored.headers;
        let data = stored.event.to_payload().and_then(|payload| serde_json::from_slice(&payload));
        Self {
            sequence: headers.sequence,
            kind: headers.kind,
            time: headers.time,
            cause: headers.cause.to_string(),
            // Events of this build always are JSON.
            data: data.unwrap_or_default(),
        }
    }
}
