//! The REST API of charges and accounts.

mod bodies;
mod operations;
mod refusals;

use contracts::events::Customer;
use contracts::{CustomerId, Event, OrderId, StoredEvent, problems};
use engine::history::Moment;
use engine::{Read, StateError, Validators};
use protocol::ProblemKind;
use runtime::http::{self, Api, CommandRequest, Problem, Response, StatusCode};
use runtime::warp::{self, Filter as _};
use runtime::{Handle, Token};

use crate::domain::Command;
use crate::{PaymentDomain, history, tables};
use bodies::{AccountBody, AuditedEvent, Settlement};

type Service = Handle<PaymentDomain>;

/// The API of the payment service.
pub fn api(service: Service) -> Api {
    let service = warp::any().map(move || service.clone());
    let reading = service.clone().and(http::token());
    let settle = warp::path("accounts")
        .and(http::id())
        .and(warp::path("settle"))
        .and(warp::path::end())
        .and(warp::post());
    let account = warp::path("accounts").and(http::id()).and(warp::path::end()).and(warp::get());
    let charge = warp::path("charges").and(http::id()).and(warp::path::end()).and(warp::get());
    let events = warp::path("charges")
        .and(http::id())
        .and(warp::path("events"))
        .and(warp::path::end())
        .and(warp::get());

    let settle = settle.and(service).and(http::command()).then(settle_account);
    let account = account.and(http::moment()).and(reading.clone()).then(find_account);
    let charge = charge.and(reading.clone()).then(find_charge);
    let events = events.and(reading).then(audit_trail);
    let all = charge.or(account).unify().or(events).unify().or(settle).unify().boxed();
    Api::new(all, operations::document())
}

async fn settle_account(
    customer_id: CustomerId,
    service: Service,
    request: CommandRequest,
    body: Settlement,
) -> Response {
    let command = Command::Settle { customer_id, amount: body.amount };
    let executed = service.execute(request, command).await;
    // A payment is either accepted or refused: it never finds things as it wants them.
    http::answer(executed, answer_to_command, || cannot_be("a payment changed nothing"))
}

/// The answer is made from the event alone, so that a repeated request gets the same one.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other event answers a command")]
fn answer_to_command(stored: &StoredEvent) -> Response {
    match &stored.event {
        Event::PaymentSettled(settled) => http::result(StatusCode::OK, settled),
        other => cannot_be(&format!("{} answered a command", other.kind())),
    }
}

async fn find_account(
    customer_id: CustomerId,
    at: Option<Moment>,
    service: Service,
    after: Token,
) -> Response {
    let missing = format!("customer {customer_id} is not known here and was never charged");
    let read = move |state: &Read<'_>| match at {
        // The limit is another service's: what it was then is not in these events.
        Some(moment) => match history::account(state, &customer_id, moment)? {
            Some(then) => account(&then.read(), &customer_id),
            None => Ok(None),
        },
        None => account(state, &customer_id),
    };
    match service.read(after, read).await {
        Ok(Some((account, validators))) => {
            http::validated(http::json(StatusCode::OK, &account), &validators)
        }
        Ok(None) => not_found(&problems::UNKNOWN_CUSTOMER, missing),
        Err(problem) => problem.into_response(),
    }
}

fn account(
    state: &Read<'_>,
    customer_id: &CustomerId,
) -> Result<Option<(AccountBody, Validators)>, StateError> {
    let known = state.replica::<Customer>(customer_id)?;
    let limit = known.map(|(_, customer)| customer.credit_limit);
    let accounts = tables::accounts(state, customer_id)?;
    let main = match limit {
        Some(limit) => Some(tables::account(state, customer_id, limit.currency)?),
        None => accounts.first().copied(),
    };
    let account = main.map(|main| AccountBody::of(customer_id, limit, &main, &accounts));
    Ok(account.zip(tables::account_validators(state, customer_id)?))
}

async fn find_charge(order_id: OrderId, service: Service, after: Token) -> Response {
    let missing = format!("nothing was heard of order {order_id} here, or not yet");
    match service.read(after, move |state| tables::charge(state, &order_id)).await {
        Ok(Some(charge)) => http::json(StatusCode::OK, &charge),
        Ok(None) => not_found(&problems::UNKNOWN_CHARGE, missing),
        Err(problem) => problem.into_response(),
    }
}

async fn audit_trail(order_id: OrderId, service: Service, after: Token) -> Response {
    let missing = format!("nothing was heard of order {order_id} here, or not yet");
    match service.read(after, move |state| tables::audit_trail(state, &order_id)).await {
        Ok(events) if events.is_empty() => not_found(&problems::UNKNOWN_CHARGE, missing),
        Ok(events) => {
            let events: Vec<_> = events.iter().map(AuditedEvent::of).collect();
            http::json(StatusCode::OK, &events)
        }
        Err(problem) => problem.into_response(),
    }
}

fn not_found(kind: &'static ProblemKind, detail: String) -> Response {
    Problem::new(kind).detail(detail).into_response()
}

fn cannot_be(what: &str) -> Response {
    Problem::from(StateError::Contradiction(what.to_owned())).into_response()
}
