//! What a service, or query, says of itself at `/status`. Fields that this build does not know are left out,
//! and those that a service does not send are empty: an operator's view must not fail over them.

use std::collections::BTreeMap;

use contracts::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The answer of `GET /status`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ServiceReport {
    /// starting, ready, alone, fenced or stopping.
    pub(crate) state: String,
    /// Why it is in that state.
    pub(crate) reason: Option<String>,
    /// What can be done about it, when it is fenced.
    pub(crate) choices: Vec<String>,
    /// Its history.
    pub(crate) history: Option<String>,
    /// The last row of its outbox.
    pub(crate) head: Option<u64>,
    /// The last row that its stream has acknowledged.
    pub(crate) acknowledged: Option<u64>,
    /// Whether all that it holds is in two places. Not said by a build that does not know.
    pub(crate) redundant: Option<bool>,
    /// Why it is not.
    pub(crate) redundant_reason: Option<String>,
    /// The same, for programs: each with `what`.
    pub(crate) missing: Vec<Value>,
    /// When its stream was created, of which it says what was acknowledged.
    pub(crate) stream_created: Option<Timestamp>,
    /// How far it has read each stream.
    pub(crate) streams: BTreeMap<String, StreamReport>,
    /// Streams whose next event it cannot handle.
    pub(crate) held: Vec<Held>,
    /// Durable timers that are set.
    pub(crate) timers: Option<u64>,
    /// What its answers promise: replicated or local.
    pub(crate) durability: String,
}

/// How far a service has read one stream.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct StreamReport {
    /// How far its replica has folded.
    pub(crate) folded: u64,
    /// How far it has decided.
    pub(crate) decided: u64,
    /// The stream's end, as last seen.
    pub(crate) last: Option<u64>,
    /// Whether it is reading.
    pub(crate) connected: bool,
    /// Why it is not reading, where that is not for the stream's sake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) waits: Option<String>,
    /// What is wrong with the stream, if anything.
    pub(crate) alarm: Option<String>,
}

/// A stream that a service holds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Held {
    /// Which one; none for the service's own work.
    pub(crate) stream: Option<String>,
    /// Why.
    pub(crate) reason: String,
}

impl ServiceReport {
    /// Rows that are in foreign streams and not read yet: `ORDER 12, PAYMENT 3`, or `-`. Of a stream from
    /// which nothing is heard, nobody knows: `ORDER ?`.
    pub(crate) fn lag(&self) -> String {
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
    pub(crate) fn misses_rows(&self) -> bool {
        self.missing.iter().any(|missing| missing["what"] == "rows")
    }

    /// Whether nothing is missing but rows that the stream has not acknowledged yet.
    pub(crate) fn misses_only_rows(&self) -> bool {
        !self.missing.is_empty() && self.missing.iter().all(|missing| missing["what"] == "rows")
    }

    /// What a person has to know or do.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        if let Some(reason) = &self.reason {
            troubles.push(format!("{}: {reason}", self.state));
        }
        troubles.extend(self.choices.iter().map(|choice| format!("choice: {choice}")));
        for held in &self.held {
            let stream = held.stream.as_deref().unwrap_or("its own work");
            troubles.push(format!("holds {stream}: {}", held.reason));
        }
        for (stream, report) in &self.streams {
            let told = |why: &&String| {
                self.reason.as_ref().is_none_or(|reason| !reason.contains(why.as_str()))
            };
            let why = report.alarm.iter().chain(report.waits.iter().filter(told));
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
