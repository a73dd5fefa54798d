//! The contract as an AsyncAPI 3.0 document: a channel for each event, with a message for each of its versions,
//! and for each service what it sends and receives. The message that is named like its channel is written;
//! the others are read, too.
//!
//! An operation is there for what moves its service. What is read and ignored is in the catalogue.

use protocol::Kind;
use protocol::choreography::{Choreography, Publication, Shape};
use protocol::headers::{CHAIN_HEADER, HEADERS};
use protocol::seal::SEAL_HEADER;
use serde_json::{Map, Value, json};

use crate::readers::{self, QUERY, Reader, alternatives};
use crate::{examples, schemas};

const ABOUT: &str = "Six services that react to each other's events, and a read side. Each service owns one \
    stream and is the only one that publishes to it: message N of the stream is row N of its outbox. \
    Events are CloudEvents 1.0 in binary mode, in the headers of NATS messages, with a JSON body. \
    Consumers accept unknown fields.";

/// Headers that not every event has.
const OPTIONAL_HEADERS: [&str; 4] =
    ["ce-traceparent", "ce-idempotencykey", "ce-requesthash", SEAL_HEADER];

/// The document.
#[must_use]
pub fn document(choreography: &Choreography) -> Value {
    let (payloads, mut schemas) = schemas::components(choreography);
    schemas.insert("Headers".to_owned(), headers());
    let messages = payloads.into_iter();
    let messages = messages
        .map(|(one, shape, payload)| (message_name(one, shape), message(one, shape, payload)));
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Murmuration",
            "version": "1.0.0",
            "description": ABOUT,
            "tags": choreography
                .services()
                .map(|service| json!({ "name": service.stream() }))
                .collect::<Vec<_>>(),
        },
        "defaultContentType": "application/json",
        "servers": { "nats": { "host": "127.0.0.1:4222", "protocol": "nats" } },
        "channels": channels(choreography),
        "operations": operations(choreography),
        "components": { "messages": messages.collect::<Map<_, _>>(), "schemas": schemas },
    })
}

fn channels(choreography: &Choreography) -> Map<String, Value> {
    let channel = |publication: &Publication| {
        let kind = publication.kind;
        let channel = json!({
            "address": format!("{kind}.{{id}}"),
            "title": kind.name(),
            "summary": publication.meaning,
            "tags": [{ "name": kind.service().stream() }],
            "parameters": { "id": {
                "description": format!("What it is about: `{}` of the payload.", publication.id_field),
                "examples": [examples::id(publication)],
            } },
            "messages": messages_of(publication, &["components", "messages"])
                .collect::<Map<_, _>>(),
            "x-stream": kind.service().stream(),
        });
        (kind.name().to_owned(), channel)
    };
    choreography.publications.iter().map(channel).collect()
}

/// What the message of a version is called.
fn message_name(publication: &Publication, shape: &Shape) -> String {
    let Publication { kind, writes, .. } = publication;
    if shape.version == *writes { kind.to_string() } else { kind.event_type(shape.version) }
}

/// References to the messages of a channel, by their names.
fn messages_of<'a>(
    publication: &'a Publication,
    below: &'a [&'a str],
) -> impl Iterator<Item = (String, Value)> + use<'a> {
    publication.shapes().map(move |shape| {
        let name = message_name(publication, shape);
        let path: Vec<_> = below.iter().copied().chain([name.as_str()]).collect();
        let reference = reference(&path);
        (name, reference)
    })
}

fn message(publication: &Publication, shape: &Shape, payload: Value) -> Value {
    let kind = publication.kind;
    json!({
        "name": kind.event_type(shape.version),
        "title": kind.name(),
        "summary": publication.meaning,
        "contentType": "application/json",
        "headers": reference(&["components", "schemas", "Headers"]),
        "payload": payload,
        "correlationId": { "location": "$message.header#/ce-subject" },
        "examples": [{ "payload": examples::payload(shape) }],
    })
}

fn operations(choreography: &Choreography) -> Map<String, Value> {
    let mut operations = Map::new();
    for publication in &choreography.publications {
        let kind = publication.kind;
        let publisher = kind.service();
        let why = sent(choreography, kind);
        let operation =
            |action, of: &str, description: &str| operation(action, publication, of, description);
        operations
            .insert(format!("{publisher}.sends.{kind}"), operation("send", publisher.name(), &why));
        for reader in readers::of(choreography, kind).iter().filter(|reader| reader.is_moved()) {
            operations.insert(
                format!("{}.receives.{kind}", reader.service),
                operation("receive", reader.service.name(), &received(reader)),
            );
        }
        operations.insert(
            format!("{QUERY}.receives.{kind}"),
            operation("receive", QUERY, "Folds it into the read model."),
        );
    }
    operations
}

