use super::*;
use crate::choreography::{Ignored, MURMURATION, Reaction};

#[test]
fn the_choreography_is_sound() {
    assert_eq!(check(&MURMURATION), Vec::new());
}

/// The choreography without the reactions that `dropped` picks, and with these pairs ignored
/// instead, so that only the loss itself is reported.
fn without(dropped: impl Fn(&Reaction) -> bool) -> Vec<Finding> {
    let (gone, reactions): (Vec<Reaction>, Vec<Reaction>) =
        MURMURATION.reactions.iter().copied().partition(dropped);
    assert!(!gone.is_empty(), "the mutation changes nothing");
    let mut ignored: Vec<Ignored> = MURMURATION.ignored.to_vec();
    for reaction in gone {
        if let Trigger::Event(on) = reaction.on {
            ignored.push(Ignored { service: reaction.service, states: reaction.states, on });
        }
    }
    check(&Choreography { reactions: &reactions, ignored: &ignored, ..MURMURATION.clone() })
}

#[test]
fn a_step_without_its_compensation_is_found() {
    let no_refund = without(|r| r.emits.contains(&Kind::PaymentRefunded));
    assert!(no_refund.contains(&Finding::NoCompensation(Kind::PaymentCharged)), "{no_refund:?}");
    let cancelled = Trigger::Event(Kind::OrderCancelled);
    let no_release = without(|r| r.service == Service::Inventory && r.on == cancelled);
    assert!(no_release.contains(&Finding::NoCompensation(Kind::InventoryReserved)));
    let rejected = Trigger::Event(Kind::OrderRejected);
    let no_release = without(|r| r.service == Service::Inventory && r.on == rejected);
    assert!(no_release.contains(&Finding::NoCompensation(Kind::InventoryReserved)));
}

#[test]
fn an_event_that_nobody_consumes_is_found() {
    let findings = without(|r| r.on == Trigger::Event(Kind::PaymentDeclined));
    assert!(findings.contains(&Finding::NoConsumer(Kind::PaymentDeclined)), "{findings:?}");
}

#[test]
fn a_wait_without_a_deadline_is_found() {
    let findings = without(|r| r.on == Trigger::Timer("deadline"));
    assert!(findings.contains(&Finding::NoDeadline(Service::Order, "placed")), "{findings:?}");
}

#[test]
fn a_path_without_an_end_is_found() {
    let findings = without(|r| r.service == Service::Order && r.on != Trigger::Command("place"));
    assert!(findings.contains(&Finding::NoEnd(Kind::OrderPlaced)), "{findings:?}");
}

#[test]
fn a_pair_that_is_forgotten_or_handled_twice_is_found() {
    let ignored: Vec<Ignored> = MURMURATION.ignored.iter().skip(1).copied().collect();
    let findings = check(&Choreography { ignored: &ignored, ..MURMURATION.clone() });
    assert!(matches!(findings[..], [Finding::Unhandled(..), ..]), "{findings:?}");
    let twice = [MURMURATION.ignored, &MURMURATION.ignored[..1]].concat();
    let findings = check(&Choreography { ignored: &twice, ..MURMURATION.clone() });
    assert!(matches!(findings[..], [Finding::Ambiguous(..), ..]), "{findings:?}");
}

#[test]
fn an_event_of_another_service_is_found() {
    let mut reactions = MURMURATION.reactions.to_vec();
    reactions.push(Reaction {
        service: Service::Customer,
        states: &["open"],
        on: Trigger::Command("steal"),
        emits: &[Kind::OrderPlaced],
    });
    let findings = check(&Choreography { reactions: &reactions, ..MURMURATION.clone() });
    assert_eq!(findings, [Finding::ForeignEvent(Service::Customer, Kind::OrderPlaced)]);
}
