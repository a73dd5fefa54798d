//! The smallest service: customers that can be registered.

use contracts::choreography::MURMURATION;
use contracts::events::{Address, Customer};
use contracts::{Currency, Event, Money, StoredEvent, service};
use engine::{Decision, Domain, Input, Read, StateError, Validators, Write, params};
use protocol::choreography::{Choreography, NONE};
use protocol::{Id, Service, Timestamp};
use runtime::http::server::Routes;
use runtime::http::{self, CommandRequest, Problem, StatusCode};
use runtime::warp::{self, Filter as _};
use runtime::{Handle, Token};

/// How the ids of customers begin whose names are very long.
pub(crate) const HUGE: &str = "huge";

pub(crate) struct Registry;

pub(crate) struct Taken;

impl From<Taken> for Problem {
    fn from(_: Taken) -> Self {
        Self::new(&contracts::problems::CUSTOMER_EXISTS)
    }
}

impl Domain for Registry {
    type Command = Id;
    type Refusal = Taken;
    type Event = Event;

    const SERVICE: Service = service::CUSTOMER;
    const MIGRATIONS: &'static [&'static str] =
        &["CREATE TABLE known (id TEXT PRIMARY KEY) STRICT"];

    fn choreography() -> &'static Choreography {
        &MURMURATION
    }

    fn command_name(_: &Id) -> &'static str {
        "register"
    }

    fn validators(&self, _: &Read<'_>, _: &Id) -> Result<Option<Validators>, StateError> {
        Ok(None)
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Id, Event>,
        _: Timestamp,
    ) -> Result<Decision<Taken, Event>, StateError> {
        let Input::Command(id) = input else {
            return Err(StateError::Contradiction("only commands come here".to_owned()));
        };
        if knows(state, id)? {
            return Ok(Decision::Refuse(Taken));
        }
        Ok(Decision::emit(NONE, Event::CustomerRegistered(customer(id))))
    }

    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent) -> Result<(), StateError> {
        let id = event.headers.id.as_str();
        state.change_one("registering", "INSERT INTO known (id) VALUES (?1)", params![id])
    }
}

/// `POST /customers` with an id as its JSON body, and `GET /customers/{id}`.
pub(crate) fn routes(handle: Handle<Registry>) -> Routes {
    let writer = handle.clone();
    let post = warp::post().and(warp::path!("customers")).and(http::command::<Id>()).then(
        move |request: CommandRequest, id: Id| {
            let handle = writer.clone();
            async move {
                let executed = handle.execute(request, id).await;
                let created =
                    |event: &StoredEvent| http::json(StatusCode::CREATED, &event.headers.sequence);
                http::answer(executed, created, || http::json(StatusCode::OK, &()))
            }
        },
    );
    let get = warp::get().and(warp::path!("customers" / String)).and(http::token()).then(
        move |id: String, after: Token| {
            let handle = handle.clone();
            async move {
                let found = handle.read(after, move |state| match id.parse() {
                    Ok(id) => knows(state, &id),
                    Err(_) => Ok(false),
                });
                match found.await {
                    Ok(found) => http::json(StatusCode::OK, &found),
                    Err(problem) => problem.into_response(),
                }
            }
        },
    );
    post.or(get).unify().boxed()
}

fn knows(state: &Read<'_>, id: &Id) -> Result<bool, StateError> {
    let sql = "SELECT 1 FROM known WHERE id = ?1";
    Ok(state.one(sql, [id.as_str()], |_| Ok(()))?.is_some())
}

fn customer(id: &Id) -> Customer {
    let address = Address { street: String::new(), city: String::new(), country: "GB".to_owned() };
    let currency: Currency = "GBP".parse().unwrap();
    let credit_limit = Money { minor: 100, currency };
    // As long as the bodies that services take.
    let name = if id.as_str().starts_with(HUGE) { "x".repeat(250_000) } else { "Ada".to_owned() };
    Customer { id: id.clone().into(), name, address, credit_limit, closed: false }
}