fn operation(action: &str, publication: &Publication, of: &str, description: &str) -> Value {
    let channel = ["channels", publication.kind.name()];
    let messages = [channel[0], channel[1], "messages"];
    let messages = messages_of(publication, &messages).map(|(_, reference)| reference);
    json!({
        "action": action,
        "channel": reference(&channel),
        "messages": messages.collect::<Vec<_>>(),
        "description": description,
        "tags": [{ "name": of }],
    })
}

fn sent(choreography: &Choreography, kind: Kind) -> String {
    let causes = readers::causes(choreography, kind);
    if causes.is_empty() {
        return "After its database was lost, or was behind its stream.".to_owned();
    }
    let line = |cause: &&protocol::choreography::Reaction| {
        format!("- in {}, on {}", alternatives(cause.states), cause.on)
    };
    causes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn received(reader: &Reader<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for reaction in &reader.reactions {
        let (states, emits) = (alternatives(reaction.states), alternatives(reaction.emits));
        lines.push(format!("- in {states}: sends {emits}"));
    }
    if reader.replicates {
        lines.push("- folds it into its replica".to_owned());
    }
    lines.join("\n")
}

fn headers() -> Value {
    let names = HEADERS.iter().copied().chain([CHAIN_HEADER]);
    let properties = names
        .clone()
        .map(|name| (name.to_owned(), json!({ "type": "string", "description": header(name) })));
    let required: Vec<_> = names.filter(|name| !OPTIONAL_HEADERS.contains(name)).collect();
    json!({
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "required": required,
    })
}

fn header(name: &str) -> &'static str {
    match name {
        "ce-specversion" => "Always 1.0.",
        "ce-id" => "The number of the message in its stream.",
        "ce-source" => "The service that says it.",
        "ce-type" => "What happened, with the version of its shape, such as order.placed.v1.",
        "ce-subject" => "What it is about: the last token of the subject.",
        "ce-time" => "When it was decided, by RFC 3339.",
        "ce-datacontenttype" => "Always application/json.",
        "ce-cause" => "What made it: command/NAME, timer/NAME, STREAM/NUMBER or recovery.",
        "ce-vector" => "How far its service had read each stream, after exactly what made this.",
        "ce-history" => "Which history of the stream it is a part of.",
        "ce-traceparent" => "The W3C trace that it belongs to.",
        "ce-idempotencykey" => "The key of the request that it answers.",
        "ce-requesthash" => "SHA-256 over that request, and behind a slash over who sent it.",
        SEAL_HEADER => "What shows the owner of the stream that the row is its own.",
        CHAIN_HEADER => "A hash over everything that the stream holds up to here.",
        _ => "",
    }
}

fn reference(path: &[&str]) -> Value {
    json!({ "$ref": format!("#/{}", path.join("/")) })
}

#[cfg(test)]
mod tests {
    use contracts::choreography::MURMURATION;
    use contracts::kind;

    use super::*;

    /// Every `$ref` in it.
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn whatever_is_referred_to_is_there() {
        let document = document(&MURMURATION);
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 3 * kind::ALL.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn each_service_sends_its_own_and_receives_what_moves_it() {
        let document = document(&MURMURATION);
        let operations = document["operations"].as_object().unwrap();
        for (name, action) in [
            ("payment.sends.payment.charged", "send"),
            ("payment.receives.inventory.reserved", "receive"),
            ("payment.receives.customer.changed", "receive"),
            ("query.receives.payment.charged", "receive"),
        ] {
            assert_eq!(operations[name]["action"], action, "{name}");
        }
        for name in ["payment.receives.order.placed", "order.sends.payment.charged"] {
            assert!(!operations.contains_key(name), "{name}");
        }
        let charged = &operations["payment.receives.inventory.reserved"]["description"];
        assert_eq!(charged, "- in `none`: sends `payment.charged` or `payment.declined`");
    }

    #[test]
    fn every_header_is_described() {
        let headers = headers();
        let properties = headers["properties"].as_object().unwrap();
        assert_eq!(properties.len(), HEADERS.len() + 1);
        assert!(properties.values().all(|header| header["description"] != ""));
    }
}
