//! The diagram as a page with Mermaid in it, which many viewers of Markdown draw.

use protocol::choreography::{Choreography, NONE, State};

use super::{Machine, machines};

/// The page.
#[must_use]
pub fn page(choreography: &Choreography) -> String {
    let mut page = "# The saga\n\n\
        The states of an order, a reservation, a charge and a shipment, and of customers and products, each \
        inside its\nservice. A way is labelled with what the service reacts to and what it then \
        publishes. [The same as a picture](saga.svg).\n"
        .to_owned();
    for machine in machines(choreography) {
        let service = machine.service;
        push_line!(page, "\n## {service}\n\n```mermaid\n{}```", diagram(&machine));
    }
    page
}

fn diagram(machine: &Machine) -> String {
    let mut text = "stateDiagram-v2\n    direction LR\n".to_owned();
    for way in &machine.ways {
        for label in &way.labels {
            let (from, to) = (node(way.from), node(way.to));
            push_line!(text, "    {from} --> {to}: {label}");
        }
    }
    for state in machine.states.iter().filter(|state| machine.is_last(state)) {
        push_line!(text, "    {} --> [*]", node(state));
    }
    text
}

fn node(state: State) -> &'static str {
    if state == NONE { "[*]" } else { state }
}

#[cfg(test)]
mod tests {
    use contracts::choreography::MURMURATION;

    use super::*;

    #[test]
    fn a_way_says_what_it_is_taken_on_and_what_is_published() {
        let page = page(&MURMURATION);
        for line in [
            "    [*] --> charged: inventory.reserved → payment.charged",
            "    placed --> cancelled: timer deadline → order.cancelled",
            "    prepared --> confirmed: timer window → order.confirmed",
            "    completed --> [*]",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in {page}");
        }
    }
}
