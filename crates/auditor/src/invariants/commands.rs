//! 8, what clients were told: a command that was answered `ok` has exactly one effect and, repeated,
//! the same answer; a refused one has none; of one without an answer there is one or none.
//!
//! All attempts with one key are judged together, since they are one command.

use std::collections::BTreeMap;

use contracts::service;
use protocol::{Cause, Service};
use serde_json::Value;

use super::{Checked, Invariant};
use crate::fold::stream::Effect;
use crate::fold::{Fold, RowRef};
use crate::journal::{Durability, Entry, Outcome};

/// All attempts of one command.
struct Command<'a> {
    service: Service,
    key: &'a str,
    attempts: Vec<&'a Entry>,
    effects: &'a [Effect],
    /// The last row that the journal can know.
    known: u64,
}

/// Compares what clients were told with what the streams say.
#[must_use]
pub fn check(fold: &Fold, journal: &[Entry]) -> Checked {
    check_up_to(fold, journal, |_| u64::MAX)
}

/// The same while clients go on: only effects up to these rows can be known to the journal. A command
/// that it says was refused may be sent again, and accepted, while the streams are read.
#[must_use]
pub fn check_up_to(fold: &Fold, journal: &[Entry], known: impl Fn(Service) -> u64) -> Checked {
    let mut checked = Checked::new(Invariant::Commands, "commands in the journal");
    if journal.is_empty() {
        return checked.unknown("the journal is empty");
    }
    let mut commands: BTreeMap<(Service, &str), Vec<&Entry>> = BTreeMap::new();
    for entry in journal {
        commands.entry((entry.service, &entry.key)).or_default().push(entry);
    }
    for ((service, key), attempts) in commands {
        checked.examined += 1;
        let stream = fold.streams.get(&service);
        let effects = stream.and_then(|stream| stream.keys.get(key)).map_or(&[][..], Vec::as_slice);
        let command = Command { service, key, attempts, effects, known: known(service) };
        command.check_effects(&mut checked, fold);
        command.check_content(&mut checked);
        command.check_answers(&mut checked);
        command.check_row(&mut checked, fold);
    }
    checked
}

