use contracts::choreography::MURMURATION;
use serde_json::json;

use super::*;
use crate::asyncapi;

/// A contract of one event of order's, which inventory reacts to, in versions of these payloads: the first is
/// the one that is written.
fn contract(payloads: &[(u16, Value)]) -> Value {
    let (mut messages, mut schemas) = (json!({}), json!({}));
    let mut of_channel = json!({});
    for (nth, (version, payload)) in payloads.iter().enumerate() {
        let name = match nth {
            0 => "order.placed".to_owned(),
            _ => format!("order.placed.v{version}"),
        };
        messages[&name] = json!({
            "name": format!("order.placed.v{version}"),
            "payload": { "$ref": format!("#/components/schemas/Placed{version}") },
        });
        schemas[format!("Placed{version}")] = payload.clone();
        of_channel[&name] = json!({ "$ref": format!("#/components/messages/{name}") });
    }
    schemas["Address"] = json!({
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
    });
    schemas["Money"] = json!({
        "type": "object", "additionalProperties": false,
        "properties": { "minor": { "type": "integer", "format": "int64" } }, "required": ["minor"],
    });
    json!({
        "channels": { "order.placed": { "messages": of_channel } },
        "operations": { "inventory.receives.order.placed": {
            "action": "receive", "channel": { "$ref": "#/channels/order.placed" },
            "tags": [{ "name": "inventory" }],
        } },
        "components": { "messages": messages, "schemas": schemas },
    })
}

fn payload() -> Value {
    json!({
        "type": "object",
        "properties": {
            "order_id": { "type": "string" },
            "note": { "type": "string" },
            "reason": { "oneOf": [
                { "type": "string", "const": "asked" }, { "type": "string", "const": "late" },
            ] },
            "address": { "allOf": [{ "$ref": "#/components/schemas/Address" }] },
            "total": { "$ref": "#/components/schemas/Money" },
            "lines": { "type": "array", "items": { "type": "integer", "format": "uint32" } },
        },
        "required": ["order_id", "reason", "address", "total", "lines"],
    })
}

/// The one change between two contracts: what it does, to whom, and what it is.
fn only(old: &Value, new: &Value) -> (Impact, String, String) {
    let changes = changes(old, new).unwrap();
    let [Change { event, what, impact, whom }] = &changes[..] else { panic!("{changes:#?}") };
    assert!(event.starts_with("order."), "{event}");
    let whom: Vec<_> = whom.iter().map(String::as_str).collect();
    (*impact, whom.join(" "), what.to_string())
}

/// What an edit of the payload of version 1 does.
fn edited(edit: impl Fn(&mut Value)) -> (Impact, String, String) {
    let mut after = payload();
    edit(&mut after);
    only(&contract(&[(1, payload())]), &contract(&[(1, after)]))
}

fn expect(found: (Impact, String, String), impact: Impact, whom: &str, what: &str) {
    assert_eq!((found.0, found.1.as_str()), (impact, whom), "{}", found.2);
    assert!(found.2.starts_with(what), "{}", found.2);
}

fn is_required(payload: &mut Value, field: &str) -> bool {
    payload["required"].as_array().unwrap().iter().any(|name| name == field)
}

fn require(payload: &mut Value, field: &str) {
    payload["required"].as_array_mut().unwrap().push(json!(field));
}

fn forget(payload: &mut Value, field: &str) {
    payload["required"].as_array_mut().unwrap().retain(|name| name != field);
}

#[test]
fn a_contract_that_is_as_it_was_has_no_changes() {
    let document = asyncapi::document(&MURMURATION);
    assert_eq!(changes(&document, &document).unwrap(), []);
}

#[test]
fn a_field_that_was_removed_breaks_its_readers_if_it_had_to_be_there() {
    let found = edited(|payload| {
        payload["properties"].as_object_mut().unwrap().remove("address");
        forget(payload, "address");
    });
    // What it held went with it: that is one change.
    expect(found, Impact::Breaks, "inventory", "address was removed, and was mandatory");
    let found = edited(|payload| {
        payload["properties"].as_object_mut().unwrap().remove("note");
    });
    expect(found, Impact::Safe, "", "note was removed, and could always be missing");
}

#[test]
fn a_field_may_be_added_if_it_may_be_missing() {
    let found = edited(|payload| payload["properties"]["gift"] = json!({ "type": "boolean" }));
    expect(found, Impact::Safe, "", "gift was added, and may be missing");
    let found = edited(|payload| {
        payload["properties"]["gift"] = json!({ "type": "boolean" });
        require(payload, "gift");
    });
    expect(found, Impact::Breaks, "inventory order", "gift was added and is mandatory");
}

