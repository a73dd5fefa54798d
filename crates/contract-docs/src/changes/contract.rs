//! A contract, as its AsyncAPI document tells it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Kind;
use serde_json::Value;

use super::fields::Fields;

/// A document that tells no contract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no contract: {0}")]
pub struct NoContract(String);

/// What of a contract can be compared.
pub(super) struct Contract {
    /// By their kinds.
    pub(super) events: BTreeMap<String, Event>,
}

/// One event.
pub(super) struct Event {
    pub(super) owner: String,
    pub(super) stream: String,
    /// The version that is written.
    pub(super) writes: u16,
    /// What it looks like, in each version that is read.
    pub(super) shapes: BTreeMap<u16, Fields>,
    /// Whom it moves.
    pub(super) readers: BTreeSet<String>,
}

impl Contract {
    pub(super) fn of(document: &Value) -> Result<Self, NoContract> {
        let channels = document["channels"].as_object();
        let channels = channels.ok_or_else(|| NoContract("it has no channels".to_owned()))?;
        let events = channels.iter().map(|(kind, channel)| {
            let event = event(document, kind, channel)?;
            Ok((kind.clone(), event))
        });
        Ok(Self { events: events.collect::<Result<_, _>>()? })
    }

    /// Whoever is moved by any event of this stream.
    pub(super) fn readers_of_stream(&self, stream: &str) -> BTreeSet<String> {
        let events = self.events.values().filter(|event| event.stream == stream);
        events.flat_map(|event| event.readers.iter().cloned()).collect()
    }
}

fn event(document: &Value, kind: &str, channel: &Value) -> Result<Event, NoContract> {
    let wrong = |what: &str| NoContract(format!("{kind}: {what}"));
    let named: Kind = kind.parse().map_err(|_| wrong("this is no kind of event"))?;
    let messages = channel["messages"].as_object().ok_or_else(|| wrong("it has no messages"))?;
    let (mut shapes, mut writes) = (BTreeMap::new(), None);
    for (name, reference) in messages {
        let message = at(document, reference).ok_or_else(|| wrong("a message is missing"))?;
        let of_type = message["name"].as_str().unwrap_or_default();
        let (_, version) = Kind::of_type(of_type).map_err(|error| wrong(&error.to_string()))?;
        shapes.insert(version, Fields::of(document, &message["payload"]));
        // The one that is named like its channel.
        writes = writes.or((name == kind).then_some(version));
    }
    Ok(Event {
        owner: named.service().name().to_owned(),
        stream: named.service().stream().to_owned(),
        writes: writes.ok_or_else(|| wrong("no message is written"))?,
        shapes,
        readers: readers(document, kind),
    })
}

/// Whom the operations name that receive from the channel.
fn readers(document: &Value, kind: &str) -> BTreeSet<String> {
    let operations = document["operations"].as_object().into_iter().flatten();
    let channel = format!("#/channels/{kind}");
    let receives = operations.filter(|(_, operation)| {
        operation["action"] == "receive" && operation["channel"]["$ref"] == *channel
    });
    receives
        .filter_map(|(_, operation)| operation["tags"][0]["name"].as_str().map(str::to_owned))
        .collect()
}

/// What a reference refers to.
pub(super) fn at<'a>(document: &'a Value, reference: &Value) -> Option<&'a Value> {
    document.pointer(reference["$ref"].as_str()?.strip_prefix('#')?)
}
