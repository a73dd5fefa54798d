//! Whether two texts are the same JSON, to the last digit of every number.
//!
//! A [`serde_json::Value`] reads what is wider than 64 bits as a float, and so takes two sums that differ
//! for one. The order of an object's members and the spaces between them say nothing.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Whether they are the same.
pub(super) fn same(one: &RawValue, other: &RawValue) -> bool {
    if one.get() == other.get() {
        return true;
    }
    if let (Some(one), Some(other)) = (members(one), members(other)) {
        return one.len() == other.len()
            && one.iter().zip(&other).all(|((a, one), (b, other))| a == b && same(one, other));
    }
    if let (Some(one), Some(other)) = (items(one), items(other)) {
        return one.len() == other.len()
            && one.iter().zip(&other).all(|(one, other)| same(one, other));
    }
    let texts = [one, other].map(|plain| serde_json::from_str::<String>(plain.get()).ok());
    texts[0].is_some() && texts[0] == texts[1]
}

fn members(json: &RawValue) -> Option<BTreeMap<String, Box<RawValue>>> {
    serde_json::from_str(json.get()).ok()
}

fn items(json: &RawValue) -> Option<Vec<Box<RawValue>>> {
    serde_json::from_str(json.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_same(one: &str, other: &str) -> bool {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        same(&raw(one), &raw(other))
    }

    #[test]
    fn numbers_that_no_float_tells_apart_differ() {
        let sums = ["{\"minor\":27000000000000000000}", "{\"minor\":27000000000000000001}"];
        assert!(!are_same(sums[0], sums[1]));
        assert!(are_same(sums[0], sums[0]));
    }

    #[test]
    fn spaces_escapes_and_the_order_of_members_say_nothing() {
        assert!(are_same(
            r#"{"a": [1, {"b": "\u00e9"}], "c": null}"#,
            r#"{"c":null,"a":[1,{"b":"é"}]}"#
        ));
        for other in ["[1,2,3]", "[2,1]", "[1]", "{}", "null", "\"1\""] {
            assert!(!are_same("[1,2]", other), "{other}");
        }
    }
}
