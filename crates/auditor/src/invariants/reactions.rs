//! Each event follows the choreography from its cause: the cause happened, to the same order, it
//! allows this event in this state, and it had no other effect. An effect that happened twice shows
//! here first.

use contracts::choreography::MURMURATION;
use contracts::{OrderId, service};
use protocol::choreography::{NONE, Rule, State, Trigger};
use protocol::{Cause, Service};

use super::{Checked, Invariant, places};
use crate::fold::order::{Moment, OrderFold};
use crate::fold::{Fold, RowRef};

pub(super) fn check(fold: &Fold) -> Checked {
    let mut checked = Checked::new(Invariant::Reactions, "events of orders");
    for (id, order) in &fold.orders {
        for service in service::ALL {
            check_service(&mut checked, id, order, service);
        }
    }
    for (service, stream) in &fold.streams {
        for (cause, rows) in stream.caused.iter().filter(|(_, rows)| rows.len() > 1) {
            let place = |sequence: &u64| RowRef { service: *service, sequence: *sequence };
            let text = format!("{cause} had {} effects", rows.len());
            checked.found(service, rows.iter().map(place).collect(), text);
        }
    }
    checked
}

fn check_service(checked: &mut Checked, id: &OrderId, order: &OrderFold, service: Service) {
    let mut state: State = NONE;
    for moment in order.by(service) {
        checked.examined += 1;
        if let Err(wrong) = follows(order, service, state, moment) {
            checked.found(id, places(&[moment]), format!("{}: {wrong}", moment.kind));
        }
        state = MURMURATION.state_after(moment.kind).unwrap_or(state);
    }
}

fn follows(
    order: &OrderFold,
    service: Service,
    state: State,
    moment: &Moment,
) -> Result<(), String> {
    let trigger = trigger_of(order, moment)?;
    match MURMURATION.rule(service, state, trigger) {
        Rule::Emit(kinds) if kinds.contains(&moment.kind) => Ok(()),
        Rule::Emit(_) | Rule::Ignore | Rule::Unknown => {
            Err(format!("{trigger} does not lead to it in state {state}"))
        }
    }
}

fn trigger_of(order: &OrderFold, moment: &Moment) -> Result<Trigger, String> {
    match &moment.cause {
        Cause::Event { service, sequence } => {
            let place = RowRef { service: *service, sequence: *sequence };
            let cause = order.moments.iter().find(|other| other.place() == place);
            let kind = cause.map(|cause| Trigger::Event(cause.kind));
            kind.ok_or_else(|| format!("its cause {place} is no event of this order"))
        }
        Cause::Command(name) => named(name, Trigger::Command),
        Cause::Timer(name) => named(name, Trigger::Timer),
        Cause::Recovery => Err("a recovery tells of no order".to_owned()),
    }
}

/// The trigger of that name: the choreography knows names as constants.
fn named(name: &str, of: fn(&'static str) -> Trigger) -> Result<Trigger, String> {
    let names = MURMURATION.reactions.iter().filter_map(|reaction| match reaction.on {
        Trigger::Command(known) | Trigger::Timer(known) => Some(known),
        Trigger::Event(_) => None,
    });
    let mut known = names.filter(|known| *known == name);
    known.next().map(of).ok_or_else(|| format!("there is no command or timer {name}"))
}

#[cfg(test)]
mod tests {

    use super::super::histories::{
        cancelled_after_all, cancelled_before_all, completed, differences, rejected,
    };
    use super::*;
    use contracts::kind;

    #[test]
    fn histories_that_follow_the_choreography_are_well() {
        for history in [completed(), rejected(), cancelled_after_all(), cancelled_before_all()] {
            let checked = check(&history.fold());
            assert!(checked.examined > 0);
            assert_eq!(differences(&checked), Vec::<String>::new());
        }
    }

    #[test]
    fn an_effect_that_happened_twice_is_found() {
        let fold = completed().twice(kind::PAYMENT_CHARGED).fold();
        let found = differences(&check(&fold));
        assert!(found.iter().any(|text| text.ends_with("had 2 effects")), "{found:?}");
        assert!(found.iter().any(|text| text.contains("in state charged")), "{found:?}");
    }

    #[test]
    fn an_event_that_its_cause_does_not_allow_is_found() {
        let fold = rejected().then(kind::ORDER_CONFIRMED).fold();
        let found = differences(&check(&fold));
        assert!(found[0].contains("does not lead to it in state rejected"), "{found:?}");
    }

    #[test]
    fn a_cause_that_never_happened_is_found() {
        let fold = completed().without(kind::INVENTORY_RESERVED).fold();
        let found = differences(&check(&fold));
        let expected = "payment.charged: its cause INVENTORY/999 is no event of this order";
        assert!(found.iter().any(|text| text == expected), "{found:?}");
    }
}
