//! The REST API of shipments: it only reads.

mod operations;

use contracts::events::Address;
use contracts::{CustomerId, OrderId, problems};
use runtime::http::{self, Api, PageRequest, Problem, Response, StatusCode};
use runtime::warp::{self, Filter};
use runtime::{Handle, Token};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ShippingDomain;
use crate::domain::state::{self, Parcel, Shipment, ShipmentState};
use crate::tables;

#[derive(Debug, Serialize, JsonSchema)]
struct ShipmentBody {
    order_id: OrderId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(flatten)]
    parcel: Option<ParcelBody>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ParcelBody {
    customer_id: CustomerId,
    name: String,
    address: Address,
    units: u64,
}

/// The API of the shipping service.
pub fn api(service: Handle<ShippingDomain>) -> Api {
    let service = warp::any().map(move || service.clone());
    let all = warp::path("shipments").and(warp::path::end());
    let one = warp::path("shipments").and(http::id()).and(warp::path::end());
    let reading = service.and(http::token());

    let find = one.and(warp::get()).and(reading.clone()).then(find);
    let list = all.and(warp::get()).and(reading).and(http::page()).then(list);
    Api::new(find.or(list).unify().boxed(), operations::document())
}

async fn find(order_id: OrderId, service: Handle<ShippingDomain>, after: Token) -> Response {
    let missing = format!("there is no shipment of order {order_id}");
    match service.read(after, move |state| tables::find(state, &order_id)).await {
        Ok(Some(shipment)) => http::json(StatusCode::OK, &ShipmentBody::from(shipment)),
        Ok(None) => Problem::new(&problems::UNKNOWN_SHIPMENT).detail(missing).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn list(service: Handle<ShippingDomain>, after: Token, page: PageRequest) -> Response {
    let last = page.after.clone().unwrap_or_default();
    // One more than is shown says whether there is a next page.
    let limit = page.limit.saturating_add(1);
    let found = service.read(after, move |state| tables::page(state, &last, limit)).await;
    match found {
        Ok(found) => {
            let items: Vec<_> = found.into_iter().map(ShipmentBody::from).collect();
            http::paged(&page, &items, |item| item.order_id.to_string())
        }
        Err(problem) => problem.into_response(),
    }
}

impl From<Shipment> for ShipmentBody {
    fn from(Shipment { order_id, state, parcel }: Shipment) -> Self {
        let reason = match state {
            ShipmentState::Cancelled(reason) => Some(state::reason_name(reason)),
            ShipmentState::Created | ShipmentState::Dispatched => None,
        };
        Self { order_id, state: state.name(), reason, parcel: parcel.map(ParcelBody::from) }
    }
}

impl From<Parcel> for ParcelBody {
    fn from(Parcel { customer_id, name, address, units, .. }: Parcel) -> Self {
        Self { customer_id, name, address, units }
    }
}
