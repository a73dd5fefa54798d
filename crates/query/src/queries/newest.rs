//! The newest orders of all customers.

use contracts::{CustomerId, Money};
use protocol::Timestamp;
use protocol::choreography::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::order::{FAMILIES, Records};
use crate::keys;
use crate::query::NoAnswer;
use crate::reader::page::{Entry, Order, PageRequest};
use crate::reader::{QueryReader, ReadError};

/// Orders that are shown.
pub const NEWEST_MAX: usize = 12;

/// One of the newest orders.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Newest {
    /// The order.
    pub order_id: String,
    /// Its state, by the choreography's name.
    pub state: State,
    /// Whether it has ended and nobody owes anything more.
    pub settled: bool,
    /// Who ordered.
    pub customer_id: CustomerId,
    /// The name.
    pub customer_name: String,
    /// The sum of its lines.
    pub total: Money,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Microseconds from there to its last event, by the clocks of the two services.
    pub took_us: i64,
}

/// Reads the newest orders, the newest of all first.
///
/// # Errors
/// When the read model cannot be read.
pub async fn newest(reader: QueryReader) -> Result<Vec<Newest>, NoAnswer> {
    let page = PageRequest::of(keys::ORDERS, Order::Down, NEWEST_MAX, FAMILIES);
    let mut look = reader.look(&[], &[page]).await?;
    let page = look.pages.pop().unwrap_or_default();
    let orders = page.entries.iter().map(Newest::of).collect::<Result<Vec<_>, _>>()?;
    Ok(orders.into_iter().flatten().collect())
}

impl Newest {
    fn of(entry: &Entry) -> Result<Option<Self>, ReadError> {
        let records = Records::of(&entry.records)?;
        let saga = records.saga();
        let last = saga.timeline().into_iter().map(|step| step.time).max();
        Ok(saga.order.map(|order| {
            let placed_at = order.placed_at();
            let took = last.map_or(0, |last| last.micros().saturating_sub(placed_at.micros()));
            Self {
                order_id: entry.member.clone(),
                state: order.state(),
                settled: saga.settled(),
                customer_id: order.customer.customer.id.clone(),
                customer_name: order.customer.customer.name.clone(),
                total: order.total,
                placed_at,
                took_us: took,
            }
        }))
    }
}