impl Command<'_> {
    fn check_effects(&self, checked: &mut Checked, fold: &Fold) {
        let promised = self.accepted().any(|entry| entry.durability != Some(Durability::Local));
        match self.effects.len() {
            0 if promised && !self.changed_nothing(fold) => {
                self.found(checked, "it was answered as ok and had no effect");
            }
            0 => {}
            1 if self.was_refused() && self.effects[0].sequence <= self.known => {
                self.found(checked, "it was refused and had an effect");
            }
            1 => {}
            times => self.found(checked, format!("it had {times} effects")),
        }
    }

    fn was_refused(&self) -> bool {
        self.attempts.iter().all(|entry| entry.outcome == Outcome::Failed)
    }

    /// Whether an accepted command may have had nothing to change, as the streams tell it.
    fn changed_nothing(&self, fold: &Fold) -> bool {
        self.accepted().all(|entry| {
            let Some(id) = &entry.id else { return false };
            match (self.service, entry.command.as_str()) {
                (service::ORDER, "cancel") => fold
                    .orders
                    .get(id)
                    .is_some_and(|order| order.end() == Some(contracts::kind::ORDER_CANCELLED)),
                (service::CUSTOMER, "close") => {
                    newest(fold.customers.get(id)).is_some_and(|customer| customer.closed)
                }
                (service::PRODUCT, "discontinue") => {
                    newest(fold.products.get(id)).is_some_and(|product| product.discontinued)
                }
                (service::CUSTOMER, "change") => fold.customers.contains_key(id),
                (service::PRODUCT, "change") => fold.products.contains_key(id),
                _ => false,
            }
        })
    }

    fn check_content(&self, checked: &mut Checked) {
        for effect in self.effects {
            for entry in self.attempts.iter().filter(|entry| entry.outcome != Outcome::Failed) {
                if effect.cause != Cause::Command(entry.command.clone()) {
                    let text =
                        format!("the command was {}, its effect has another cause", entry.command);
                    self.found(checked, text);
                }
                if let Some(id) = entry.id.as_ref().filter(|id| **id != effect.id) {
                    let text = format!("it was about {id}, its effect is about {}", effect.id);
                    self.found(checked, text);
                }
            }
        }
    }

    fn check_answers(&self, checked: &mut Checked) {
        let Some(first) = self.kept().next() else { return };
        for entry in self.kept() {
            if entry.request != first.request {
                self.found(checked, "two different requests with this key were answered as ok");
            } else if entry.answer != first.answer {
                let text = format!(
                    "it was answered with {}, and when repeated with {}",
                    shown(first.answer.as_ref()),
                    shown(entry.answer.as_ref())
                );
                self.found(checked, text);
            }
        }
        let refused = self.attempts.iter().any(|entry| {
            entry.outcome == Outcome::Failed
                && entry.request == first.request
                && entry.attempt > first.attempt
        });
        if refused {
            self.found(checked, "it was answered as ok, and refused when repeated");
        }
    }

    /// A row that an answer names is one that the stream had acknowledged.
    fn check_row(&self, checked: &mut Checked, fold: &Fold) {
        let named = self.accepted().filter_map(|entry| entry.row).max();
        if let Some(row) = named.filter(|row| *row > fold.rows(self.service)) {
            let held = fold.rows(self.service);
            let text = format!("its answer names row {row}, the stream holds {held}");
            self.found(checked, text);
        }
        let effect = self.effects.first().map(|effect| effect.sequence);
        let replicated =
            self.accepted().find(|entry| entry.durability == Some(Durability::Replicated));
        if let (Some(effect), Some(row)) = (effect, replicated.and_then(|entry| entry.row))
            && effect > row
        {
            let text = format!("its answer was to wait for row {effect}, and names row {row}");
            self.found(checked, text);
        }
    }

    fn accepted(&self) -> impl Iterator<Item = &Entry> {
        self.attempts.iter().copied().filter(|entry| entry.outcome == Outcome::Ok)
    }

    /// The accepted ones that are more than local. What is kept in one place alone may be lost with
    /// that place, and is then asked for as if for the first time.
    fn kept(&self) -> impl Iterator<Item = &Entry> {
        self.accepted().filter(|entry| entry.durability != Some(Durability::Local))
    }

    fn found(&self, checked: &mut Checked, difference: impl Into<String>) {
        let about = self.attempts.iter().find_map(|entry| entry.id.as_ref());
        let about = about.map_or_else(|| self.service.to_string(), ToString::to_string);
        let place = |effect: &Effect| RowRef { service: self.service, sequence: effect.sequence };
        let rows = self.effects.iter().map(place).collect();
        let difference: String = difference.into();
        checked.found(about, rows, format!("the command with key {:?}: {difference}", self.key));
    }
}

fn newest<T>(versions: Option<&BTreeMap<u64, T>>) -> Option<&T> {
    versions?.values().next_back()
}

