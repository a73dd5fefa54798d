//! The headers of responses, described once and named where they come.

use serde_json::{Map, Value, json};

use super::Operation;

/// Name, description and an example of each.
const ALL: [(&str, &str, &str); 9] = [
    ("ETag", "What this state is called; for If-None-Match, and for If-Match of a change", "\"7\""),
    (
        "Link",
        "The next page, as rel=\"next\"; none on the last",
        "</orders?limit=2&cursor=62>; rel=\"next\"",
    ),
    ("Location", "Where what was created can be read", "/orders/o-1"),
    (
        "Murmur-Token",
        "What the answer has seen; sent along, a later read waits until it has seen as much",
        "ORDER=7",
    ),
    (
        "Murmur-Durability",
        "Where the change is kept: replicated is in two places, local in one",
        "replicated",
    ),
    (
        "Idempotency-Replayed",
        "true if this repeats the answer to an earlier request of the same key",
        "true",
    ),
    ("Retry-After", "After how many seconds asking again makes sense", "1"),
    ("WWW-Authenticate", "How to say who one is", "Bearer realm=\"murmur\""),
    ("Vary", "By which headers of the request the answer differs", "accept-encoding"),
];

/// All of them, by name.
pub(super) fn components() -> Value {
    let one = |(name, description, example): (&str, &str, &str)| {
        let schema = json!({ "type": "string" });
        let described = json!({ "description": description, "schema": schema, "example": example });
        (name.to_owned(), described)
    };
    Value::Object(ALL.into_iter().map(one).collect())
}

/// Those of one operation's responses with one status.
pub(super) fn of(operation: &Operation, status: u16) -> Map<String, Value> {
    let is_read = operation.method == "get";
    let takes = |name: &str| operation.parameters.iter().any(|parameter| parameter.name == name);
    let is_command = takes("Idempotency-Key");
    let names: &[&str] = match status {
        200 if is_read && takes("cursor") => &["ETag", "Vary", "Link"],
        200 if is_read => &["ETag", "Vary"],
        200 | 201 if is_command => &["Murmur-Token", "Murmur-Durability", "Idempotency-Replayed"],
        401 => &["WWW-Authenticate"],
        503 => &["Retry-After"],
        _ => &[],
    };
    let reference = |name: &&str| {
        ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
    };
    let mut all: Map<String, Value> = names.iter().map(reference).collect();
    if status == 201 && is_command && !operation.path.contains('{') {
        all.extend([reference(&"Location")]);
    }
    all
}
