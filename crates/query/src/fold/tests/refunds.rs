//! Refunds, and the ends of their orders, which another stream tells.

use contracts::events::order::EndReason;
use contracts::service;
use protocol::Service;

use super::{Model, shop};
use crate::history::Fate::{CancelledInWindow, Completed, Declined};
use crate::history::TOTAL;
use crate::keys;
use crate::projections::RefundsByReason;

#[test]
fn a_refund_is_counted_by_why_its_order_ended_whichever_of_the_two_is_read_first() {
    let history = shop(&[CancelledInWindow, Declined, Completed, CancelledInWindow]);
    for first in [service::ORDER, service::PAYMENT] {
        let rows = |of: Service| history.rows[&of].iter().map(move |row| (of, row.clone()));
        let others = service::ALL.into_iter().filter(|of| *of != first);
        let mut model = Model::default();
        for row in rows(first).chain(others.flat_map(rows)) {
            model.fold(&[row]).unwrap();
        }
        let refunds: RefundsByReason =
            model.record(keys::REFUNDS, service::PAYMENT.stream()).unwrap();
        assert_eq!(refunds.keys().collect::<Vec<_>>(), [&EndReason::Requested]);
        let requested = &refunds[&EndReason::Requested];
        assert_eq!(
            (requested.charges, requested.amounts.to_list()[0].minor),
            (2, 2 * i128::from(TOTAL))
        );
    }
}
