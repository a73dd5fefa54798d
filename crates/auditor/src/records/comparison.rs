//! Compares what a generation holds, page by page, with what it has to hold.
//!
//! Each page is compared at its own position. What was there when the comparison began, is still to be
//! there in the end, and stood on no page, is missing; what came meanwhile may have been passed over.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash as _, Hasher as _};

use super::page::Page;
use super::rules::PARKED;
use super::{Parked, Records};
use crate::invariants::{Checked, Invariant};

/// Differences that are told of one family: one cause makes many of them.
const DIFFERENCES_MAX: usize = 10;

/// Letters that are shown of two texts around the place where they differ.
const SHOWN: usize = 60;

/// A comparison under way.
#[derive(Debug)]
pub struct Comparison {
    checked: Checked,
    /// What has not stood on a page yet, by [`mark`]: names would take many times as much.
    unseen: HashSet<u64>,
    in_all: u64,
    differences: BTreeMap<String, usize>,
}

impl Comparison {
    /// Begins, where the first page stands.
    #[must_use]
    pub fn begin(records: &Records) -> Self {
        let entries = records.entries().map(|(index, member, _)| mark(&index, &member));
        let parked = records.parked.keys().map(|name| mark(PARKED, name));
        let names = records.names().map(|name| mark("", &name));
        let unseen: HashSet<_> = names.chain(entries).chain(parked).collect();
        let checked = Checked::new(Invariant::Records, "records and entries");
        Self { checked, in_all: unseen.len() as u64, unseen, differences: BTreeMap::new() }
    }

    /// How much there was to compare when it began.
    #[must_use]
    pub const fn in_all(&self) -> u64 {
        self.in_all
    }

    /// Takes the next page. The records must stand exactly where it does.
    pub fn take(&mut self, records: &Records, page: &Page) {
        for expected in records.standings.values() {
            let held = page.positions.iter().find(|held| held.stream == expected.stream);
            if held != Some(expected) {
                let text = format!("it says {held:?}, it must say {expected:?}");
                self.found("position", &expected.stream, text);
            }
        }
        for (name, held) in &page.records {
            self.unseen.remove(&mark("", name));
            self.checked.examined += 1;
            if let Some(text) = records.difference(name, held) {
                self.found(family_of(name), name, text);
            }
        }
        for (index, member, held) in &page.entries {
            self.unseen.remove(&mark(index, member));
            self.checked.examined += 1;
            if let Some(text) = records.difference_of_entry(index, member, held) {
                self.found(index, &format!("{member} in {index}"), text);
            }
        }
    }

    /// What was found, where the last page stands.
    #[must_use]
    pub fn finish(mut self, records: &Records) -> Checked {
        let unseen = std::mem::take(&mut self.unseen);
        let is_missing = |index: &str, member: &str| unseen.contains(&mark(index, member));
        for name in records.names().filter(|name| is_missing("", name)) {
            self.found_missing(family_of(&name), &name);
        }
        let parked = records.parked.keys().map(|name| (PARKED.to_owned(), name.clone()));
        let entries = records.entries().map(|(index, member, _)| (index, member)).chain(parked);
        for (index, member) in entries.filter(|(index, member)| is_missing(index, member)) {
            self.found_missing(&index, &format!("{member} in {index}"));
        }
        for (family, count) in std::mem::take(&mut self.differences) {
            if let Some(more @ 1..) = count.checked_sub(DIFFERENCES_MAX) {
                self.checked.found(family, Vec::new(), format!("and {more} more of its records"));
            }
        }
        self.checked
    }

    fn found_missing(&mut self, family: &str, name: &str) {
        self.checked.examined += 1;
        self.found(family, name, "it is missing".to_owned());
    }

    fn found(&mut self, family: &str, name: &str, text: String) {
        let count = self.differences.entry(family.to_owned()).or_default();
        *count += 1;
        if *count <= DIFFERENCES_MAX {
            self.checked.found(name, Vec::new(), text);
        }
    }
}

impl Records {
    /// What is different in a record, as it is held.
    fn difference(&self, name: &str, held: &str) -> Option<String> {
        let Some((family, _, expected)) = self.find(name) else {
            return Some(format!("nothing in the streams makes it: {}", beginning(held)));
        };
        if held == expected {
            return None;
        }
        match family.respell(held) {
            Ok(held) if held == expected => None,
            Ok(held) => Some(apart(&held, &expected)),
            Err(error) => Some(format!("it cannot be read: {error}")),
        }
    }

