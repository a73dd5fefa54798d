//! What a service, or query, says of itself at `/status`. Fields that this build does not know are left out,
//! and those that a service does not send are empty: an operator's view must not fail over them.

use std::collections::BTreeMap;
use std::time::Duration;

use client::http::Call;
use client::process::Process;
use client::run_file::RunFile;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinSet;

/// A service that does not say in that time how it is, is shown without.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// The answer of `GET /status`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ServiceReport {
    /// starting, ready, unready, alone, fenced or stopping.
    pub state: String,
    /// Why it is in that state.
    pub reason: Option<String>,
    /// What can be done about it, when it is fenced.
    pub choices: Vec<String>,
    /// The first message of its stream that somebody else wrote, where it is fenced for that.
    pub foreign_message: Option<u64>,
    /// The address of the broker that it uses, without a password.
    pub broker: Option<String>,
    pub history: Option<String>,
    /// The last row of its outbox.
    pub head: Option<u64>,
    /// The last row that its stream has acknowledged.
    pub acknowledged: Option<u64>,
    /// Whether all that it holds is in two places. Not said by a build that does not know.
    pub redundant: Option<bool>,
    /// Why it is not.
    pub redundant_reason: Option<String>,
    /// The same, for programs: each with `what`.
    pub missing: Vec<Value>,
    /// The row of the snapshot that its database began as, if it did at this start.
    pub began_as_snapshot: Option<u64>,
    /// When its stream was created, of which it says what was acknowledged.
    pub stream_created: Option<Timestamp>,
    /// How far it has read each stream.
    pub streams: BTreeMap<String, StreamReport>,
    /// Streams whose next event it cannot handle.
    pub held: Vec<Held>,
    /// Durable timers that are set.
    pub timers: Option<u64>,
    /// What its answers promise: replicated or local.
    pub durability: String,
    /// The read model; query's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<ReadModelReport>,
}

/// What query says of the read model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct ReadModelReport {
    /// Events that could not be folded, and that nobody has dropped. Not known while Redis is away.
    pub parked: Option<u64>,
}

/// How far a service has read one stream.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct StreamReport {
    /// How far its replica has folded.
    pub folded: u64,
    /// How far it has decided.
    pub decided: u64,
    /// The stream's end, as last seen.
    pub last: Option<u64>,
    /// Whether it is reading.
    pub connected: bool,
    /// Why it is not reading, where that is not for the stream's sake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// What is wrong with the stream, if anything.
    pub alarm: Option<String>,
}

/// A stream that a service holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Held {
    /// Which one; none for the service's own work.
    pub stream: Option<String>,
    /// The row before which its reading stands. Not said by a build that does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    pub reason: String,
}

/// What each process says of itself, or why it says nothing.
pub type Services = BTreeMap<Process, Result<ServiceReport, String>>;

/// Asks all services, query and composer at once how they are.
pub async fn ask_services(running: &RunFile) -> Services {
    let client = running.client_answering_within(ANSWER_WITHIN);
    let mut asked = JoinSet::new();
    let services = running.services.iter();
    let mut urls: Vec<_> =
        services.map(|(service, url)| (Process::Service(*service), url.clone())).collect();
    urls.extend(running.query().ok().map(|url| (Process::Query, url.to_owned())));
    urls.extend(running.composer().ok().map(|url| (Process::Composer, url.to_owned())));
    for (service, url) in urls {
        let client = client.clone();
        asked.spawn(async move {
            let answer = client.json(Call::get(format!("{url}/status"))).await;
            (service, answer.map_err(|error| error.to_string()))
        });
    }
    asked.join_all().await.into_iter().collect()
}

