//! The part of a JSON answer that somebody expects something of: an answer may always say more, but
//! a list has as many items as are expected.

use serde_json::{Map, Value};

/// Of what was seen, only the members that are expected. What is missing is null.
pub fn of(seen: &Value, expected: &Value) -> Value {
    if let (Value::Array(seen), Value::Array(expected)) = (seen, expected)
        && seen.len() == expected.len()
    {
        return seen.iter().zip(expected).map(|(seen, expected)| of(seen, expected)).collect();
    }
    let (Value::Object(seen), Value::Object(expected)) = (seen, expected) else {
        return seen.clone();
    };
    let part = |(name, value): (&String, &Value)| {
        let found = seen.get(name).unwrap_or(&Value::Null);
        (name.clone(), of(found, value))
    };
    Value::Object(expected.iter().map(part).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn more_than_is_expected_is_no_difference_and_less_is() {
        let expected = json!({ "a": { "b": 1 } });
        let more = json!({ "a": { "b": 1, "c": 2 }, "d": 3 });
        assert_eq!(of(&more, &expected), expected);
        assert_ne!(of(&json!({ "a": {} }), &expected), expected);
        let expected = json!([{ "a": 1 }]);
        assert_eq!(of(&json!([{ "a": 1, "b": 2 }]), &expected), expected);
        assert_ne!(of(&json!([{ "a": 1 }, { "a": 1 }]), &expected), expected);
    }
}
