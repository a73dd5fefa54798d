//! What follows from an order's events.

use std::convert::Infallible;

use engine::{Domain, Input, Read, StateError, Validators, Write};
use protocol::choreography::{Choreography, NONE, State};
use protocol::{Event as _, Service, StoredEvent, Timestamp};

use crate::declaration::CHOREOGRAPHY;
use crate::events::{Event, LOYALTY, Points};
use crate::tables::{self, Promise};

/// The logic of the loyalty service.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoyaltyDomain;

type Decision = engine::Decision<Infallible, Event>;

impl Domain for LoyaltyDomain {
    type Command = Infallible;
    type Refusal = Infallible;
    type Event = Event;

    const SERVICE: Service = LOYALTY;
    const MIGRATIONS: &'static [&'static str] = tables::MIGRATIONS;

    fn choreography() -> &'static Choreography {
        &CHOREOGRAPHY
    }

    fn command_name(command: &Infallible) -> &'static str {
        match *command {}
    }

    fn validators(
        &self,
        _: &Read<'_>,
        command: &Infallible,
    ) -> Result<Option<Validators>, StateError> {
        match *command {}
    }

    fn decide(
        &self,
        state: &Read<'_>,
        input: Input<'_, Infallible, Event>,
        _now: Timestamp,
    ) -> Result<Decision, StateError> {
        match input {
            Input::Command(command) => match *command {},
            Input::Event(event) => react(state, event),
            Input::Timer { name, .. } => Err(unexpected(&format!("timer {name}"))),
        }
    }

    fn apply(&self, state: &mut Write<'_>, event: &StoredEvent<Event>) -> Result<(), StateError> {
        match &event.event {
            Event::Promised(points) => tables::promise(state, points),
            Event::Earned(points) => tables::settle(state, &points.order_id, "earned"),
            Event::Withdrawn(points) => tables::settle(state, &points.order_id, "withdrawn"),
            Event::Shop(_) | Event::Recovered(_) => {
                Err(unexpected(&format!("own event {}", event.headers.kind)))
            }
        }
    }
}

fn react(state: &Read<'_>, event: &StoredEvent<Event>) -> Result<Decision, StateError> {
    use contracts::Event::{OrderCancelled, OrderCompleted, OrderPlaced, OrderRejected};
    let Event::Shop(shop) = &event.event else {
        return Err(unexpected(&format!("event {}", event.event.kind())));
    };
    let known = tables::find(state, &event.headers.id.clone().into())?;
    Ok(match (shop, known) {
        (OrderPlaced(placed), None) => Decision::emit(
            NONE,
            Event::Promised(Points {
                order_id: placed.order_id.clone(),
                customer_id: placed.customer.customer.id.clone(),
                points: points_for(placed.total),
            }),
        ),
        (OrderCompleted(_), Some(Promise { state: "promised", points })) => {
            Decision::emit("promised", Event::Earned(points))
        }
        (OrderRejected(_) | OrderCancelled(_), Some(Promise { state: "promised", points })) => {
            Decision::emit("promised", Event::Withdrawn(points))
        }
        (_, known) => Decision::nothing(known.map_or(NONE, |known| known.state)),
    })
}

/// One point for each whole unit of the currency.
fn points_for(total: contracts::Money) -> u64 {
    let unit = 10_i64.pow(total.currency.decimals());
    u64::try_from(total.minor / unit).unwrap_or(0)
}

fn unexpected(what: &str) -> StateError {
    StateError::Contradiction(format!("loyalty does not know what to do with {what}"))
}

/// The state of an order inside of loyalty, by its name in the choreography.
#[must_use]
pub fn state_named(name: &str) -> Option<State> {
    ["promised", "earned", "withdrawn"].into_iter().find(|state| *state == name)
}

#[cfg(test)]
mod tests;