    /// What is different in an entry of an index, or in a parked event.
    fn difference_of_entry(&self, index: &str, member: &str, held: &str) -> Option<String> {
        if index == PARKED {
            let held = serde_json::from_str::<Parked>(held).ok();
            let is_same = held.is_some() && held.as_ref() == self.parked.get(member);
            return (!is_same).then(|| "it is no event that had to be parked".to_owned());
        }
        match self.score(index, member) {
            Some(score) if score == held => None,
            Some(score) => Some(format!("its score is {held}, it must be {score}")),
            None => Some("nothing in the streams puts it there".to_owned()),
        }
    }
}

/// What the name of a record begins with.
fn family_of(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(family, _)| family)
}

/// One of many names, told apart from all others but by the rarest chance.
fn mark(index: &str, member: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (index, member).hash(&mut hasher);
    hasher.finish()
}

/// The place where two texts differ, in both of them.
fn apart(held: &str, expected: &str) -> String {
    let same = held.chars().zip(expected.chars()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| -> String {
        text.chars().skip(same.saturating_sub(SHOWN / 2)).take(SHOWN).collect()
    };
    format!("it has …{}…, it must have …{}…", around(held), around(expected))
}

fn beginning(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::histories::completed;

    /// A page of everything that has to be there.
    fn whole(records: &Records) -> Page {
        let text = |name: String| records.find(&name).map(|(_, _, text)| (name.clone(), text));
        Page {
            generation: "v0-1".to_owned(),
            positions: records.standings.values().cloned().collect(),
            records: records.names().filter_map(text).collect(),
            entries: records.entries().collect(),
            large: Vec::new(),
            next: None,
        }
    }

    fn found(change: impl FnOnce(&mut Page)) -> Vec<String> {
        let records = completed().records();
        let mut page = whole(&records);
        change(&mut page);
        let mut comparison = Comparison::begin(&records);
        comparison.take(&records, &page);
        let checked = comparison.finish(&records);
        assert!(checked.examined > 30, "{checked:?}");
        checked.findings.iter().map(ToString::to_string).collect()
    }

    fn edit(page: &mut Page, name: &str, from: &str, to: &str) {
        let text = page.records.get_mut(name).unwrap();
        assert!(text.contains(from), "{text}");
        *text = text.replace(from, to);
    }

    #[test]
    fn what_is_as_it_must_be_is_well_however_it_is_spelled() {
        assert_eq!(found(|_| {}), Vec::<String>::new());
        let spaced = |page: &mut Page| edit(page, "totals:ORDER", ":", " : ");
        assert_eq!(found(spaced), Vec::<String>::new());
    }

    #[test]
    fn another_amount_is_found_and_shown() {
        let raised = found(|page| edit(page, "order:PAYMENT:o-1", "2000", "2001"));
        assert_eq!(raised.len(), 1);
        let finding = &raised[0];
        assert!(finding.starts_with("7: order:PAYMENT:o-1: it has …"), "{finding}");
        assert!(finding.contains("2001") && finding.contains("2000"), "{finding}");
    }

    #[test]
    fn a_sum_beyond_64_bits_is_compared_to_the_last_digit() {
        let huge = "27670116110564327421";
        let off = found(|page| edit(page, "totals:ORDER", "2000", huge));
        assert!(off[0].contains(huge), "{off:?}");
        let sums: super::super::sold::Sums =
            serde_json::from_str(r#"{"GBP":27670116110564327421}"#).unwrap();
        assert_eq!(serde_json::to_string(&sums).unwrap(), format!(r#"{{"GBP":{huge}}}"#));
    }

    #[test]
    fn what_is_missing_or_too_much_is_found() {
        let missing = found(|page| drop(page.records.remove("day:ORDER:2026-01-31")));
        assert_eq!(missing, ["7: day:ORDER:2026-01-31: it is missing"]);
        let more = found(|page| drop(page.records.insert("order:ORDER:o-9".into(), "{}".into())));
        assert_eq!(more, ["7: order:ORDER:o-9: nothing in the streams makes it: {}"]);
        let entry = found(|page| drop(page.entries.pop()));
        assert_eq!(entry.len(), 1);
    }

    #[test]
    fn many_differences_of_one_family_are_told_in_a_few_findings() {
        let many = found(|page| {
            let other = |nth: u32| (format!("order:ORDER:x-{nth}"), String::new());
            page.records.extend((0..50).map(other));
        });
        assert_eq!(many.len(), DIFFERENCES_MAX + 1);
        assert!(many[DIFFERENCES_MAX].contains("and 40 more"), "{many:?}");
    }
}
