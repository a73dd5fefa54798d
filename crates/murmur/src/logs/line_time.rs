//! The time that stands in a line of a log, as each of the programs writes it. All are started in UTC.

use protocol::Timestamp;
use serde::Deserialize;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The time of a line, if it has one.
pub(super) fn time_of(line: &str) -> Option<Timestamp> {
    if line.starts_with('{') {
        return of_json(line);
    }
    let mut words = line.split_ascii_whitespace();
    let first = words.next()?;
    if let Ok(time) = first.parse() {
        return Some(time);
    }
    let rest: Vec<_> = words.take(4).collect();
    if first.starts_with('[') { of_nats(&rest) } else { of_redis(&rest) }
}

/// A service that was told to write JSON.
fn of_json(line: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Line {
        timestamp: Timestamp,
    }
    serde_json::from_str(line).ok().map(|line: Line| line.timestamp)
}

/// `[17] 2026/11/30 09:30:01.123456 [INF] …`.
fn of_nats(rest: &[&str]) -> Option<Timestamp> {
    let [day, time, ..] = rest else { return None };
    format!("{}T{time}Z", day.replace('/', "-")).parse().ok()
}

/// `17:M 30 Nov 2026 09:30:01.123 * …`.
fn of_redis(rest: &[&str]) -> Option<Timestamp> {
    let [day, month, year, time] = rest else { return None };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    format!("{year}-{month:02}-{day:0>2}T{time}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_writes_the_time_in_its_own_way() {
        let wanted: Timestamp = "2026-11-03T09:30:01.123Z".parse().unwrap();
        for line in [
            "2026-11-03T09:30:01.123000Z  INFO order: ready",
            "{\"timestamp\":\"2026-11-03T09:30:01.123Z\",\"level\":\"INFO\"}",
            "[17] 2026/11/03 09:30:01.123000 [INF] Server is ready",
            "17:M 03 Nov 2026 09:30:01.123 * Ready to accept connections",
        ] {
            assert_eq!(time_of(line), Some(wanted), "{line}");
        }
        for line in ["", "  at order.rs:7", "Caused by:", "{", "[INF] x", "a 1 Foo 2026 x"] {
            assert_eq!(time_of(line), None, "{line}");
        }
    }
}
