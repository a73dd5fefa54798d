//! What a service declares of itself, as text: for those who look on and were not built with it.
//!
//! Deliberately absent: what it ignores and what it exempts. An onlooker judges what a service does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Choreography;
use crate::{Kind, Service};

/// What a service declares of itself, as far as its own events can be judged by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declared {
    /// The streams that it reacts to.
    pub decides: Vec<Service>,
    /// What the state is after its events.
    pub after: Vec<(Kind, String)>,
    /// Its reactions.
    pub reactions: Vec<DeclaredReaction>,
}

/// In one of `states`, on `on`, it emits one of `emits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeclaredReaction {
    /// In which states.
    pub states: Vec<String>,
    /// To what: the kind of an event, `command NAME` or `timer NAME`.
    pub on: String,
    /// With one of which events.
    pub emits: Vec<Kind>,
}

impl Declared {
    /// What `service` declares in a choreography.
    #[must_use]
    pub fn of(choreography: &Choreography, service: Service) -> Self {
        let reactions = choreography.reactions.iter().filter(|one| one.service == service);
        let after = choreography.after.iter().filter(|(kind, _)| kind.service() == service);
        let reads = choreography.reads.iter().filter(|reads| reads.service == service);
        Self {
            decides: reads.flat_map(|reads| reads.decides).copied().collect(),
            after: after.map(|(kind, state)| (*kind, (*state).to_owned())).collect(),
            reactions: reactions
                .map(|reaction| DeclaredReaction {
                    states: reaction.states.iter().map(|state| (*state).to_owned()).collect(),
                    on: reaction.on.to_string(),
                    emits: reaction.emits.to_vec(),
                })
                .collect(),
        }
    }

    /// What it may emit in `state` on a trigger of that text, if it reacts to it.
    #[must_use]
    pub fn emits(&self, state: &str, on: &str) -> Option<&[Kind]> {
        let is_one = |reaction: &&DeclaredReaction| {
            reaction.on == on && reaction.states.iter().any(|one| one == state)
        };
        self.reactions.iter().find(is_one).map(|reaction| reaction.emits.as_slice())
    }

    /// The state after an event of this kind.
    #[must_use]
    pub fn state_after(&self, kind: Kind) -> Option<&str> {
        self.after.iter().find(|(of, _)| *of == kind).map(|(_, state)| state.as_str())
    }
}
