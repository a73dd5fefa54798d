//! 8: each accepted command with an idempotency key had one effect.

use super::{Checked, Invariant};
use crate::fold::stream::Effect;
use crate::fold::{Fold, RowRef};

pub(super) fn check(fold: &Fold) -> Checked {
    let mut checked = Checked::new(Invariant::Keys, "idempotency keys");
    for (service, stream) in &fold.streams {
        for (key, effects) in &stream.keys {
            checked.examined += 1;
            if effects.len() > 1 {
                let place =
                    |effect: &Effect| RowRef { service: *service, sequence: effect.sequence };
                let text = format!("the key {key:?} had {} effects", effects.len());
                checked.found(service, effects.iter().map(place).collect(), text);
            }
        }
    }
    checked
}

#[cfg(test)]
mod tests {

    use super::super::histories::{completed, differences};
    use super::*;
    use contracts::kind;

    #[test]
    fn a_key_with_one_effect_is_well() {
        let checked = check(&completed().with_key("k-1", kind::ORDER_PLACED).fold());
        assert_eq!((checked.examined, checked.findings.len()), (1, 0));
    }

    #[test]
    fn a_key_with_two_effects_is_found() {
        let history = completed().with_key("k-1", kind::ORDER_PLACED);
        let checked = check(&history.with_key("k-1", kind::ORDER_CONFIRMED).fold());
        assert_eq!(differences(&checked), [r#"the key "k-1" had 2 effects"#]);
        assert_eq!(checked.findings[0].events.len(), 2);
    }
}
