//! Sales and refunds, booked to the groups that reports show.

use contracts::events::payment::Refunded;
use contracts::{Service, Timestamp};

use super::super::changes::IndexChange;
use super::super::table::Damaged;
use super::Desk;
use crate::keys;
use crate::records::booking::{Booking, Sale, bookings_of_refund};
use crate::records::ledger::month_of;

impl Desk {
    /// Books an order that was completed.
    pub(super) fn book_sale(&mut self, id: &str, at: u64) -> Result<(), Damaged> {
        let Some(order) = self.tables.orders.get(id) else { return Ok(()) };
        let sale = Sale::from(order);
        let (date, bookings) = (sale.date.to_owned(), sale.bookings());
        self.book(Service::Order, &date, &bookings, at)?;
        let leaders = self.tables.leaders.edit(Service::Order.stream(), at)?;
        let leaders = leaders.get_or_insert_default();
        for booking in bookings.iter().filter(|booking| booking.has_seller()) {
            let seller = keys::seller(booking.grouping, &booking.key);
            let seller = self.tables.sellers.edit(&seller, at)?.get_or_insert_default();
            seller.add(month_of(&date), booking);
            leaders.look_at(booking, seller.total.of(booking.currency));
        }
        Ok(())
    }

    /// Books a charge that was paid back at `time`.
    pub(super) fn book_refund(
        &mut self,
        refunded: &Refunded,
        time: Timestamp,
        at: u64,
    ) -> Result<(), Damaged> {
        let payment = self.tables.payments.get(refunded.order_id.as_str());
        let name = payment.and_then(|payment| payment.customer_name.as_deref());
        let country = payment.and_then(|payment| payment.country.as_deref());
        let bookings = bookings_of_refund(refunded, name, country);
        self.book(Service::Payment, &time.day(), &bookings, at)
    }

    fn book(
        &mut self,
        service: Service,
        date: &str,
        bookings: &[Booking],
        at: u64,
    ) -> Result<(), Damaged> {
        let month = month_of(date);
        for booking in bookings {
            let id = keys::ledger(service, booking.grouping, month, &booking.key);
            let ledger = self.tables.ledgers.edit(&id, at)?;
            if ledger.is_none() {
                let index = keys::ledgers(service, booking.grouping, month);
                self.indexes.push(IndexChange { index, member: id, score: Some(0) });
            }
            ledger.get_or_insert_default().add(date, booking);
        }
        Ok(())
    }
}
