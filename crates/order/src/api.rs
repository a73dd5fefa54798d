//! The REST API of orders.

mod bodies;
mod details;
mod operations;
mod refusals;

use contracts::events::Snapshot;
use contracts::{CustomerId, Event, OrderId, Sku, StoredEvent, problems};
use engine::history::Moment;
use engine::{Read, Validators};
use protocol::ProblemKind;
use runtime::http::{
    self, Api, Caller, CommandRequest, PageRequest, Problem, Response, Scope, StatusCode,
};
use runtime::warp::filters::BoxedFilter;
use runtime::warp::http::header::{HeaderValue, LOCATION};
use runtime::warp::{self, Filter as _};
use runtime::{Handle, Token};

use crate::domain::Command;
use crate::tables::{self, Wanted};
use crate::{OrderDomain, OrderState, Refusal, history};
use bodies::{AuditedEvent, Ended, Filters, PlacedOrder, ReplicatedProduct};

pub use bodies::NewOrder;

type Service = Handle<OrderDomain>;

/// The API of the order service.
pub fn api(service: Service) -> Api {
    let all = orders(service.clone()).or(replicas(service)).unify().boxed();
    Api::new(all, operations::document())
}

fn orders(service: Service) -> BoxedFilter<(Response,)> {
    let service = warp::any().map(move || service.clone());
    let reading = service.clone().and(http::token());
    let filters = warp::query::<Filters>();
    let place = warp::path!("orders").and(warp::post());
    let cancel = warp::path("orders")
        .and(http::id())
        .and(warp::path("cancel"))
        .and(warp::path::end())
        .and(warp::post());
    let list = warp::path!("orders").and(warp::get());
    let find = warp::path("orders").and(http::id()).and(warp::path::end()).and(warp::get());
    let details = warp::path("orders")
        .and(http::id())
        .and(warp::path("details"))
        .and(warp::path::end())
        .and(warp::get());
    let events = warp::path("orders")
        .and(http::id())
        .and(warp::path("events"))
        .and(warp::path::end())
        .and(warp::get());

    let place =
        place.and(http::caller()).and(service.clone()).and(http::command()).then(place_order);
    let cancel = cancel.and(service).and(http::bodyless_command()).then(cancel_order);
    let list = list.and(reading.clone()).and(http::page()).and(filters).then(list_orders);
    let find = find.and(http::moment()).and(reading.clone()).then(find_order);
    let details = details.and(reading.clone()).then(details::order_details);
    let events = events.and(reading).then(audit_trail);
    find.or(place)
        .unify()
        .or(details)
        .unify()
        .or(list)
        .unify()
        .or(events)
        .unify()
        .or(cancel)
        .unify()
        .boxed()
}

fn replicas(service: Service) -> BoxedFilter<(Response,)> {
    let reading = warp::any().map(move || service.clone()).and(http::token());
    let customer = warp::path("replicas")
        .and(warp::path("customers"))
        .and(http::id())
        .and(warp::path::end())
        .and(warp::get());
    let product = warp::path("replicas")
        .and(warp::path("products"))
        .and(http::id())
        .and(warp::path::end())
        .and(warp::get());
    let customer = customer.and(reading.clone()).then(replicated_customer);
    let product = product.and(reading).then(replicated_product);
    customer.or(product).unify().boxed()
}

async fn place_order(
    caller: Caller,
    service: Service,
    request: CommandRequest,
    body: NewOrder,
) -> Response {
    if let Some(what) = body.own_terms()
        && let Err(problem) = caller.require(Scope::Price, what)
    {
        return problem.into_response();
    }
    let place = body.into_place(|| service.new_id().into());
    let executed = service.execute(request, Command::Place(place)).await;
    // A place is either accepted or refused: it never finds things as it wants them.
    http::answer(executed, answer_to_command, || cannot_be("a place changed nothing"))
}

async fn cancel_order(id: OrderId, service: Service, request: CommandRequest) -> Response {
    let executed = service.execute(request, Command::Cancel(id.clone())).await;
    let unchanged = || http::result(StatusCode::OK, &Ended::cancelled(&id));
    http::answer(executed, answer_to_command, unchanged)
}

