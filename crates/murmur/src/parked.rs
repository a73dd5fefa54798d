//! `murmur parked`: the events that the read side could not fold, and the streams that services hold.
//!
//! The read side parks an event and goes on. To fold it after all takes another generation, since a record
//! refuses an event that is older than its last: a retry builds one beside the one that is read. A service
//! holds the whole stream instead, since its next decision may depend on the event: only a start, of a build
//! that can handle it, goes on from there.
//!
//! Deliberately absent: a way to have a service pass over an event.

mod answers;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use clap::Subcommand;
use client::http::{Call, Client};
use client::run_file::RunFile;
use serde_json::{Value, json};
use supervisor::service_status::ask_services;
use terminal::verdict::Verdict;
use terminal::{hint, line};

use crate::global::Global;
use crate::stuck::{Holding, holding, show_held};
use crate::views::Views;
use answers::{Parked, ParkedEvent};

/// What to do with the events.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List them, and the streams that services hold; exit code 1 if there is any.
    List {
        /// Also those that were dropped.
        #[arg(long)]
        all: bool,
    },
    /// Show one: why it could not be folded, and what it says.
    Show {
        #[arg(value_name = "STREAM/SEQUENCE")]
        event: EventName,
    },
    /// Fold them anew, in a generation beside the one that is read, and say which can be folded now.
    Retry,
    /// Say that nothing more is to be done about one: it stays listed, with who has said so, and no longer
    /// counts.
    Drop {
        #[arg(value_name = "STREAM/SEQUENCE")]
        event: EventName,
        /// Why, for whoever asks later.
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
}

/// An event by its place, such as `ORDER/7`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EventName {
    stream: String,
    sequence: u64,
}

/// What another generation has made of the events that are parked.
#[derive(Debug, Default, PartialEq, Eq)]
struct Retried {
    folded: Vec<String>,
    /// With the reason.
    parked: Vec<(String, String)>,
}

/// Where the query service answers.
struct Desk {
    client: Client,
    url: String,
}

/// Does it.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let desk = Desk { client: running.client(), url: running.query()?.to_owned() };
    match &args.action {
        Action::List { all } => desk.list(global, &running, *all).await,
        Action::Show { event } => desk.show(global, event).await,
        Action::Retry => desk.retry(global, running).await,
        Action::Drop { event, why } => desk.drop(global, event, why).await,
    }
}

impl Desk {
    async fn list(&self, global: &Global, running: &RunFile, all: bool) -> anyhow::Result<Verdict> {
        let (parked, held) = tokio::join!(self.parked(None), ask_services(running));
        let (mut parked, held) = (parked?, holding(held));
        if !all {
            parked.items.retain(ParkedEvent::is_open);
        }
        if global.json {
            let Parked { generation, open, items } = &parked;
            line!(
                "{}",
                json!({ "generation": generation, "open": open, "parked": items, "held": held })
            );
        } else {
            parked.show();
            show_holding(&held);
        }
        Ok(found(parked.open > 0 || !held.is_empty()))
    }

    async fn show(&self, global: &Global, event: &EventName) -> anyhow::Result<Verdict> {
        let parked = self.client.json::<ParkedEvent>(Call::get(self.of(event, ""))).await?;
        // The stream may be away, or hold what no build reads.
        let content = self.client.json::<Value>(Call::get(format!("{}/events/{event}", self.url)));
        let content = content.await;
        if global.json {
            line!("{}", json!({ "parked": parked, "event": content.ok() }));
        } else {
            parked.show();
            match content {
                Ok(content) => line!("{content:#}"),
                Err(error) => line!("its content is not known: {error}"),
            }
        }
        Ok(found(parked.is_open()))
    }

    async fn retry(&self, global: &Global, running: RunFile) -> anyhow::Result<Verdict> {
        let before = self.parked(None).await?;
        if before.items.is_empty() {
            say(global, "nothing is parked", json!({ "folded": [], "parked": [] }));
            return Ok(Verdict::Clean);
        }
        let views = Views::of(running)?;
        let (generation, was_there) = views.build().await?;
        let retried = Retried::of(&before, &self.parked(Some(&generation)).await?);
        let is_of_use = !retried.folded.is_empty() || was_there;
        if !is_of_use {
            views.discard(&generation).await?;
        }
        retried.show(global, is_of_use.then_some(&generation));
        Ok(found(!retried.parked.is_empty()))
    }

