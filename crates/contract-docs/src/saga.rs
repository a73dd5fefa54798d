//! The states that something has inside each service, and what leads from one to the next: as Mermaid
//! and as SVG.

pub mod mermaid;
pub mod svg;

mod layout;

use protocol::Service;
use protocol::choreography::{Choreography, NONE, State};

/// The states of one service, and the ways between them.
struct Machine {
    service: Service,
    states: Vec<State>,
    ways: Vec<Way>,
}

/// From a state, on triggers, to another: with each, what is said then.
#[derive(Debug, PartialEq, Eq)]
struct Way {
    from: State,
    to: State,
    labels: Vec<String>,
}

/// The machines of all services, in the order in which an order meets them.
fn machines(choreography: &Choreography) -> Vec<Machine> {
    let machine = |service| {
        let states = choreography.states.iter().find(|(of, _)| *of == service);
        let states = states.map(|(_, states)| states.to_vec()).unwrap_or_default();
        Machine { service, states, ways: ways(choreography, service) }
    };
    choreography.services().map(machine).collect()
}

fn ways(choreography: &Choreography, service: Service) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for reaction in choreography.reactions.iter().filter(|reaction| reaction.service == service) {
        for from in reaction.states.iter().copied() {
            for kind in reaction.emits {
                // What tells no state is about something else than what has states.
                let Some(to) = choreography.state_after(*kind) else { continue };
                let label = format!("{} → {kind}", reaction.on);
                match ways.iter_mut().find(|way| way.from == from && way.to == to) {
                    Some(way) => way.labels.push(label),
                    None => ways.push(Way { from, to, labels: vec![label] }),
                }
            }
        }
    }
    ways
}

impl Machine {
    /// Whether nothing leads on from this state.
    fn is_last(&self, state: State) -> bool {
        state != NONE && !self.ways.iter().any(|way| way.from == state && way.to != state)
    }
}