#[test]
fn a_field_in_something_that_accepts_no_unknown_one_breaks_old_readers() {
    let old = contract(&[(1, payload())]);
    let mut new = old.clone();
    new["components"]["schemas"]["Money"]["properties"]["scale"] = json!({ "type": "integer" });
    expect(only(&old, &new), Impact::Breaks, "inventory", "total.scale was added where old");
}

#[test]
fn a_field_that_is_made_mandatory_breaks_whoever_reads_stored_rows() {
    let found = edited(|payload| require(payload, "note"));
    expect(found, Impact::Breaks, "inventory order", "note was made mandatory");
    let found = edited(|payload| {
        assert!(is_required(payload, "lines"));
        forget(payload, "lines");
    });
    expect(found, Impact::ReadersFirst, "inventory", "lines may be missing");
}

#[test]
fn a_field_of_another_type_breaks_both_ways() {
    let found = edited(|payload| payload["properties"]["note"] = json!({ "type": "integer" }));
    expect(found, Impact::Breaks, "inventory order", "note was string and is integer");
    let found = edited(|payload| {
        payload["properties"]["lines"]["items"]["format"] = json!("uint16");
    });
    let what = "lines[] was integer, format \"uint32\" and is integer, format \"uint16\"";
    expect(found, Impact::Breaks, "inventory order", what);
}

#[test]
fn an_enumeration_that_is_narrowed_breaks_and_one_that_is_widened_needs_readers_first() {
    let found = edited(|payload| {
        payload["properties"]["reason"]["oneOf"].as_array_mut().unwrap().pop();
    });
    expect(found, Impact::Breaks, "inventory order", "reason is no longer late");
    let found = edited(|payload| {
        let values = payload["properties"]["reason"]["oneOf"].as_array_mut().unwrap();
        values.push(json!({ "type": "string", "const": "lost" }));
    });
    expect(found, Impact::ReadersFirst, "inventory", "reason may be lost");
    let found = edited(|payload| {
        payload["properties"]["note"] = json!({ "type": "string", "enum": ["a", "b"] });
    });
    expect(found, Impact::Breaks, "inventory order", "note is no longer anything else");
}

#[test]
fn a_version_is_raised_with_an_upcaster_or_it_breaks() {
    let (old, two) = (contract(&[(1, payload())]), json!({ "type": "object" }));
    let read = contract(&[(1, payload()), (2, two.clone())]);
    expect(only(&old, &read), Impact::Safe, "", "version 2 is read, and not written yet");
    let written = contract(&[(2, two.clone()), (1, payload())]);
    let found = only(&old, &written);
    expect(found, Impact::ReadersFirst, "inventory", "version 2 is written");
    // Once all builds read it, writing it is no change for anybody.
    assert_eq!(changes(&read, &written).unwrap(), []);
    let raised = changes(&old, &contract(&[(2, two)])).unwrap();
    let impacts: Vec<_> = raised.iter().map(|change| change.impact).collect();
    assert_eq!(impacts, [Impact::Breaks, Impact::ReadersFirst]);
    let whom: Vec<_> = raised[0].whom.iter().map(String::as_str).collect();
    assert_eq!(whom, ["inventory", "order"]);
    assert!(raised[0].what.to_string().contains("there is no upcaster"), "{raised:?}");
}

#[test]
fn an_event_that_was_removed_breaks_and_a_new_one_needs_readers_first() {
    let one = contract(&[(1, payload())]);
    let mut two = one.clone();
    two["channels"]["order.eaten"] = two["channels"]["order.placed"].clone();
    let messages = json!({ "order.eaten": { "$ref": "#/components/messages/order.placed" } });
    two["channels"]["order.eaten"]["messages"] = messages;
    let found = only(&one, &two);
    expect(found, Impact::ReadersFirst, "inventory", "the event is new");
    expect(only(&two, &one), Impact::Breaks, "order", "the event was removed");
}

#[test]
fn the_shop_s_own_next_version_is_introduced_safely() {
    let new = asyncapi::document(&MURMURATION);
    let mut old = new.clone();
    let channel = old["channels"]["shipping.created"]["messages"].as_object_mut().unwrap();
    channel.remove("shipping.created.v2");
    let changes = changes(&old, &new).unwrap();
    let [Change { event, what, impact, .. }] = &changes[..] else { panic!("{changes:#?}") };
    assert_eq!((event.as_str(), *impact), ("shipping.created", Impact::Safe));
    assert_eq!(*what, What::VersionRead(2));
}

#[test]
fn what_is_no_contract_is_refused() {
    let refused = |document: &Value| changes(document, document).unwrap_err().to_string();
    assert_eq!(refused(&json!({})), "this is no contract: it has no channels");
    let refused = refused(&json!({ "channels": { "order.placed": {} } }));
    assert_eq!(refused, "this is no contract: order.placed: it has no messages");
}
