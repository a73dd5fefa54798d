//! The REST API of products.

mod operations;

use contracts::events::Product;
use contracts::money::NewMoney;
use contracts::{Event, Id, Kind, Money, StoredEvent};
use engine::{Validators, outbox};
use runtime::http::{self, Api, CommandRequest, PageRequest, Problem, Response, StatusCode};
use runtime::warp::{self, Filter, Reply as _};
use runtime::{Executed, Handle, Token};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{Command, Details, Products};
use crate::refusal::Refusal;
use crate::tables;

/// The body of a listing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Listing {
    sku: Id,
    name: String,
    #[schemars(with = "NewMoney")]
    price: Money,
}

/// A product as it is answered.
#[derive(Debug, Serialize, JsonSchema)]
struct Versioned {
    version: u64,
    #[serde(flatten)]
    product: Product,
}

/// The API of the product service.
pub fn api(service: Handle<Products>) -> Api {
    let service = warp::any().map(move || service.clone());
    let all = warp::path("products").and(warp::path::end());
    let one = warp::path("products").and(http::id()).and(warp::path::end());
    let discontinue_one = warp::path("products")
        .and(http::id())
        .and(warp::path("discontinue"))
        .and(warp::path::end());
    let reading = service.clone().and(http::token());

    let find = one.clone().and(warp::get()).and(reading.clone()).then(find);
    let browse = all.and(warp::get()).and(reading).and(http::page()).then(browse);
    let list = all.and(warp::post()).and(service.clone()).and(http::command()).then(list);
    let change = one.and(warp::put()).and(service.clone()).and(http::command()).then(change);
    let discontinue = discontinue_one
        .and(warp::post())
        .and(service)
        .and(http::bodyless_command())
        .then(discontinue);
    let all =
        find.or(browse).unify().or(list).unify().or(change).unify().or(discontinue).unify().boxed();
    Api::new(all, operations::document())
}

async fn find(sku: Id, service: Handle<Products>, after: Token) -> Response {
    let unknown = Refusal::Unknown(sku.clone());
    let found = service.read(after, move |state| {
        let Some(found) = tables::find(state, &sku)? else { return Ok(None) };
        let validators = outbox::validators(state, found.0)?;
        Ok(Some((found, validators)))
    });
    match found.await {
        Ok(Some((found, validators))) => {
            http::validated(http::json(StatusCode::OK, &versioned(found)), &validators)
        }
        Ok(None) => Problem::from(unknown).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn browse(service: Handle<Products>, after: Token, page: PageRequest) -> Response {
    let last = page.after.clone().unwrap_or_default();
    // One more than is shown says whether there is a next page.
    let limit = page.limit.saturating_add(1);
    let found = service.read(after, move |state| tables::page(state, &last, limit)).await;
    match found {
        Ok(found) => {
            let items: Vec<_> = found.into_iter().map(versioned).collect();
            http::paged(&page, &items, |item| item.product.sku.to_string())
        }
        Err(problem) => problem.into_response(),
    }
}

async fn list(service: Handle<Products>, request: CommandRequest, body: Listing) -> Response {
    let Listing { sku, name, price } = body;
    let details = Details { name, price };
    let command = Command::List { sku: sku.clone(), details };
    carry_out(service, request, sku, command).await
}

async fn change(
    sku: Id,
    service: Handle<Products>,
    request: CommandRequest,
    details: Details,
) -> Response {
    let command = Command::Change { sku: sku.clone(), details };
    carry_out(service, request, sku, command).await
}

async fn discontinue(sku: Id, service: Handle<Products>, request: CommandRequest) -> Response {
    let command = Command::Discontinue { sku: sku.clone() };
    carry_out(service, request, sku, command).await
}

async fn carry_out(
    service: Handle<Products>,
    request: CommandRequest,
    sku: Id,
    command: Command,
) -> Response {
    let executed = service.execute(request, command).await;
    let unchanged = match &executed {
        Ok(Executed::Unchanged { .. }) => find(sku, service, Token::default()).await,
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
    if event.headers.kind == Kind::ProductListed {
        let location = format!("/products/{}", event.headers.id);
        let created = http::validated(http::json(StatusCode::CREATED, &state), &validators);
        return warp::reply::with_header(created, "location", location).into_response();
    }
    http::validated(http::json(StatusCode::OK, &state), &validators)
}

fn versioned((version, product): (u64, Product)) -> Versioned {
    Versioned { version, product }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other events are no answer to a command")]
fn state_in(event: &StoredEvent) -> Option<Versioned> {
    match &event.event {
        Event::ProductListed(product)
        | Event::ProductChanged(product)
        | Event::ProductDiscontinued(product) => {
            Some(versioned((event.headers.sequence, product.clone())))
        }
        _ => None,
    }
}