impl ServiceReport {
    /// Rows that are in foreign streams and not read yet: `ORDER 12, PAYMENT 3`, or `-`. Of a stream from
    /// which nothing is heard, nobody knows: `ORDER ?`.
    pub fn lag(&self) -> String {
        let behind = self.streams.iter().filter_map(|(stream, report)| {
            if !report.connected {
                return Some(format!("{stream} ?"));
            }
            let lag =
                report.last.unwrap_or_default().saturating_sub(report.folded.max(report.decided));
            (lag > 0).then(|| format!("{stream} {lag}"))
        });
        let behind: Vec<_> = behind.collect();
        if behind.is_empty() { "-".to_owned() } else { behind.join(", ") }
    }

    /// Whether rows of its outbox are not in its stream.
    pub fn misses_rows(&self) -> bool {
        self.missing.iter().any(|missing| missing["what"] == "rows")
    }

    /// Whether nothing is missing but rows that the stream has not acknowledged yet.
    pub fn misses_only_rows(&self) -> bool {
        !self.missing.is_empty() && self.missing.iter().all(|missing| missing["what"] == "rows")
    }

    /// What a person has to know or do.
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        if let Some(reason) = &self.reason {
            troubles.push(format!("{}: {reason}", self.state));
        }
        troubles.extend(self.choices.iter().map(|choice| format!("choice: {choice}")));
        for held in &self.held {
            let stream = held.stream.as_deref().unwrap_or("its own work");
            troubles.push(format!("holds {stream}: {}", held.reason));
        }
        let parked = self.redis.as_ref().and_then(|redis| redis.parked).unwrap_or(0);
        if parked > 0 {
            troubles.push(format!("parked events: {parked} (`murmur parked list`)"));
        }
        for (stream, report) in &self.streams {
            let is_news = |why: &&String| {
                self.reason.as_ref().is_none_or(|reason| !reason.contains(why.as_str()))
            };
            let why = report.alarm.iter().chain(&report.waits).filter(is_news);
            troubles.extend(why.map(|why| format!("{stream}: {why}")));
        }
        let cut_off = self.streams.iter().filter(|(_, report)| !report.connected);
        let cut_off: Vec<_> = cut_off.map(|(stream, _)| stream.as_str()).collect();
        if !cut_off.is_empty() {
            troubles.push(format!("hears nothing from {}", cut_off.join(", ")));
        }
        troubles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(json: &str) -> ServiceReport {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn lag_counts_from_the_further_of_the_two_positions() {
        let report = report(
            r#"{"streams":{"ORDER":{"folded":0,"decided":7,"last":9,"connected":true},
                "CUSTOMER":{"folded":5,"decided":0,"last":5,"connected":true},
                "PAYMENT":{"folded":0,"decided":0,"last":null,"connected":true}},"new":1}"#,
        );
        assert_eq!(report.lag(), "ORDER 2");
        assert_eq!(report.troubles(), Vec::<String>::new());
    }

    #[test]
    fn how_far_behind_a_cut_off_service_is_nobody_knows() {
        let report =
            report(r#"{"streams":{"ORDER":{"folded":9,"decided":9,"last":9,"connected":false}}}"#);
        assert_eq!(report.lag(), "ORDER ?");
    }

    #[test]
    fn parked_events_are_told() {
        let report = |parked| report(&format!(r#"{{"redis":{{"parked":{parked}}}}}"#));
        assert_eq!(report("2").troubles(), ["parked events: 2 (`murmur parked list`)"]);
        assert_eq!(report("0").troubles(), Vec::<String>::new());
        assert_eq!(report("null").troubles(), Vec::<String>::new());
    }

    #[test]
    fn a_fenced_service_says_why_and_what_can_be_done() {
        let report = report(
            r#"{"state":"fenced","reason":"two stores were lost","choices":["restore a copy"],
                "held":[{"stream":"ORDER","reason":"unknown type"}],
                "streams":{"ORDER":{"waits":"no permission"},"PAYMENT":{"alarm":"a hole"}}}"#,
        );
        assert_eq!(
            report.troubles(),
            [
                "fenced: two stores were lost",
                "choice: restore a copy",
                "holds ORDER: unknown type",
                "ORDER: no permission",
                "PAYMENT: a hole",
                "hears nothing from ORDER, PAYMENT",
            ]
        );
    }
}
