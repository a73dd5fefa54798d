//! One order, denormalized: what all services say of it.

mod timeline;

use contracts::events::Address;
use contracts::events::inventory::Shortage;
use contracts::events::shipping::CancelReason;
use contracts::{CustomerId, Money, OrderId, Sku};
use protocol::Timestamp;
use protocol::choreography::{NONE, State};
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keys;
use crate::projections::orders::End;
use crate::projections::payments::{Decline, Limit};
use crate::projections::{OrderRecord, PaymentRecord, ShipmentRecord, StockRecord};
use crate::query::{Answer, Answering, Fresh, NoAnswer, Query, Request};
use crate::reader::page::Values;
use crate::reader::{QueryReader, ReadError, record};
use crate::records::sums::Sum;
use crate::saga::{Owed, Saga};

pub use timeline::Moment;

/// `GET /orders/{id}`.
pub(super) struct OrderQuery;

/// The families of an order's records.
pub(super) const FAMILIES: &[&str] = &[keys::ORDER, keys::STOCK, keys::PAYMENT, keys::SHIPMENT];

/// One order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderAnswer {
    /// The order.
    pub order_id: OrderId,
    /// Its state, by the choreography's name.
    pub state: State,
    /// Whether it has ended and nobody owes anything more.
    pub settled: bool,
    /// How it ended, once it has.
    pub end: Option<End>,
    /// Who ordered, as known when the order was placed.
    pub customer: CustomerOfOrder,
    /// What was ordered.
    pub lines: Vec<LineOfOrder>,
    /// The sum of the lines.
    pub total: Money,
    /// Units in all lines.
    pub units: u64,
    /// The day to which the business counts it.
    pub business_date: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When anything last happened to it.
    pub updated_at: Timestamp,
    /// Milliseconds between these two, by the clocks of the two services: negative where these differ.
    pub took_ms: i64,
    /// When it is cancelled if it is still `placed`.
    pub deadline: Timestamp,
    /// When the hand-over window closes, once it is open.
    pub hand_over_until: Option<Timestamp>,
    /// Its reservation.
    pub stock: StockOfOrder,
    /// Its charge.
    pub payment: PaymentOfOrder,
    /// Its shipment.
    pub shipment: ShipmentOfOrder,
    /// All events of it, of all services.
    pub timeline: Vec<Moment>,
    /// Who owes which event next.
    pub next: Vec<Owed>,
}

/// Who ordered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CustomerOfOrder {
    /// The customer.
    pub id: CustomerId,
    /// The name.
    pub name: String,
    /// Where to.
    pub address: Address,
    /// Which version of the customer that was.
    pub version: u64,
}

/// One line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LineOfOrder {
    /// The product.
    pub sku: Sku,
    /// Its name when the order was placed.
    pub name: String,
    /// Units.
    pub quantity: u32,
    /// The price of one unit that was agreed.
    pub unit_price: Money,
    /// The price of the line: units times the price of one.
    pub amount: Sum,
}

/// What INVENTORY says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StockOfOrder {
    /// The reservation's state.
    pub state: State,
    /// The lines that fell short.
    pub shortages: Vec<Shortage>,
}

/// What PAYMENT says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PaymentOfOrder {
    /// The charge's state.
    pub state: State,
    /// What was charged.
    pub charged: Option<Money>,
    /// What was paid back.
    pub refunded: Option<Money>,
    /// Why the charge was declined.
    pub declined: Option<Decline>,
    /// The limit by which this was decided.
    pub limit: Option<Limit>,
}

/// What SHIPPING says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShipmentOfOrder {
    /// The shipment's state.
    pub state: State,
    /// To whom.
    pub name: Option<String>,
    /// Where to.
    pub address: Option<Address>,
    /// Units in the parcel.
    pub units: Option<u64>,
    /// Why it will never leave.
    pub cancelled: Option<CancelReason>,
}

/// The four records of one order.
pub(super) struct Records {
    order: Option<OrderRecord>,
    stock: Option<StockRecord>,
    payment: Option<PaymentRecord>,
    shipment: Option<ShipmentRecord>,
}

