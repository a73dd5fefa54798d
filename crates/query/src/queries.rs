//! What clients ask, one file each: the answer, its route and what is said of it. Records are joined when
//! they are read.
//!
//! [`backlog`] and [`newest`] have no route of their own: they are sections of what the live page is sent.

pub mod order;

pub mod next;
pub mod stuck;

pub mod customer_orders;
pub mod mobile_orders;
pub mod order_list;

pub mod dashboard;

pub mod business_days;
pub mod product_sales;
pub mod sales_report;

pub mod search;

pub mod backlog;
pub mod newest;

pub mod tally;

use crate::query::Query;

runtime::described_text!(DayText, { "type": "string", "format": "date" });
runtime::described_text!(AgeText, { "type": "string", "pattern": "^[0-9]{1,6}[smhd]$" });

/// Every query. This is the one list to which a new one is added: routes, description and cache are made
/// from it.
pub(crate) fn all() -> Vec<Box<dyn Query>> {
    vec![
        Box::new(order::OrderQuery),
        Box::new(next::NextQuery),
        Box::new(stuck::StuckQuery),
        Box::new(order_list::OrderListQuery),
        Box::<dashboard::DashboardQuery>::default(),
        Box::new(business_days::BusinessDaysQuery),
        Box::new(product_sales::ProductSalesQuery),
        Box::new(sales_report::SalesReportQuery),
        Box::new(customer_orders::CustomerOrdersQuery),
        Box::new(mobile_orders::MobileOrdersQuery),
        Box::new(search::SearchQuery),
    ]
}
