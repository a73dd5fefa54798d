//! 6, across streams: each position that an event names is a row that its stream holds, with that
//! chain, and a service never goes back.

use super::{Checked, Invariant};
use crate::fold::stream::Named;
use crate::fold::{Fold, RowRef};

pub(super) fn check(fold: &Fold) -> Checked {
    let mut checked = Checked::new(Invariant::Positions, "positions");
    for (service, stream) in &fold.streams {
        for named in &stream.named {
            checked.examined += 1;
            let by = RowRef { service: *service, sequence: named.by };
            check_named(&mut checked, fold, by, named);
        }
        for named in &stream.backwards {
            let by = RowRef { service: *service, sequence: named.by };
            let text = format!("it names {}, less than an event before it", place(named));
            checked.found(service, vec![by], text);
        }
    }
    checked
}

fn check_named(checked: &mut Checked, fold: &Fold, by: RowRef, named: &Named) {
    let (of, sequence) = (named.stream, named.position.sequence);
    let held = fold.streams.get(&of).and_then(|stream| stream.chain_at(sequence));
    let wrong = match held {
        Some(chain) if chain == named.position.chain => return,
        Some(_) => "tells another history",
        None => "is not in the stream",
    };
    let text = format!("it was decided after {}, which {wrong}", place(named));
    checked.found(by.service, vec![by, place(named)], text);
}

const fn place(named: &Named) -> RowRef {
    RowRef { service: named.stream, sequence: named.position.sequence }
}

#[cfg(test)]
mod tests {
    use protocol::{Chain, Position};

    use super::super::histories::{completed, differences};
    use super::*;
    use contracts::{kind, service};

    fn naming(position: Position) -> Vec<String> {
        let history = completed().naming(kind::INVENTORY_RESERVED, service::ORDER, position);
        differences(&check(&history.fold()))
    }

    #[test]
    fn positions_that_the_streams_hold_are_well() {
        let checked = check(&completed().fold());
        assert!(checked.examined > 0);
        assert_eq!(differences(&checked), Vec::<String>::new());
    }

    #[test]
    fn a_row_that_the_stream_does_not_hold_is_found() {
        let position = Position { sequence: 99, chain: Chain::START };
        assert!(naming(position)[0].contains("ORDER/99, which is not in the stream"));
    }

    #[test]
    fn a_row_of_another_history_is_found() {
        let position = Position { sequence: 1, chain: Chain::from_bytes(&[9; 16]).unwrap() };
        assert!(naming(position)[0].contains("ORDER/1, which tells another history"));
    }

    #[test]
    fn a_service_that_goes_back_is_found() {
        let position = Position { sequence: 99, chain: Chain::START };
        let found = naming(position);
        assert!(
            found.iter().any(|text| text.contains("less than an event before it")),
            "{found:?}"
        );
    }
}
