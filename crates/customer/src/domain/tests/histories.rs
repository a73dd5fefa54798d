//! Any sequence of commands, against a map of customers.

use std::collections::BTreeMap;

use proptest::prelude::*;
use protocol::Idempotency;

use super::*;

/// What a command must come to.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Accepted,
    Unchanged,
    Refused,
}

/// Every customer's newest state, with its version.
#[derive(Default)]
struct Model {
    customers: BTreeMap<Id, (u64, Customer)>,
    events: u64,
}

impl Model {
    fn expect(&mut self, command: &Command) -> Expected {
        let (id, next) = match command {
            Command::Create { id, details } | Command::Change { id, details } => {
                (id, Some(details).filter(|details| Customers::check(details, None).is_ok()))
            }
            Command::End { id } => (id, None),
        };
        let known = self.customers.get(id).map(|(_, customer)| customer.clone());
        let after = match (command, known, next) {
            (Command::Create { .. }, None, Some(details)) => Customers::with(id, details),
            (Command::Change { .. }, Some(known), Some(details)) if !known.closed => {
                if Customers::with(id, details) == known {
                    return Expected::Unchanged;
                }
                Customers::with(id, details)
            }
            (Command::End { .. }, Some(known), _) if known.closed => return Expected::Unchanged,
            (Command::End { .. }, Some(known), _) => Customer { closed: true, ..known },
            _ => return Expected::Refused,
        };
        self.events += 1;
        self.customers.insert(id.clone(), (self.events, after));
        Expected::Accepted
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    let any_id = prop::sample::select(vec!["c-1", "c-2", "c-3"]).prop_map(id);
    // One of the names is none.
    let any_details = prop::sample::select(vec!["Ada", "Grace", ""]).prop_map(named);
    prop_oneof![
        (any_id.clone(), any_details.clone())
            .prop_map(|(id, details)| Command::Create { id, details }),
        (any_id.clone(), any_details).prop_map(|(id, details)| Command::Change { id, details }),
        any_id.prop_map(|id| Command::End { id }),
    ]
}

fn outcome(answer: &Answer<Refusal, Event>) -> Expected {
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
    fn customers_follow_a_plain_map_and_come_back_from_their_rows(
        commands in prop::collection::vec(any_command(), 0..40),
    ) {
        let (mut engine, mut model) = (started(), Model::default());
        for command in commands {
            let expected = model.expect(&command);
            prop_assert_eq!(outcome(&ask(&mut engine, command)), expected);
        }
        prop_assert_eq!(all(&engine), model.customers.into_values().collect::<Vec<_>>());

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
        let (rows, customers) = (outbox(&engine), all(&engine));
        for (command, request, first) in accepted {
            let answer = answer(run(&mut engine, command, request));
            let Answer::Accepted { event, repeated: true } = answer else {
                panic!("not repeated: {answer:?}")
            };
            prop_assert_eq!(event, first);
        }
        prop_assert_eq!((outbox(&engine), all(&engine)), (rows, customers));
    }
}
