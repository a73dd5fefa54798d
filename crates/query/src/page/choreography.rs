//! The choreography as a drawing needs it: who hears which event of whom, and what kind of step it is.
//!
//! All of it follows from the one table in `contracts`.

use contracts::choreography::MURMURATION;
use contracts::service;
use protocol::choreography::Trigger;
use protocol::{Kind, Service};
use schemars::JsonSchema;
use serde::Serialize;

/// All of the drawing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Drawing {
    /// The services, in the order in which an order meets them.
    pub services: Vec<Node>,
    /// The events to which services react.
    pub edges: Vec<Edge>,
    /// What each event means for an order. Events that no order has are left out.
    pub events: Vec<Meaning>,
    /// What the start and the ends are.
    pub start: Kind,
    pub ends: Vec<Kind>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Node {
    pub name: Service,
    pub stream: String,
    /// Of whose data it keeps replicas.
    pub replicates: Vec<Service>,
}

/// One service reacts to one event of another.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Edge {
    pub event: Kind,
    /// Who publishes it.
    pub from: Service,
    /// Who reacts.
    pub to: Service,
    /// With what.
    pub emits: Vec<Kind>,
}

/// What an event means for an order.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Meaning {
    pub event: Kind,
    /// What kind of step it is.
    pub step: StepKind,
}

/// What kind of step an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// It brings the order on.
    Forward,
    /// It ends the order before its time, or says why it must end.
    Refusal,
    /// It undoes a step, or sees to it that a step is never taken.
    Undo,
}

/// Draws the choreography of this system.
#[must_use]
pub fn drawing() -> Drawing {
    let events = of_orders();
    Drawing {
        services: service::ALL.map(Node::of).into(),
        edges: edges(),
        events: events.into_iter().map(Meaning::of).collect(),
        start: MURMURATION.start,
        ends: MURMURATION.ends.clone(),
    }
}

impl Node {
    fn of(service: Service) -> Self {
        let replicates = service::ALL.into_iter();
        Self {
            name: service,
            stream: service.stream().to_owned(),
            replicates: replicates.filter(|of| MURMURATION.replicates(service, *of)).collect(),
        }
    }
}

impl Meaning {
    fn of(kind: Kind) -> Self {
        Self { event: kind, step: step_kind(kind) }
    }
}

/// One edge for each event and consumer, whatever the states in which it reacts.
fn edges() -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::new();
    for reaction in &MURMURATION.reactions {
        let Trigger::Event(kind) = reaction.on else { continue };
        let emits = reaction.emits.iter().copied();
        let same = |edge: &&mut Edge| edge.event == kind && edge.to == reaction.service;
        match edges.iter_mut().find(same) {
            Some(edge) => edge.emits.extend(emits),
            None => edges.push(Edge {
                event: kind,
                from: kind.service(),
                to: reaction.service,
                emits: emits.collect(),
            }),
        }
    }
    edges
}

/// The start, and all that follows from it.
fn of_orders() -> Vec<Kind> {
    let mut kinds = vec![MURMURATION.start];
    let orders = MURMURATION.reactions.iter().filter(|reaction| match reaction.on {
        Trigger::Event(_) | Trigger::Timer(_) => true,
        Trigger::Command(_) => reaction.emits.iter().any(|kind| MURMURATION.ends.contains(kind)),
    });
    for kind in orders.flat_map(|reaction| reaction.emits) {
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    kinds
}

fn step_kind(kind: Kind) -> StepKind {
    if undoes(kind) {
        StepKind::Undo
    } else if is_bad_end(kind) || leads_to_a_bad_end(kind) {
        StepKind::Refusal
    } else {
        StepKind::Forward
    }
}

fn reactions_to(kind: Kind) -> impl Iterator<Item = &'static [Kind]> {
    let on = Trigger::Event(kind);
    MURMURATION.reactions.iter().filter(move |reaction| reaction.on == on).map(|one| one.emits)
}

fn is_compensation(kind: Kind) -> bool {
    MURMURATION.compensations.iter().any(|compensation| compensation.undone_by == kind)
}

/// An end after which somebody has to undo something.
fn is_bad_end(kind: Kind) -> bool {
    MURMURATION.ends.contains(&kind)
        && reactions_to(kind).flatten().any(|emitted| is_compensation(*emitted))
}

/// Compensations, and what else is called for by nothing but a bad end: tombstones.
fn undoes(kind: Kind) -> bool {
    let mut calls = MURMURATION.reactions.iter().filter(|reaction| reaction.emits.contains(&kind));
    is_compensation(kind)
        || calls.clone().next().is_some()
            && calls.all(|call| matches!(call.on, Trigger::Event(on) if is_bad_end(on)))
}

fn leads_to_a_bad_end(kind: Kind) -> bool {
    let mut emitted = reactions_to(kind).flatten().peekable();
    emitted.peek().is_some() && emitted.all(|kind| is_bad_end(*kind))
}

#[cfg(test)]
mod tests {
    use contracts::kind;

    use super::*;

    fn steps(step: StepKind) -> Vec<String> {
        let all = of_orders().into_iter().filter(|kind| step_kind(*kind) == step);
        let mut names: Vec<_> = all.map(|kind| kind.to_string()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_a_step_means_follows_from_the_table() {
        let undoing =
            ["inventory.released", "payment.refunded", "payment.voided", "shipping.cancelled"];
        assert_eq!(steps(StepKind::Undo), undoing);
        let refusals =
            ["inventory.rejected", "order.cancelled", "order.rejected", "payment.declined"];
        assert_eq!(steps(StepKind::Refusal), refusals);
        let forward = [
            "inventory.committed",
            "inventory.reserved",
            "order.completed",
            "order.confirmed",
            "order.placed",
            "order.prepared",
            "payment.charged",
            "shipping.created",
            "shipping.dispatched",
        ];
        assert_eq!(steps(StepKind::Forward), forward);
    }

    #[test]
    fn an_event_with_two_reactions_of_one_service_is_one_edge() {
        let edges = edges();
        let of_cancelled = edges.iter().filter(|edge| edge.event == kind::ORDER_CANCELLED);
        let to: Vec<_> = of_cancelled.map(|edge| edge.to).collect();
        assert_eq!(to, [service::INVENTORY, service::PAYMENT, service::SHIPPING]);
        let to_payment = edges
            .iter()
            .find(|edge| edge.event == kind::ORDER_CANCELLED && edge.to == service::PAYMENT);
        assert_eq!(to_payment.unwrap().emits, [kind::PAYMENT_REFUNDED, kind::PAYMENT_VOIDED]);
    }
}
