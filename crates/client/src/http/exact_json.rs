//! JSON whose whole numbers are read exactly. A sum over all orders can be wider than 64 bits, and
//! would be a float, and near the truth only, in any JSON value.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Any JSON. A whole number that does not fit 64 bits is its digits, as text.
///
/// # Errors
/// When it is no JSON.
pub fn value(bytes: &[u8]) -> serde_json::Result<Value> {
    of(serde_json::from_slice(bytes)?)
}

/// A whole number, wherever [`value`] has put it.
pub fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => {
            number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
        }
        Value::String(digits) => digits.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn of(raw: &RawValue) -> serde_json::Result<Value> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            let field = |(name, raw)| Ok((name, of(raw)?));
            fields
                .into_iter()
                .map(field)
                .collect::<serde_json::Result<Map<_, _>>>()
                .map(Value::Object)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            items.into_iter().map(of).collect::<serde_json::Result<_>>().map(Value::Array)
        }
        Some(b'-' | b'0'..=b'9') if is_wide(text) => Ok(Value::String(text.to_owned())),
        _ => serde_json::from_str(text),
    }
}

fn is_wide(number: &str) -> bool {
    let fits = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    !fits && number.parse::<i128>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_of_any_width_are_exact() {
        let three_orders = "27000000000000000000";
        let text = format!("{{\"a\":[{{\"minor\":{three_orders}}},-7,2.5,\"x\",null]}}");
        let seen = value(text.as_bytes()).unwrap();
        assert_eq!(seen, json!({ "a": [{ "minor": three_orders }, -7, 2.5, "x", null] }));
        assert_eq!(integer(&seen["a"][0]["minor"]), Some(27_000_000_000_000_000_000));
        assert_eq!((integer(&seen["a"][1]), integer(&seen["a"][2])), (Some(-7), None));
        assert_eq!(integer(&json!(u64::MAX)), Some(i128::from(u64::MAX)));
        assert!(value(b"{\"a\":}").is_err());
    }
}
