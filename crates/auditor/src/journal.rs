//! What clients asked for and were told: one JSON object a line, appended by whoever sends commands.
//!
//! ```json
//! {"service":"order","command":"place","id":"o-1","key":"k-1","request":"{\"customer_id\":…}","outcome":"ok","answer":{"order_id":"o-1","state":"placed"},"durability":"replicated","row":17}
//! ```
//!
//! A line is one attempt. Who sends a command again, because no answer came or to see that the
//! answer stays the same, sends the same key and writes one more line with the next `attempt`. A
//! line is written when the outcome is known, and before the next attempt. An attempt that was cut
//! off together with its client is written as `unknown`: best before it is sent, and again after.
//!
//! Deliberately absent: times and latencies, which say nothing about what is right.

use std::io::BufRead;

use protocol::{Id, Service};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One attempt of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Who was asked.
    pub service: Service,
    /// For what: the command's name in the choreography, such as `place`.
    pub command: String,
    /// What it is about: the order, the customer, the SKU; none if the service was to choose an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// The idempotency key, by which the effect is found.
    pub key: String,
    /// What was asked, or a digest of it: the same text for the same request.
    #[serde(default)]
    pub request: String,
    /// Which attempt with this key: 1 for the first. The next is sent when the one before was
    /// answered or given up; attempts that are sent at once have the same number.
    #[serde(default = "first")]
    pub attempt: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// The answer's body, if it is ok.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// Where the service said that the change is kept, if it is ok (`Murmur-Durability`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durability: Option<Durability>,
    /// The row of its own stream that the service's answer names (`Murmur-Token`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was accepted: it has one effect, or there was nothing to change.
    Ok,
    /// It was refused: this attempt has no effect.
    Failed,
    /// Nobody knows: no answer came, or one that leaves it open. One effect or none.
    Unknown,
}

/// Where an answer says that its change is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// In the service's database and in its stream.
    Replicated,
    /// In the service's database alone: losing that one may lose it.
    Local,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct JournalError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl Outcome {
    /// The outcome that an HTTP status stands for; none for no answer at all. A server that fails
    /// or gives up waiting (5xx, 408, 429) may have acted.
    #[must_use]
    pub const fn of_status(status: Option<u16>) -> Self {
        match status {
            Some(200..=299) => Self::Ok,
            Some(408 | 429) => Self::Unknown,
            Some(400..=499) => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

/// Reads a journal. Its last line may be cut off: its writer may have been killed.
///
/// # Errors
/// When it cannot be read, or another line than the last is no entry.
pub fn read(lines: impl BufRead) -> Result<Vec<Entry>, JournalError> {
    let mut entries = Vec::new();
    let mut broken = None;
    for (nth, line) in lines.lines().enumerate() {
        if let Some(error) = broken {
            return Err(error);
        }
        let failed = |reason: String| JournalError { line: nth + 1, reason };
        let line = line.map_err(|error| failed(error.to_string()))?;
        match serde_json::from_str(&line) {
            Ok(entry) => entries.push(entry),
            Err(_) if line.trim().is_empty() => {}
            Err(error) => broken = Some(failed(error.to_string())),
        }
    }
    Ok(entries)
}

const fn first() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACED: &str = r#"{"service":"order","command":"place","key":"k-1","outcome":"ok"}"#;

    #[test]
    fn a_line_survives_being_written_and_read() {
        let read_once = read(PLACED.as_bytes()).unwrap();
        let line = serde_json::to_string(&read_once[0]).unwrap();
        assert_eq!(read(line.as_bytes()).unwrap(), read_once);
        assert_eq!((read_once[0].attempt, read_once[0].outcome), (1, Outcome::Ok));
    }

    #[test]
    fn a_last_line_that_is_cut_off_is_left_out_and_another_is_an_error() {
        let cut = format!("{PLACED}\n{{\"service\":\"ord");
        assert_eq!(read(cut.as_bytes()).unwrap().len(), 1);
        let broken = format!("{{\"service\":\"ord\n{PLACED}\n");
        assert_eq!(read(broken.as_bytes()).unwrap_err().line, 1);
    }

    #[test]
    fn a_status_that_leaves_it_open_is_unknown() {
        let outcome = |status| Outcome::of_status(Some(status));
        assert_eq!([outcome(201), outcome(422)], [Outcome::Ok, Outcome::Failed]);
        assert_eq!([outcome(503), outcome(429)], [Outcome::Unknown; 2]);
        assert_eq!(Outcome::of_status(None), Outcome::Unknown);
    }
}