    async fn drop(&self, global: &Global, event: &EventName, why: &str) -> anyhow::Result<Verdict> {
        let call = Call::post(self.of(event, "/drop")).body(&json!({ "why": why }))?;
        let dropped = self.client.json::<ParkedEvent>(call).await?;
        if global.json {
            line!("{}", json!(dropped));
        } else {
            dropped.show();
        }
        Ok(Verdict::Clean)
    }

    /// The events that a generation has parked; the one that is read, if none is named.
    async fn parked(&self, generation: Option<&str>) -> anyhow::Result<Parked> {
        let of = generation.map(|name| format!("?generation={name}")).unwrap_or_default();
        Ok(self.client.json(Call::get(format!("{}/parked{of}", self.url))).await?)
    }

    fn of(&self, event: &EventName, deed: &str) -> String {
        format!("{}/parked/{event}{deed}", self.url)
    }
}

impl Retried {
    fn of(before: &Parked, after: &Parked) -> Self {
        let parked: BTreeMap<_, _> =
            after.items.iter().map(|event| (event.name(), event.reason.clone())).collect();
        let names = before.items.iter().map(ParkedEvent::name);
        let folded = names.filter(|name| !parked.contains_key(name)).collect();
        Self { folded, parked: parked.into_iter().collect() }
    }

    fn show(&self, global: &Global, generation: Option<&String>) {
        let Self { folded, parked } = self;
        if global.json {
            let reasons: Vec<_> = parked
                .iter()
                .map(|(event, reason)| json!({ "event": event, "reason": reason }))
                .collect();
            line!("{}", json!({ "generation": generation, "folded": folded, "parked": reasons }));
            return;
        }
        folded.iter().for_each(|event| line!("{event} is folded in the new generation"));
        parked.iter().for_each(|(event, reason)| line!("{event} is still parked: {reason}"));
        match generation {
            Some(generation) => {
                let next =
                    "`murmur views rebuild` compares it with the one that is read, and switches";
                line!("generation {generation} is built: {}", hint::complete(next));
            }
            None => line!("nothing came of it: the new generation was taken away again"),
        }
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stream, self.sequence)
    }
}

impl FromStr for EventName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').filter(|(stream, _)| {
            !stream.is_empty() && stream.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        let named = parts.and_then(|(stream, sequence)| {
            Some(Self { stream: stream.to_uppercase(), sequence: sequence.parse().ok()? })
        });
        named.ok_or_else(|| format!("{text:?} is no event: write it as ORDER/7"))
    }
}

fn show_holding(held: &[Holding]) {
    if held.is_empty() {
        line!("no service holds a stream");
        return;
    }
    line!();
    line!(
        "held by services, which go on once they are started with a build that can handle the row:"
    );
    show_held(held);
    for Holding { service, .. } in held {
        line!("{}", hint::complete(&format!("`murmur kill {service}` has {service} try again")));
    }
}

fn say(global: &Global, text: &str, value: Value) {
    if global.json {
        line!("{value}");
    } else {
        line!("{text}");
    }
}

const fn found(is_any: bool) -> Verdict {
    if is_any { Verdict::Found } else { Verdict::Clean }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize as _;

    use super::*;

    fn parked(events: &[(u64, &str)]) -> Parked {
        let items = events.iter().map(|(sequence, reason)| {
            json!({ "stream": "ORDER", "sequence": sequence, "subject": "order.placed.o-1",
                "reason": reason, "attempts": 1, "time": null, "dropped": null })
        });
        let items: Vec<_> = items.collect();
        Parked::deserialize(json!({ "generation": "v1-1", "open": items.len(), "items": items }))
            .unwrap()
    }

    #[test]
    fn a_retry_says_what_is_folded_now_and_what_still_is_not() {
        let retried = Retried::of(&parked(&[(7, "a"), (9, "b")]), &parked(&[(9, "c"), (12, "d")]));
        assert_eq!(retried.folded, ["ORDER/7"]);
        let reasons = [("ORDER/12", "d"), ("ORDER/9", "c")];
        assert_eq!(retried.parked, reasons.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn an_event_is_named_by_stream_and_sequence() {
        assert_eq!("order/7".parse::<EventName>().unwrap().to_string(), "ORDER/7");
        for wrong in ["ORDER", "/7", "ORDER/x", "ORDER/-1", "OR?/7", "a/b/7"] {
            assert!(wrong.parse::<EventName>().is_err(), "{wrong}");
        }
    }
}
