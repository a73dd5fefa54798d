//! The fields of a payload by their paths, as its JSON Schema tells them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::What;
use super::contract::at;

/// How deep a payload is looked into: twice what any event has. A type that holds itself ends here.
const DEPTH_MAX: usize = 16;

/// What a value may be but its type.
const RULES: [&str; 8] =
    ["format", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"];

/// Every field, by its path: `customer.address.country`, `lines[].sku`. The payload itself has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, Field>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Field {
    /// Whether whatever holds it must have it.
    is_mandatory: bool,
    /// The types that it may have.
    types: BTreeSet<String>,
    rules: BTreeMap<&'static str, String>,
    /// Its only values, where these are listed.
    values: BTreeSet<String>,
    /// Whether it accepts no field that is unknown.
    is_closed: bool,
}

impl Fields {
    /// The fields of a payload of that schema.
    pub(super) fn of(document: &Value, schema: &Value) -> Self {
        let mut fields = Self::default();
        fields.add(document, "", schema, true, 0);
        fields
    }

    fn add(&mut self, document: &Value, path: &str, schema: &Value, mandatory: bool, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        let mut schemas = Vec::new();
        flatten(document, schema, &mut schemas, depth);
        let mut field = Field { is_mandatory: mandatory, ..Field::default() };
        for schema in &schemas {
            field.take(schema);
        }
        self.0.insert(path.to_owned(), field);
        for schema in schemas {
            let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
            for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let mandatory = required.iter().any(|required| required == name.as_str());
                self.add(document, &path, inner, mandatory, depth + 1);
            }
            if schema["items"].is_object() {
                self.add(document, &format!("{path}[]"), &schema["items"], true, depth + 1);
            }
        }
    }

    /// What holds the field of this path; none for the payload itself.
    fn holder(&self, path: &str) -> Option<&Field> {
        self.0.get(holder(path)?)
    }
}

/// All that a schema is put together from, without the references.
fn flatten<'a>(document: &'a Value, schema: &'a Value, all: &mut Vec<&'a Value>, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    all.push(schema);
    if let Some(other) = at(document, schema) {
        flatten(document, other, all, depth + 1);
    }
    for list in ["allOf", "anyOf", "oneOf"] {
        for part in schema[list].as_array().into_iter().flatten() {
            flatten(document, part, all, depth + 1);
        }
    }
}

fn holder(path: &str) -> Option<&str> {
    let at_dot = path.rfind('.');
    let at_list = path.strip_suffix("[]").map(str::len);
    match (at_list.or(at_dot), path) {
        (Some(at), _) => Some(&path[..at]),
        (None, "") => None,
        (None, _) => Some(""),
    }
}

impl Field {
    fn take(&mut self, schema: &Value) {
        match &schema["type"] {
            Value::String(one) => {
                self.types.insert(one.clone());
            }
            Value::Array(all) => {
                self.types.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
        for rule in RULES {
            if let Some(value) = schema.get(rule) {
                self.rules.insert(rule, value.to_string());
            }
        }
        let listed = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
        self.values.extend(listed.map(|value| value.to_string().replace('"', "")));
        self.is_closed |= schema["additionalProperties"] == Value::Bool(false);
    }

    /// What it is, for people.
    fn described(&self) -> String {
        let types: Vec<_> = self.types.iter().map(String::as_str).collect();
        let types = if types.is_empty() { "anything".to_owned() } else { types.join(" or ") };
        let rules = self.rules.iter().map(|(rule, value)| format!(", {rule} {value}"));
        types + &rules.collect::<String>()
    }
}

/// What changed from one to the other. Where something came or went as a whole, what it holds did, too, and
/// is not named.
pub(super) fn compare(old: &Fields, new: &Fields) -> Vec<What> {
    let mut changes = Vec::new();
    for (path, before) in &old.0 {
        match new.0.get(path) {
            Some(after) => changes.extend(compare_field(path, before, after)),
            None if new.holder(path).is_some() => {
                let named = path.clone();
                changes.push(if before.is_mandatory {
                    What::FieldRemoved(named)
                } else {
                    What::OptionalFieldRemoved(named)
                });
            }
            None => {}
        }
    }
    for (path, field) in new.0.iter().filter(|(path, _)| !old.0.contains_key(*path)) {
        let Some(holder) = old.holder(path) else { continue };
        let named = path.clone();
        changes.push(match (field.is_mandatory, holder.is_closed) {
            (true, _) => What::MandatoryFieldAdded(named),
            (false, true) => What::FieldAddedToClosed(named),
            (false, false) => What::FieldAdded(named),
        });
    }
    changes
}

fn compare_field(path: &str, before: &Field, after: &Field) -> Vec<What> {
    let named = || if path.is_empty() { "the payload".to_owned() } else { path.to_owned() };
    let mut changes = Vec::new();
    match (before.is_mandatory, after.is_mandatory) {
        (false, true) => changes.push(What::FieldMadeMandatory(named())),
        (true, false) => changes.push(What::FieldMadeOptional(named())),
        (true, true) | (false, false) => {}
    }
    let is_listed = (!before.values.is_empty(), !after.values.is_empty());
    let (from, to) = (before.described(), after.described());
    if from != to || is_listed == (true, false) {
        changes.push(What::TypeChanged(named(), from, to));
    }
    if is_listed == (true, true) {
        let missing = |one: &Field, other: &Field| -> Vec<String> {
            one.values.difference(&other.values).cloned().collect()
        };
        let (removed, added) = (missing(before, after), missing(after, before));
        changes.extend((!removed.is_empty()).then(|| What::ValuesRemoved(named(), removed)));
        changes.extend((!added.is_empty()).then(|| What::ValuesAdded(named(), added)));
    }
    if is_listed == (false, true) {
        changes.push(What::ValuesRemoved(named(), vec!["anything else".to_owned()]));
    }
    changes
}
