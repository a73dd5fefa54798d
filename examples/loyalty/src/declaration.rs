//! What loyalty says of itself, and the choreography of the shop with it.

use std::sync::LazyLock;

use contracts::choreography::MURMURATION;
use contracts::kind::{
    ORDER_CANCELLED, ORDER_COMPLETED, ORDER_CONFIRMED, ORDER_PLACED, ORDER_PREPARED,
    ORDER_RECOVERED, ORDER_REJECTED,
};
use contracts::service::ORDER;
use protocol::choreography::{
    Choreography, Compensation, Declaration, Exempt, Ignored, NONE, Publication, Reaction, Shape,
    State, Trigger,
};
use protocol::{Kind, Recovered};

use crate::events::kind::{EARNED, PROMISED, RECOVERED, WITHDRAWN};
use crate::events::{LOYALTY, Points, VERSION};

/// What it declares of itself.
pub const DECLARATION: Declaration = Declaration {
    service: LOYALTY,
    publishes: &[
        publication(PROMISED, "Points were promised for an order."),
        publication(EARNED, "An order completed: its customer has the points."),
        publication(WITHDRAWN, "An order came to another end: its points are taken back."),
        Publication {
            kind: RECOVERED,
            meaning: "The loyalty service was restored from its stream.",
            id_field: "service",
            writes: Recovered::VERSION,
            newest: Shape::first(
                |generator| generator.subschema_for::<Recovered>(),
                r#"{"service":"loyalty","rows":12,"up_to":412}"#,
            ),
            older: &[],
        },
    ],
    decides: &[ORDER],
    replicas: &[],
    states: ANY,
    after: &[(PROMISED, "promised"), (EARNED, "earned"), (WITHDRAWN, "withdrawn")],
    reactions: &[
        on(&[NONE], ORDER_PLACED, &[PROMISED]),
        on(&["promised"], ORDER_COMPLETED, &[EARNED]),
        on(&["promised"], ORDER_REJECTED, &[WITHDRAWN]),
        on(&["promised"], ORDER_CANCELLED, &[WITHDRAWN]),
    ],
    ignored: &[
        ignores(&["promised", "earned", "withdrawn"], ORDER_PLACED),
        ignores(ANY, ORDER_PREPARED),
        ignores(ANY, ORDER_CONFIRMED),
        ignores(NOT_PROMISED, ORDER_COMPLETED),
        ignores(NOT_PROMISED, ORDER_REJECTED),
        ignores(NOT_PROMISED, ORDER_CANCELLED),
        ignores(ANY, ORDER_RECOVERED),
    ],
    compensations: &[Compensation::of(PROMISED, WITHDRAWN)],
    facts: &[
        Exempt::of(PROMISED, "only loyalty's own account of the order changes"),
        Exempt::of(EARNED, "the end of the promise: the order has ended already"),
        Exempt::of(WITHDRAWN, "the end of the promise: the order has ended already"),
        Exempt::of(RECOVERED, "takes the end of the stream for a restored owner; nobody reacts"),
    ],
    waits: &[Exempt::of("promised", "follows the order, which has the deadline and always ends")],
};

/// The choreography of the shop, and loyalty in it.
pub static CHOREOGRAPHY: LazyLock<Choreography> =
    LazyLock::new(|| MURMURATION.clone().with(&DECLARATION));

const ANY: &[State] = &[NONE, "promised", "earned", "withdrawn"];
const NOT_PROMISED: &[State] = &[NONE, "earned", "withdrawn"];

const fn publication(kind: Kind, meaning: &'static str) -> Publication {
    Publication {
        kind,
        meaning,
        id_field: "order_id",
        writes: VERSION,
        newest: Shape::first(
            |generator| generator.subschema_for::<Points>(),
            r#"{"order_id":"o-17","customer_id":"c-3","points":25}"#,
        ),
        older: &[],
    }
}

const fn on(states: &'static [State], event: Kind, emits: &'static [Kind]) -> Reaction {
    Reaction::of(LOYALTY, states, Trigger::Event(event), emits)
}

const fn ignores(states: &'static [State], event: Kind) -> Ignored {
    Ignored::of(LOYALTY, states, event)
}

#[cfg(test)]
mod tests {
    use protocol::choreography::{check, examples};

    use super::*;
    use crate::events::Event;

    #[test]
    fn the_shop_with_loyalty_in_it_is_sound() {
        assert_eq!(check(&CHOREOGRAPHY), Vec::new());
    }

    #[test]
    fn each_event_is_read_and_written_as_it_was_stored() {
        assert_eq!(examples::findings::<Event>(DECLARATION.publishes), Vec::<String>::new());
    }

    #[test]
    fn a_promise_that_is_not_taken_back_is_found() {
        let mut broken = CHOREOGRAPHY.clone();
        broken.reactions.retain(|reaction| !reaction.emits.contains(&WITHDRAWN));
        broken.ignored.push(ignores(&["promised"], ORDER_CANCELLED));
        broken.ignored.push(ignores(&["promised"], ORDER_REJECTED));
        let findings: Vec<_> = check(&broken).iter().map(ToString::to_string).collect();
        let wanted = "loyalty.promised is not undone after order.rejected";
        assert!(findings.iter().any(|finding| finding.starts_with(wanted)), "{findings:#?}");
    }
}
