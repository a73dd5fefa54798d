//! Any sequence of commands, against a map of products.

use std::collections::BTreeMap;

use contracts::Idempotency;
use proptest::prelude::*;

use super::*;

/// What a command must come to.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Accepted,
    Unchanged,
    Refused,
}

/// Every product's newest state, with its version.
#[derive(Default)]
struct Model {
    products: BTreeMap<Id, (u64, Product)>,
    events: u64,
}

impl Model {
    fn expect(&mut self, command: &Command) -> Expected {
        let (sku, next) = match command {
            Command::List { sku, details } | Command::Change { sku, details } => {
                (sku, Some(details).filter(|details| details.check(None).is_ok()))
            }
            Command::Discontinue { sku } => (sku, None),
        };
        let known = self.products.get(sku).map(|(_, product)| product.clone());
        let after = match (command, known, next) {
            (Command::List { .. }, None, Some(details)) => details.of(sku),
            (Command::Change { .. }, Some(known), Some(details)) if !known.discontinued => {
                if details.of(sku) == known {
                    return Expected::Unchanged;
                }
                details.of(sku)
            }
            (Command::Discontinue { .. }, Some(known), _) if known.discontinued => {
                return Expected::Unchanged;
            }
            (Command::Discontinue { .. }, Some(known), _) => {
                Product { discontinued: true, ..known }
            }
            _ => return Expected::Refused,
        };
        self.events += 1;
        self.products.insert(sku.clone(), (self.events, after));
        Expected::Accepted
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    let any_sku = prop::sample::select(vec!["p-1", "p-2", "p-3"]).prop_map(id);
    // One of the names is none.
    let any_details = prop::sample::select(vec!["Lantern", "Candle", ""]).prop_map(named);
    prop_oneof![
        (any_sku.clone(), any_details.clone())
            .prop_map(|(sku, details)| Command::List { sku, details }),
        (any_sku.clone(), any_details).prop_map(|(sku, details)| Command::Change { sku, details }),
        any_sku.prop_map(|sku| Command::Discontinue { sku }),
    ]
}

fn outcome(answer: &Answer<Refusal>) -> Expected {
    match answer {
        Answer::Accepted { .. } => Expected::Accepted,
        Answer::Unchanged => Expected::Unchanged,
        Answer::Refused(_) => Expected::Refused,
        Answer::KeyReused
        | Answer::PreconditionFailed(_)
        | Answer::TooLarge { .. }
        | Answer::Failed(_) => panic!("{answer:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn products_follow_a_plain_map_and_come_back_from_their_rows(
        commands in prop::collection::vec(any_command(), 0..40),
    ) {
        let (mut engine, mut model) = (started(), Model::default());
        for command in commands {
            let expected = model.expect(&command);
            prop_assert_eq!(outcome(&ask(&mut engine, command)), expected);
        }
        prop_assert_eq!(all(&engine), model.products.into_values().collect::<Vec<_>>());

        let mut restored = new_engine();
        restored.restore(&outbox(&engine)).unwrap();
        prop_assert_eq!(all(&restored), all(&engine));
    }

    #[test]
    fn what_was_accepted_once_is_answered_the_same_at_any_later_time(
        commands in prop::collection::vec(any_command(), 1..20),
    ) {
        let mut engine = started();
        let mut accepted = Vec::new();
        for (nth, command) in commands.into_iter().enumerate() {
            let idempotency =
                Idempotency { key: format!("k-{nth}").parse().unwrap(), request_hash: "h".into() };
            let request = Request { idempotency: Some(idempotency), ..Request::default() };
            let answer = answer(run(&mut engine, command.clone(), request.clone()));
            if let Answer::Accepted { event, .. } = answer {
                accepted.push((command, request, event));
            }
        }
        let (rows, products) = (outbox(&engine), all(&engine));
        for (command, request, first) in accepted {
            let answer = answer(run(&mut engine, command, request));
            let Answer::Accepted { event, repeated: true } = answer else {
                panic!("not repeated: {answer:?}")
            };
            prop_assert_eq!(event, first);
        }
        prop_assert_eq!((outbox(&engine), all(&engine)), (rows, products));
    }
}
