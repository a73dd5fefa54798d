//! One table for each family of records.

use contracts::events::{Customer, Product};

use super::super::table::{Shelf, Table};
use crate::keys;
use crate::records::pulse::{HOURS, MINUTES};
use crate::records::{
    AccountTotals, EntityTotals, Latency, Leaders, Ledger, OnHand, OrderRecord, PaymentRecord,
    Sales, Seller, ShipmentRecord, ShipmentTotals, Slot, StockRecord, StockTotals,
};

#[derive(Debug)]
pub(super) struct Tables {
    pub(super) orders: Table<OrderRecord>,
    pub(super) stocks: Table<StockRecord>,
    pub(super) payments: Table<PaymentRecord>,
    pub(super) shipments: Table<ShipmentRecord>,
    pub(super) customers: Table<Customer>,
    pub(super) products: Table<Product>,
    pub(super) days: Table<Sales>,
    pub(super) minutes: Table<Slot>,
    pub(super) hours: Table<Slot>,
    pub(super) ledgers: Table<Ledger>,
    pub(super) sellers: Table<Seller>,
    pub(super) leaders: Table<Leaders>,
    pub(super) on_hand: Table<OnHand>,
    pub(super) latencies: Table<Latency>,
    pub(super) sales: Table<Sales>,
    pub(super) entity_totals: Table<EntityTotals>,
    pub(super) stock_totals: Table<StockTotals>,
    pub(super) account_totals: Table<AccountTotals>,
    pub(super) shipment_totals: Table<ShipmentTotals>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            orders: Table::new(keys::ORDER),
            stocks: Table::new(keys::STOCK),
            payments: Table::new(keys::PAYMENT),
            shipments: Table::new(keys::SHIPMENT),
            customers: Table::new(keys::CUSTOMER),
            products: Table::new(keys::PRODUCT),
            days: Table::new(keys::DAY),
            minutes: Table::new(MINUTES.family),
            hours: Table::new(HOURS.family),
            ledgers: Table::new(keys::LEDGER),
            sellers: Table::new(keys::SELLER),
            leaders: Table::new(keys::LEADERS),
            on_hand: Table::new(keys::ON_HAND),
            latencies: Table::new(keys::LATENCY),
            sales: Table::new(keys::TOTALS),
            entity_totals: Table::new(keys::TOTALS),
            stock_totals: Table::new(keys::TOTALS),
            account_totals: Table::new(keys::TOTALS),
            shipment_totals: Table::new(keys::TOTALS),
        }
    }
}

impl Tables {
    pub(super) fn shelves(&mut self) -> [&mut dyn Shelf; 19] {
        [
            &mut self.orders,
            &mut self.stocks,
            &mut self.payments,
            &mut self.shipments,
            &mut self.customers,
            &mut self.products,
            &mut self.days,
            &mut self.minutes,
            &mut self.hours,
            &mut self.ledgers,
            &mut self.sellers,
            &mut self.leaders,
            &mut self.on_hand,
            &mut self.latencies,
            &mut self.sales,
            &mut self.entity_totals,
            &mut self.stock_totals,
            &mut self.account_totals,
            &mut self.shipment_totals,
        ]
    }
}
