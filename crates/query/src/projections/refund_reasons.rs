//! Why charges were paid back: the reason for which the order had ended.
//!
//! The refund is told by PAYMENT, the reason by ORDER, and either may be read first: it is counted once, with
//! the later of the two to come.

use std::collections::BTreeMap;

use contracts::choreography::MURMURATION;
use contracts::events::order::EndReason;
use contracts::{Money, StoredEvent, kind, service};
use serde::{Deserialize, Serialize};

use super::{EventContext, Projection};
use crate::keys;
use crate::records::Sums;

/// All refunds, by reason.
#[derive(Debug)]
pub(crate) struct RefundReasons;

/// The charges that were paid back for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunds {
    /// How many.
    pub charges: u64,
    /// What was paid back.
    pub amounts: Sums,
}

/// The charges that were paid back, by why their order ended; reasons that never were one are left out.
pub type RefundsByReason = BTreeMap<EndReason, Refunds>;

impl Projection for RefundReasons {
    type State = RefundsByReason;
    type Change = (EndReason, Money);

    const FAMILY: &'static str = keys::REFUNDS;
    const IS_OF_ONE_STREAM: bool = false;

    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, Self::Change)) {
        let kind = context.event.headers.kind;
        if !MURMURATION.ends.contains(&kind) && kind != kind::PAYMENT_REFUNDED {
            return;
        }
        let end = context.saga.order.and_then(|order| order.end.as_ref());
        let refunded = context.saga.payment.and_then(|payment| payment.refunded);
        if let (Some(end), Some(refunded)) = (end, refunded) {
            change(service::PAYMENT.stream(), (end.reason, refunded));
        }
    }

    fn apply(
        refunds: &mut Option<RefundsByReason>,
        (reason, amount): Self::Change,
        _: &StoredEvent,
    ) {
        let refunds = refunds.get_or_insert_default().entry(reason).or_default();
        refunds.charges += 1;
        refunds.amounts.add(amount);
    }
}
