//! The REST API of stock and reservations.

mod operations;
mod refusals;

use contracts::events::inventory::Units;
use contracts::{Event, OrderId, Sku, StoredEvent, problems};
use protocol::ProblemKind;
use runtime::http::{self, Api, CommandRequest, PageRequest, Problem, Response, StatusCode};
use runtime::warp::{self, Filter, Reply as _};
use runtime::{Handle, Token};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::state::{Reservation, Stock};
use crate::domain::{Command, InventoryDomain};
use crate::tables;

/// The body of goods that come in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Delivery {
    #[schemars(range(min = 1))]
    quantity: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StockBody {
    sku: Sku,
    on_hand: u64,
    reserved: u64,
    available: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ReservationBody {
    order_id: OrderId,
    state: &'static str,
    lines: Vec<Units>,
}

/// The API of the inventory service.
pub fn api(service: Handle<InventoryDomain>) -> Api {
    let service = warp::any().map(move || service.clone());
    let all = warp::path("stock").and(warp::path::end());
    let one = warp::path("stock").and(http::id()).and(warp::path::end());
    let reserved = warp::path("reservations").and(http::id()).and(warp::path::end());
    let reading = service.clone().and(http::token());

    let find = one.clone().and(warp::get()).and(reading.clone()).then(find);
    let list = all.and(warp::get()).and(reading.clone()).and(http::page()).then(list);
    let reservation = reserved.and(warp::get()).and(reading).then(reservation);
    let stock = one.and(warp::post()).and(service).and(http::command()).then(stock);
    let all = find.or(list).unify().or(reservation).unify().or(stock).unify().boxed();
    Api::new(all, operations::document())
}

async fn find(sku: Sku, service: Handle<InventoryDomain>, after: Token) -> Response {
    let missing = format!("nothing of {sku} was ever stocked");
    match service.read(after, move |state| tables::stock(state, &sku)).await {
        Ok(Some(stock)) => {
            let validators = stock.validators();
            http::validated(http::json(StatusCode::OK, &StockBody::from(stock)), &validators)
        }
        Ok(None) => not_found(&problems::UNKNOWN_STOCK, missing),
        Err(problem) => problem.into_response(),
    }
}

async fn list(service: Handle<InventoryDomain>, after: Token, page: PageRequest) -> Response {
    let last = page.after.clone().unwrap_or_default();
    // One more than is shown says whether there is a next page.
    let limit = page.limit.saturating_add(1);
    let found = service.read(after, move |state| tables::page(state, &last, limit)).await;
    match found {
        Ok(found) => {
            let items: Vec<_> = found.into_iter().map(StockBody::from).collect();
            http::paged(&page, &items, |item| item.sku.to_string())
        }
        Err(problem) => problem.into_response(),
    }
}

async fn reservation(
    order_id: OrderId,
    service: Handle<InventoryDomain>,
    after: Token,
) -> Response {
    let missing = format!("inventory has not heard of order {order_id}");
    match service.read(after, move |state| tables::reservation(state, &order_id)).await {
        Ok(Some(reservation)) => http::json(StatusCode::OK, &ReservationBody::from(reservation)),
        Ok(None) => not_found(&problems::UNKNOWN_RESERVATION, missing),
        Err(problem) => problem.into_response(),
    }
}

async fn stock(
    sku: Sku,
    service: Handle<InventoryDomain>,
    request: CommandRequest,
    delivery: Delivery,
) -> Response {
    let command = Command::Stock { sku, quantity: delivery.quantity };
    let executed = service.execute(request, command).await;
    http::answer(executed, stocked, || defect("goods came in and nothing changed"))
}

fn stocked(event: &StoredEvent) -> Response {
    let Event::InventoryStocked(stocked) = &event.event else {
        return defect(&format!("{} answers no command", event.headers.kind));
    };
    let created = http::json(StatusCode::CREATED, stocked);
    let location = format!("/stock/{}", stocked.sku);
    warp::reply::with_header(created, "location", location).into_response()
}

fn defect(what: &str) -> Response {
    Problem::defect(what).into_response()
}

fn not_found(kind: &'static ProblemKind, detail: String) -> Response {
    Problem::new(kind).detail(detail).into_response()
}

impl From<Stock> for StockBody {
    fn from(stock: Stock) -> Self {
        let available = stock.available();
        let Stock { sku, on_hand, reserved, .. } = stock;
        Self { sku, on_hand, reserved, available }
    }
}

impl From<Reservation> for ReservationBody {
    fn from(Reservation { order_id, state, lines }: Reservation) -> Self {
        Self { order_id, state: state.name(), lines }
    }
}
