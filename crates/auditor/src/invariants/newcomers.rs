//! The choreography of services beside the shop's, by what each declares of itself: an event follows from its
//! cause in the state that it finds, and whatever it has to react to, it has reacted to. What stands in its
//! events is for itself to judge.

use contracts::OrderId;
use protocol::choreography::{Declared, NONE};
use protocol::{Cause, Id};

use super::{Checked, InFlight, Invariant};
use crate::fold::newcomer::Deed;
use crate::fold::order::OrderFold;
use crate::fold::{Fold, RowRef};

pub(super) fn check(fold: &Fold, in_flight: InFlight) -> Checked {
    let mut checked = Checked::new(Invariant::Newcomers, "events");
    for (service, newcomer) in &fold.newcomers {
        let Some(declared) = &newcomer.declared else {
            checked.unknown =
                Some(format!("{service} has not said what it declares: does it run?"));
            continue;
        };
        for (id, deeds) in &newcomer.about {
            check_deeds(&mut checked, fold, declared, (id, deeds));
        }
        let had_time = |(_, order): &(&OrderId, &OrderFold)| in_flight.had_time(order);
        for (id, order) in fold.orders.iter().filter(had_time) {
            for (moment, emits) in newcomer.owed(id, order) {
                let names: Vec<_> = emits.iter().map(|kind| kind.name()).collect();
                let text = format!("{service} owes {} for {}", names.join(" or "), moment.kind);
                checked.found(id, vec![moment.place()], text);
            }
        }
    }
    checked
}

fn check_deeds(
    checked: &mut Checked,
    fold: &Fold,
    declared: &Declared,
    (id, deeds): (&Id, &[Deed]),
) {
    let mut state = NONE;
    for deed in deeds {
        checked.examined += 1;
        match trigger_of(fold, &deed.cause) {
            Ok(trigger) => {
                let emits = declared.emits(state, &trigger).unwrap_or_default();
                if !emits.contains(&deed.kind) {
                    let text =
                        format!("{}: {trigger} does not lead to it in state {state}", deed.kind);
                    checked.found(id, vec![deed.place()], text);
                }
            }
            Err(wrong) => {
                checked.found(id, vec![deed.place()], format!("{}: {wrong}", deed.kind));
            }
        }
        state = declared.state_after(deed.kind).unwrap_or(state);
    }
}

/// As it is declared.
fn trigger_of(fold: &Fold, cause: &Cause) -> Result<String, String> {
    match cause {
        Cause::Event { service, sequence } => {
            let place = RowRef { service: *service, sequence: *sequence };
            let kind = fold.kind_at(place).map(|kind| kind.to_string());
            kind.ok_or_else(|| format!("its cause {place} is no event"))
        }
        Cause::Command(name) => Ok(format!("command {name}")),
        Cause::Timer(name) => Ok(format!("timer {name}")),
        Cause::Recovery => Err("a recovery has no other effect".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use contracts::{kind, service};
    use protocol::choreography::declared::DeclaredReaction;
    use protocol::{Chain, Headers, HistoryId, Kind, Service, Timestamp, Vector};

    use super::super::histories::{History, completed, differences, rejected};
    use super::*;
    use crate::fold::newcomer::NewcomerFold;

    const STAMPS: Service = Service::named("stamps");
    const PROMISED: Kind = Kind::named(STAMPS, "stamps.promised");
    const GIVEN: Kind = Kind::named(STAMPS, "stamps.given");

    fn declared() -> Declared {
        let on = |state: &str, on: Kind, emits| DeclaredReaction {
            states: vec![state.to_owned()],
            on: on.to_string(),
            emits: vec![emits],
        };
        Declared {
            decides: vec![service::ORDER],
            after: vec![(PROMISED, "promised".to_owned()), (GIVEN, "given".to_owned())],
            reactions: vec![
                on(NONE, kind::ORDER_PLACED, PROMISED),
                on("promised", kind::ORDER_COMPLETED, GIVEN),
            ],
        }
    }

    /// The history of one order, and what stamps made of it: each because of an event of ORDER.
    fn fold(history: &History, deeds: &[(Kind, Kind)]) -> Fold {
        let mut fold = Fold::default();
        let newcomer = NewcomerFold { declared: Some(declared()), ..NewcomerFold::default() };
        fold.newcomers.insert(STAMPS, newcomer);
        history.events().iter().for_each(|event| fold.take(event));
        let order = &fold.orders[&"o-1".parse::<OrderId>().unwrap()];
        let headers = |(nth, (kind, because)): (usize, &(Kind, Kind))| Headers {
            sequence: nth as u64 + 1,
            kind: *kind,
            version: 1,
            id: "o-1".parse().unwrap(),
            time: Timestamp::default(),
            cause: Cause::Event {
                service: service::ORDER,
                sequence: order.of(*because).first().map_or(999, |moment| moment.sequence),
            },
            vector: Vector::default(),
            history: HistoryId::from_bytes([7; 16]),
            traceparent: None,
            idempotency: None,
            seal: None,
        };
        let all: Vec<_> = deeds.iter().enumerate().map(headers).collect();
        all.iter().for_each(|headers| fold.take_beside(headers, Chain::START));
        fold
    }

    fn found(fold: &Fold) -> Vec<String> {
        differences(&check(fold, InFlight::IsAFinding))
    }

    #[test]
    fn what_follows_the_declaration_is_well() {
        let deeds = [(PROMISED, kind::ORDER_PLACED), (GIVEN, kind::ORDER_COMPLETED)];
        let checked = check(&fold(&completed(), &deeds), InFlight::IsAFinding);
        assert_eq!((checked.examined, differences(&checked)), (2, Vec::new()));
        let rejected = fold(&rejected(), &[(PROMISED, kind::ORDER_PLACED)]);
        assert_eq!(found(&rejected), Vec::<String>::new());
    }

    #[test]
    fn what_is_owed_is_found_once_all_had_time() {
        let fold = fold(&completed(), &[(PROMISED, kind::ORDER_PLACED)]);
        assert_eq!(found(&fold), ["stamps owes stamps.given for order.completed"]);
        assert_eq!(check(&fold, InFlight::IsFine).findings.len(), 0);
    }

    #[test]
    fn what_does_not_follow_from_its_cause_is_found() {
        let twice = [(PROMISED, kind::ORDER_PLACED), (PROMISED, kind::ORDER_PLACED)];
        let expected = "stamps.promised: order.placed does not lead to it in state promised";
        assert!(found(&fold(&completed(), &twice)).contains(&expected.to_owned()));
        let never = [(PROMISED, kind::ORDER_CANCELLED)];
        let expected = "stamps.promised: its cause ORDER/999 is no event";
        assert!(found(&fold(&completed(), &never)).contains(&expected.to_owned()));
    }

    #[test]
    fn of_who_has_not_declared_itself_nothing_can_be_said() {
        let mut fold = fold(&completed(), &[]);
        fold.newcomers.get_mut(&STAMPS).unwrap().declared = None;
        assert!(check(&fold, InFlight::IsAFinding).unknown.is_some());
    }
}