fn shown(answer: Option<&Value>) -> String {
    answer.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {

    use serde_json::json;

    use super::*;
    use crate::invariants::histories::{History, cancelled_before_all, completed, differences};
    use contracts::kind;

    fn entry(outcome: Outcome) -> Entry {
        Entry {
            service: service::ORDER,
            command: "place".into(),
            id: Some("o-1".parse().unwrap()),
            key: "k-1".into(),
            request: "{}".into(),
            attempt: 1,
            outcome,
            answer: None,
            durability: None,
            row: None,
        }
    }

    fn placed() -> History {
        completed().with_key("k-1", kind::ORDER_PLACED)
    }

    fn found(history: &History, journal: &[Entry]) -> Vec<String> {
        let checked = check(&history.fold(), journal);
        assert!(checked.examined > 0);
        let prefix = "the command with key \"k-1\": ";
        differences(&checked).iter().map(|text| text.replace(prefix, "")).collect()
    }

    fn nothing() -> Vec<String> {
        Vec::new()
    }

    #[test]
    fn one_effect_of_an_ok_one_and_none_of_a_refused_one_are_well() {
        assert_eq!(found(&placed(), &[entry(Outcome::Ok)]), nothing());
        assert_eq!(found(&completed(), &[entry(Outcome::Failed)]), nothing());
    }

    #[test]
    fn of_a_command_without_an_answer_one_effect_or_none_is_well_and_two_are_not() {
        assert_eq!(found(&placed(), &[entry(Outcome::Unknown)]), nothing());
        assert_eq!(found(&completed(), &[entry(Outcome::Unknown)]), nothing());
        let twice = placed().with_key("k-1", kind::ORDER_CONFIRMED);
        assert!(found(&twice, &[entry(Outcome::Unknown)])[0].contains("it had 2 effects"));
    }

    #[test]
    fn a_journal_of_nothing_shows_nothing() {
        assert!(check(&completed().fold(), &[]).unknown.is_some());
    }

    #[test]
    fn an_ok_one_that_is_lost_is_found() {
        let lost = found(&completed(), &[entry(Outcome::Ok)]);
        assert_eq!(lost, ["it was answered as ok and had no effect"]);
    }

    #[test]
    fn an_ok_one_that_was_kept_in_one_place_alone_may_be_lost() {
        let local = Entry { durability: Some(Durability::Local), ..entry(Outcome::Ok) };
        assert_eq!(found(&completed(), &[local]), nothing());
    }

    #[test]
    fn a_refused_one_with_an_effect_is_found() {
        let refused = found(&placed(), &[entry(Outcome::Failed)]);
        assert_eq!(refused, ["it was refused and had an effect"]);
        let then_accepted = [entry(Outcome::Failed), Entry { attempt: 2, ..entry(Outcome::Ok) }];
        assert_eq!(found(&placed(), &then_accepted), nothing());
    }

    #[test]
    fn a_refused_one_that_is_accepted_after_the_journal_was_read_is_well() {
        let found = |known| check_up_to(&placed().fold(), &[entry(Outcome::Failed)], |_| known);
        assert_eq!(differences(&found(0)), nothing());
        assert_eq!(differences(&found(1)).len(), 1);
    }

    #[test]
    fn another_answer_when_repeated_is_found() {
        let answered = |state: &str| Entry { answer: Some(json!(state)), ..entry(Outcome::Ok) };
        assert_eq!(found(&placed(), &[answered("placed"), answered("placed")]), nothing());
        let other = found(&placed(), &[answered("placed"), answered("completed")]);
        assert!(other[0].contains(r#"with "placed", and when repeated with "completed""#));
    }

    #[test]
    fn a_refusal_after_an_ok_is_found() {
        let again = Entry { attempt: 2, ..entry(Outcome::Failed) };
        let refused = found(&placed(), &[entry(Outcome::Ok), again.clone()]);
        assert_eq!(refused, ["it was answered as ok, and refused when repeated"]);
        let local = Entry { durability: Some(Durability::Local), ..entry(Outcome::Ok) };
        assert_eq!(
            found(&placed(), &[local, again.clone()]),
            nothing(),
            "it may be lost in between"
        );
        let other_body = Entry { request: "{1}".into(), ..again };
        assert_eq!(found(&placed(), &[entry(Outcome::Ok), other_body]), nothing());
    }

    #[test]
    fn an_effect_on_something_else_is_found() {
        let other = Entry { id: Some("o-2".parse().unwrap()), ..entry(Outcome::Ok) };
        assert_eq!(found(&placed(), &[other]), ["it was about o-2, its effect is about o-1"]);
    }

    #[test]
    fn an_ok_one_that_had_nothing_to_change_is_well_only_if_it_was_so() {
        let cancel = Entry { command: "cancel".into(), ..entry(Outcome::Ok) };
        assert_eq!(found(&cancelled_before_all(), std::slice::from_ref(&cancel)), nothing());
        assert_eq!(found(&completed(), &[cancel]), ["it was answered as ok and had no effect"]);
    }

    #[test]
    fn an_answer_that_names_a_row_that_the_stream_lacks_is_found() {
        let named = |row| Entry {
            row: Some(row),
            durability: Some(Durability::Replicated),
            ..entry(Outcome::Ok)
        };
        assert_eq!(found(&placed(), &[named(1)]), nothing());
        assert_eq!(found(&placed(), &[named(99)]), ["its answer names row 99, the stream holds 3"]);
        let early = found(&placed(), &[named(0)]);
        assert_eq!(early, ["its answer was to wait for row 1, and names row 0"]);
    }
}
