//! Points in time, as handed in by whoever has a clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::as_text;

/// A point in time: microseconds since 1970 UTC. Written as RFC 3339.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// RFC 9110, section 5.6.7: the form to write, and the two that are obsolete and still read.
const HTTP_DATES: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// A text that is no point in time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no point in time: use RFC 3339, such as 2026-01-31T08:26:00Z")]
pub struct InvalidTimestamp(String);

impl Timestamp {
    /// From microseconds since 1970 UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 UTC.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// That many milliseconds later; the last representable point if that is beyond it.
    #[must_use]
    pub const fn plus_millis(self, millis: u32) -> Self {
        Self(self.0.saturating_add(millis as i64 * 1_000))
    }

    /// Milliseconds from `earlier` to this point; negative when it is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }

    /// As HTTP writes it, to the second: `Sat, 31 Jan 2026 08:26:00 GMT`. None outside the years that
    /// a calendar has.
    #[must_use]
    pub fn http_date(self) -> Option<String> {
        let time = jiff::Timestamp::from_microsecond(self.0).ok()?;
        jiff::fmt::strtime::format(HTTP_DATES[0], time).ok()
    }

    /// Reads one of the three forms in which HTTP writes dates.
    #[must_use]
    pub fn from_http_date(text: &str) -> Option<Self> {
        let read = |form: &&str| {
            let time = jiff::fmt::strtime::parse(form, text).ok()?.to_datetime().ok()?;
            let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
            Some(Self(time.as_microsecond()))
        };
        HTTP_DATES.iter().find_map(read)
    }

    /// The day in UTC, as `2026-01-31`.
    #[must_use]
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|time| Self(time.as_microsecond()))
            .map_err(|_| InvalidTimestamp(text.chars().take(64).collect()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        as_text::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_survives_its_text() {
        let time = Timestamp::from_micros(1_291_192_000_123_456);
        assert_eq!(time.to_string(), "2010-12-01T08:26:40.123456Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!(time.day(), "2010-12-01");
    }

    #[test]
    fn dates_of_http_are_read_in_their_three_forms_and_written_in_one() {
        let time = Timestamp::from_micros(784_111_777_000_000);
        let written = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(time.http_date().as_deref(), Some(written));
        for text in [written, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(Timestamp::from_http_date(text), Some(time), "{text}");
        }
        for text in ["", "yesterday", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 CET"] {
            assert_eq!(Timestamp::from_http_date(text), None, "{text}");
        }
    }
}
