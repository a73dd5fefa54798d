//! The REST API of a service that owns plain entities: see [`engine::entity`].

use engine::entity::{Change, Command, Conflict, Entity, Owner, table};
use engine::{Validators, outbox};
use protocol::{Id, StoredEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use warp::http::StatusCode;
use warp::{Filter as _, Reply as _};

use crate::http::server::Routes;
use crate::http::{self, CommandRequest, PageRequest, Problem, Response};
use crate::{CommandResult, Handle, Token};

/// What clients see of an entity.
pub trait Resource: Entity<Refusal: Into<Problem>, Details: DeserializeOwned> {
    /// What is sent to create one.
    type Creation: DeserializeOwned + Send + 'static;
    /// One, as it is answered.
    type Shown: Serialize + Send;

    /// The path of all of them.
    const PATH: &'static str;
    /// What is added to the path of one to end it.
    const END: &'static str;

    /// The id and the details of a new one. Where it brings no id, one is made.
    fn create(creation: Self::Creation, new_id: impl FnOnce() -> Id) -> (Id, Self::Details);

    /// One of that version, as it is answered.
    fn show(version: u64, state: Self::State) -> Self::Shown;

    /// The id in that.
    fn shown_id(shown: &Self::Shown) -> &Id;
}

/// The routes: `GET` and `POST` of all, `GET` and `PUT` of one, and its end.
pub fn routes<E: Resource>(service: Handle<Owner<E>>) -> Routes {
    let service = warp::any().map(move || service.clone());
    let all = warp::path(E::PATH).and(warp::path::end());
    let one = warp::path(E::PATH).and(http::id()).and(warp::path::end());
    let end_of_one =
        warp::path(E::PATH).and(http::id()).and(warp::path(E::END)).and(warp::path::end());
    let reading = service.clone().and(http::token());

    let find = one.clone().and(warp::get()).and(reading.clone()).then(find::<E>);
    let list = all.and(warp::get()).and(reading).and(http::page()).then(list::<E>);
    let create = all.and(warp::post()).and(service.clone()).and(http::command()).then(create::<E>);
    let change = one.and(warp::put()).and(service.clone()).and(http::command()).then(change::<E>);
    let end =
        end_of_one.and(warp::post()).and(service).and(http::bodyless_command()).then(end::<E>);
    find.or(list).unify().or(create).unify().or(change).unify().or(end).unify().boxed()
}

async fn find<E: Resource>(id: Id, service: Handle<Owner<E>>, after: Token) -> Response {
    let unknown = E::refuse(Conflict::Unknown, &id);
    let found = service.read(after, move |state| {
        let Some((version, found)) = table::find::<E>(state, &id)? else { return Ok(None) };
        let validators = outbox::validators(state, version)?;
        Ok(Some((version, found, validators)))
    });
    match found.await {
        Ok(Some((version, found, validators))) => {
            http::validated(http::json(StatusCode::OK, &E::show(version, found)), &validators)
        }
        Ok(None) => unknown.into().into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn list<E: Resource>(service: Handle<Owner<E>>, after: Token, page: PageRequest) -> Response {
    let last = page.after.clone().unwrap_or_default();
    // One more than is shown says whether there is a next page.
    let limit = page.limit.saturating_add(1);
    let found = match service.read(after, move |state| table::page::<E>(state, &last, limit)).await
    {
        Ok(found) => found,
        Err(problem) => return problem.into_response(),
    };
    let items: Vec<_> = found.into_iter().map(|(version, state)| E::show(version, state)).collect();
    http::paged(&page, &items, |shown| E::shown_id(shown).to_string())
}

async fn create<E: Resource>(
    service: Handle<Owner<E>>,
    request: CommandRequest,
    creation: E::Creation,
) -> Response {
    let (id, details) = E::create(creation, || service.new_id());
    execute(service, request, Command::Create { id, details }).await
}

async fn change<E: Resource>(
    id: Id,
    service: Handle<Owner<E>>,
    request: CommandRequest,
    details: E::Details,
) -> Response {
    execute(service, request, Command::Change { id, details }).await
}

async fn end<E: Resource>(id: Id, service: Handle<Owner<E>>, request: CommandRequest) -> Response {
    execute(service, request, Command::End { id }).await
}

async fn execute<E: Resource>(
    service: Handle<Owner<E>>,
    request: CommandRequest,
    command: Command<E::Details>,
) -> Response {
    let id = command.id().clone();
    let executed = service.execute(request, command).await;
    let unchanged = match &executed {
        Ok(CommandResult::Unchanged { .. }) => find(id, service, Token::default()).await,
        _ => Response::default(),
    };
    http::answer(executed, accepted::<E>, || unchanged)
}

fn accepted<E: Resource>(event: &StoredEvent<E::Event>) -> Response {
    let headers = &event.headers;
    let Some((change, state)) = E::in_event(&event.event) else {
        return Problem::defect(&format!("{} answers no command", headers.kind)).into_response();
    };
    let validators = Validators::of_event(headers.sequence, headers.time);
    let shown = E::show(headers.sequence, state.clone());
    if change == Change::Created {
        let location = format!("/{}/{}", E::PATH, headers.id);
        let created = http::validated(http::json(StatusCode::CREATED, &shown), &validators);
        return warp::reply::with_header(created, "location", location).into_response();
    }
    http::validated(http::json(StatusCode::OK, &shown), &validators)
}
