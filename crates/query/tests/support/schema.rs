//! Holds answers against the schemas of the OpenAPI document: as much of JSON Schema as these use. A
//! keyword that it does not know fails the test, so that no promise is passed over.

use protocol::Timestamp;
use serde_json::{Map, Value};

/// Checks a JSON answer with status 200 of `GET template`.
pub(crate) fn check(document: &Value, template: &str, body: &Value) {
    let schema = &document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    assert!(schema.is_object(), "{template} is not described");
    Checker { document }.check(schema, body, template);
}

struct Checker<'a> {
    document: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, place: &str) {
        let faults = self.faults(schema, value, place);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    fn faults(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let Some(schema) = schema.as_object() else {
            return if *schema == Value::Bool(false) { vec![place.to_owned()] } else { Vec::new() };
        };
        let faults = schema
            .iter()
            .flat_map(|(keyword, means)| self.faults_by(keyword, means, schema, value, place));
        faults.collect()
    }

    fn faults_by(
        &self,
        keyword: &str,
        means: &Value,
        schema: &Map<String, Value>,
        value: &Value,
        place: &str,
    ) -> Vec<String> {
        let ok = match keyword {
            "description" | "title" | "examples" | "default" | "additionalProperties" => true,
            "$ref" => {
                let pointer = means.as_str().unwrap().trim_start_matches('#');
                return self.faults(self.document.pointer(pointer).unwrap(), value, place);
            }
            "properties" => return self.faults_of_members(schema, value, place),
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                let faults = |(nth, item)| self.faults(means, item, &format!("{place}/{nth}"));
                return items.flat_map(faults).collect();
            }
            "allOf" => {
                let all = means.as_array().unwrap().iter();
                return all.flat_map(|schema| self.faults(schema, value, place)).collect();
            }
            "anyOf" | "oneOf" => {
                let mut any = means.as_array().unwrap().iter();
                any.any(|schema| self.faults(schema, value, place).is_empty())
            }
            "type" => is_of_type(means, value),
            "enum" => means.as_array().unwrap().contains(value),
            "const" => means == value,
            "required" => {
                let mut names = means.as_array().unwrap().iter().filter_map(Value::as_str);
                names.all(|name| value.get(name).is_some())
            }
            "minimum" => value.as_f64().is_none_or(|value| value >= means.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|value| value <= means.as_f64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| matches(means.as_str().unwrap(), text)),
            "format" => is_of_format(means.as_str().unwrap(), value),
            other => panic!("{place}: the keyword {other} is not known"),
        };
        if ok { Vec::new() } else { vec![format!("{place}: {value} is not {keyword} {means}")] }
    }

    /// Members that are not described are faults, too, unless others are allowed.
    fn faults_of_members(
        &self,
        schema: &Map<String, Value>,
        value: &Value,
        place: &str,
    ) -> Vec<String> {
        let described = schema["properties"].as_object().unwrap();
        let others = schema.get("additionalProperties").unwrap_or(&Value::Bool(false));
        let members = value.as_object().into_iter().flatten();
        let faults = |(name, member): (&String, &Value)| {
            let schema = described.get(name).unwrap_or(others);
            self.faults(schema, member, &format!("{place}/{name}"))
        };
        members.flat_map(faults).collect()
    }
}

fn is_of_type(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        // What is wider than 64 bits is a float here.
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        other => panic!("the type {other} is not known"),
    };
    types.as_array().map_or_else(|| is(types), |types| types.iter().any(is))
}

fn is_of_format(format: &str, value: &Value) -> bool {
    match format {
        "date-time" => value.as_str().is_none_or(|text| text.parse::<Timestamp>().is_ok()),
        "int64" => value.as_f64().is_none_or(|_| value.is_i64()),
        "uint64" => value.as_f64().is_none_or(|_| value.is_u64()),
        "uint" | "uint32" | "int128" => true,
        other => panic!("the format {other} is not known"),
    }
}

/// The patterns that the document has.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[A-Z]{3}$" => text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
        id if id.starts_with("^[A-Za-z0-9_-]{1,") => text.parse::<protocol::Id>().is_ok(),
        "^[a-z][a-z0-9-]*\\.[A-Za-z0-9_-]+$" => text.parse::<protocol::Kind>().is_ok(),
        "^[a-z][a-z0-9-]{0,22}$" => text.parse::<protocol::Service>().is_ok(),
        other => panic!("the pattern {other} is not known"),
    }
}
