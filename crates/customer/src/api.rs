//! The REST API of customers.

mod operations;

use contracts::events::{Address, Snapshot};
use contracts::money::NewMoney;
use contracts::{Event, Id, Kind, Money, StoredEvent};
use engine::{Validators, outbox};
use runtime::http::{self, Api, CommandRequest, PageRequest, Problem, Response, StatusCode};
use runtime::warp::{self, Filter, Reply as _};
use runtime::{Executed, Handle, Token};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::{Command, Customers, Details, StrictAddress};
use crate::refusal::Refusal;
use crate::tables;

/// The body of a registration. Without an id, one is made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Registration {
    id: Option<Id>,
    name: String,
    #[serde(with = "StrictAddress")]
    address: Address,
    #[schemars(with = "NewMoney")]
    credit_limit: Money,
}

/// The API of the customer service.
pub fn api(service: Handle<Customers>) -> Api {
    let service = warp::any().map(move || service.clone());
    let all = warp::path("customers").and(warp::path::end());
    let one = warp::path("customers").and(http::id()).and(warp::path::end());
    let close_one =
        warp::path("customers").and(http::id()).and(warp::path("close")).and(warp::path::end());
    let reading = service.clone().and(http::token());

    let find = one.clone().and(warp::get()).and(reading.clone()).then(find);
    let list = all.and(warp::get()).and(reading).and(http::page()).then(list);
    let register = all.and(warp::post()).and(service.clone()).and(http::command()).then(register);
    let change = one.and(warp::put()).and(service.clone()).and(http::command()).then(change);
    let close = close_one.and(warp::post()).and(service).and(http::bodyless_command()).then(close);
    let all =
        find.or(list).unify().or(register).unify().or(change).unify().or(close).unify().boxed();
    Api::new(all, operations::document())
}

async fn find(id: Id, service: Handle<Customers>, after: Token) -> Response {
    let unknown = Refusal::Unknown(id.clone());
    let found = service.read(after, move |state| {
        let Some(found) = tables::find(state, &id)? else { return Ok(None) };
        let validators = outbox::validators(state, found.0)?;
        Ok(Some((found, validators)))
    });
    match found.await {
        Ok(Some((found, validators))) => {
            http::validated(http::json(StatusCode::OK, &snapshot(found)), &validators)
        }
        Ok(None) => Problem::from(unknown).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn list(service: Handle<Customers>, after: Token, page: PageRequest) -> Response {
    let last = page.after.clone().unwrap_or_default();
    // One more than is shown says whether there is a next page.
    let limit = page.limit.saturating_add(1);
    let found = service.read(after, move |state| tables::page(state, &last, limit)).await;
    match found {
        Ok(found) => {
            let items: Vec<_> = found.into_iter().map(snapshot).collect();
            http::paged(&page, &items, |item| item.customer.id.to_string())
        }
        Err(problem) => problem.into_response(),
    }
}

async fn register(
    service: Handle<Customers>,
    request: CommandRequest,
    body: Registration,
) -> Response {
    let Registration { id, name, address, credit_limit } = body;
    let id = id.unwrap_or_else(|| service.new_id());
    let details = Details { name, address, credit_limit };
    let command = Command::Register { id: id.clone(), details };
    carry_out(service, request, id, command).await
}

async fn change(
    id: Id,
    service: Handle<Customers>,
    request: CommandRequest,
    details: Details,
) -> Response {
    let command = Command::Change { id: id.clone(), details };
    carry_out(service, request, id, command).await
}

async fn close(id: Id, service: Handle<Customers>, request: CommandRequest) -> Response {
    let command = Command::Close { id: id.clone() };
    carry_out(service, request, id, command).await
}

async fn carry_out(
    service: Handle<Customers>,
    request: CommandRequest,
    id: Id,
    command: Command,
) -> Response {
    let executed = service.execute(request, command).await;
    let unchanged = match &executed {
        Ok(Executed::Unchanged { .. }) => find(id, service, Token::default()).await,
        _ => Response::default(),
    };
    http::answer(executed, accepted, || unchanged)
}

fn accepted(event: &StoredEvent) -> Response {
    let Some(state) = state_in(event) else {
        let text = format!("{} answers no command", event.headers.kind);
        return Problem::defect(&text).into_response();
    };
    let validators = Validators::of_event(event.headers.sequence, event.headers.time);
    if event.headers.kind == Kind::CustomerRegistered {
        let location = format!("/customers/{}", event.headers.id);
        let created = http::validated(http::json(StatusCode::CREATED, &state), &validators);
        return warp::reply::with_header(created, "location", location).into_response();
    }
    http::validated(http::json(StatusCode::OK, &state), &validators)
}

fn snapshot((version, customer): (u64, contracts::events::Customer)) -> Snapshot {
    Snapshot { version, customer }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other events are no answer to a command")]
fn state_in(event: &StoredEvent) -> Option<Snapshot> {
    match &event.event {
        Event::CustomerRegistered(customer)
        | Event::CustomerChanged(customer)
        | Event::CustomerClosed(customer) => {
            Some(snapshot((event.headers.sequence, customer.clone())))
        }
        _ => None,
    }
}