/// The answer is made from the event alone, so that a repeated request gets the same one.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other event answers a command")]
fn answer_to_command(stored: &StoredEvent) -> Response {
    let validators = Validators::of_event(stored.headers.sequence, stored.headers.time);
    match &stored.event {
        Event::OrderPlaced(placed) => {
            let placed_order = http::result(StatusCode::CREATED, &PlacedOrder::of(placed));
            let mut response = http::validated(placed_order, &validators);
            if let Ok(location) = HeaderValue::try_from(format!("/orders/{}", placed.order_id)) {
                response.headers_mut().insert(LOCATION, location);
            }
            response
        }
        Event::OrderCancelled(ended) => {
            let ended = http::result(StatusCode::OK, &Ended::cancelled(&ended.order_id));
            http::validated(ended, &validators)
        }
        other => cannot_be(&format!("{} answered a command", other.kind())),
    }
}

async fn find_order(id: OrderId, at: Option<Moment>, service: Service, after: Token) -> Response {
    let wanted = id.clone();
    let read = move |state: &Read<'_>| match at {
        Some(moment) => history::order(state, &wanted, moment),
        None => tables::order(state, &wanted),
    };
    match service.read(after, read).await {
        Ok(Some(order)) => http::validated(http::json(StatusCode::OK, &order), &order.validators()),
        Ok(None) => Problem::from(Refusal::UnknownOrder(id)).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn audit_trail(id: OrderId, service: Service, after: Token) -> Response {
    let wanted = id.clone();
    let events = match service.read(after, move |state| tables::audit_trail(state, &wanted)).await {
        Ok(events) => events,
        Err(problem) => return problem.into_response(),
    };
    if events.is_empty() {
        return Problem::from(Refusal::UnknownOrder(id)).into_response();
    }
    let events: Vec<_> = events.iter().map(AuditedEvent::of).collect();
    http::json(StatusCode::OK, &events)
}

async fn list_orders(
    service: Service,
    after: Token,
    page: PageRequest,
    filters: Filters,
) -> Response {
    let wanted = match wanted(&page, filters) {
        Ok(wanted) => wanted,
        Err(problem) => return problem.into_response(),
    };
    // One more than the page holds: that it is there is how a next page is known.
    let limit = u32::try_from(page.limit).unwrap_or(u32::MAX).saturating_add(1);
    match service.read(after, move |state| tables::orders(state, &wanted, limit)).await {
        Ok(orders) => http::paged(&page, &orders, |order| order.number.to_string()),
        Err(problem) => problem.into_response(),
    }
}

fn wanted(page: &PageRequest, filters: Filters) -> Result<Wanted, Problem> {
    let before =
        page.after.as_deref().map(|cursor| cursor.parse().map_err(|_| http::page::bad_cursor()));
    let state = filters.state.map(|name| {
        let names = OrderState::ALL.map(OrderState::name).join(", ");
        OrderState::of_name(&name)
            .ok_or_else(|| Problem::new(&problems::BAD_STATE).detail(format!("use {names}")))
    });
    Ok(Wanted {
        state: state.transpose()?,
        customer_id: filters.customer,
        before: before.transpose()?,
    })
}

async fn replicated_customer(id: CustomerId, service: Service, after: Token) -> Response {
    if let Err(problem) = caught_up(&service, after).await {
        return problem.into_response();
    }
    match service.replicas().find(&id) {
        Err(error) => Problem::from(error).into_response(),
        Ok(Some((version, customer))) => {
            http::json(StatusCode::OK, &Snapshot { version, customer })
        }
        Ok(None) => not_replicated(&problems::UNKNOWN_CUSTOMER, &format!("customer {id}")),
    }
}

async fn replicated_product(sku: Sku, service: Service, after: Token) -> Response {
    if let Err(problem) = caught_up(&service, after).await {
        return problem.into_response();
    }
    match service.replicas().find(&sku) {
        Err(error) => Problem::from(error).into_response(),
        Ok(Some((version, product))) => {
            http::json(StatusCode::OK, &ReplicatedProduct { version, product })
        }
        Ok(None) => not_replicated(&problems::UNKNOWN_PRODUCT, &format!("product {sku}")),
    }
}

/// Waits for what the token asks for; without one, memory answers at once.
async fn caught_up(service: &Service, after: Token) -> Result<(), Problem> {
    if after == Token::default() {
        return Ok(());
    }
    service.read(after, |_| Ok(())).await
}

fn not_replicated(kind: &'static ProblemKind, what: &str) -> Response {
    Problem::new(kind).detail(format!("{what} is not known here, or not yet")).into_response()
}

fn cannot_be(what: &str) -> Response {
    Problem::from(engine::StateError::Contradiction(what.to_owned())).into_response()
}