impl Query for OrderQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/orders/{id}", "One order, with all that belongs to it")
            .at(&["o-1"])
            .answers::<Fresh<OrderAnswer>>(200, "The order")
            .problem(404, "There is no such order")
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let id = request.id()?;
            Ok(order(request.reader, &id).await?.into_json()?)
        })
    }
}

/// Reads one order.
///
/// # Errors
/// When the read model cannot be read, or ORDER has not told of the order.
pub async fn order(reader: QueryReader, id: &OrderId) -> Result<Answer<OrderAnswer>, NoAnswer> {
    let names: Vec<String> =
        FAMILIES.iter().map(|family| keys::record(family, id.as_str())).collect();
    let look = reader.look(&names, &[]).await?;
    let records = Records::of(&look.records)?;
    let saga = records.saga();
    let Some(order) = saga.order else { return Err(NoAnswer::unknown("order", id, look)) };
    Ok(Answer::of(look, OrderAnswer::of(id, order, &saga)))
}

impl OrderAnswer {
    fn of(id: &OrderId, order: &OrderRecord, saga: &Saga<'_>) -> Self {
        let timeline = timeline::timeline(saga, order);
        let updated_at = timeline.iter().map(|moment| moment.step.time).max();
        let updated_at = updated_at.unwrap_or_else(|| order.placed_at());
        Self {
            order_id: id.clone(),
            state: order.state(),
            settled: saga.settled(),
            end: order.end.clone(),
            customer: CustomerOfOrder::of(order),
            lines: order.lines.iter().map(LineOfOrder::of).collect(),
            total: order.total,
            units: order.units(),
            business_date: order.business_date.clone(),
            placed_at: order.placed_at(),
            updated_at,
            took_ms: updated_at.millis_since(order.placed_at()),
            deadline: order.deadline,
            hand_over_until: order.until,
            stock: StockOfOrder::of(saga.stock),
            payment: PaymentOfOrder::of(saga.payment),
            shipment: ShipmentOfOrder::of(saga.shipment),
            next: saga.owed(),
            timeline,
        }
    }
}

impl Records {
    /// Understands the values of [`FAMILIES`].
    pub(super) fn of(values: &Values) -> Result<Self, ReadError> {
        Ok(Self {
            order: record(values.first())?,
            stock: record(values.get(1))?,
            payment: record(values.get(2))?,
            shipment: record(values.get(3))?,
        })
    }

    pub(super) const fn saga(&self) -> Saga<'_> {
        Saga {
            order: self.order.as_ref(),
            stock: self.stock.as_ref(),
            payment: self.payment.as_ref(),
            shipment: self.shipment.as_ref(),
        }
    }
}

impl CustomerOfOrder {
    fn of(order: &OrderRecord) -> Self {
        let customer = &order.customer.customer;
        Self {
            id: customer.id.clone(),
            name: customer.name.clone(),
            address: customer.address.clone(),
            version: order.customer.version,
        }
    }
}

impl LineOfOrder {
    fn of(line: &contracts::events::Line) -> Self {
        Self {
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            amount: Sum::of_units(line.unit_price, line.quantity),
        }
    }
}

impl StockOfOrder {
    fn of(stock: Option<&StockRecord>) -> Self {
        Self {
            state: stock.map_or(NONE, StockRecord::state),
            shortages: stock.map(|stock| stock.shortages.clone()).unwrap_or_default(),
        }
    }
}

impl PaymentOfOrder {
    fn of(payment: Option<&PaymentRecord>) -> Self {
        Self {
            state: payment.map_or(NONE, PaymentRecord::state),
            charged: payment.and_then(|payment| payment.charged),
            refunded: payment.and_then(|payment| payment.refunded),
            declined: payment.and_then(|payment| payment.declined),
            limit: payment.and_then(|payment| payment.limit),
        }
    }
}

impl ShipmentOfOrder {
    fn of(shipment: Option<&ShipmentRecord>) -> Self {
        let parcel = shipment.and_then(|shipment| shipment.parcel.as_ref());
        Self {
            state: shipment.map_or(NONE, ShipmentRecord::state),
            name: parcel.map(|parcel| parcel.name.clone()),
            address: parcel.map(|parcel| parcel.address.clone()),
            units: parcel.map(|parcel| parcel.units),
            cancelled: shipment.and_then(|shipment| shipment.cancelled),
        }
    }
}
