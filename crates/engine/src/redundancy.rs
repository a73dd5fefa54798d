//! Whether all that a service holds is in two places. Only then may one of them be lost.
//!
//! That a service takes commands does not say so: one whose stream was lost decides while it publishes
//! its outbox again, and until that is through its database is the only copy.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use protocol::Service;
use serde::Serialize;

/// How long ago the stream may have been compared with the outbox. Three times as long as a healthy
/// broker lets it become: one that hangs raises no error.
pub const COMPARED_WITHIN: Duration = Duration::from_secs(10);

/// All that it depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Why the service does not work as usual, if it does not.
    pub hindered: Option<String>,
    /// The outbox's end.
    pub head: u64,
    /// What this process knows of its stream; nothing before its start has compared the two. What
    /// another process knew may be of a stream that is gone.
    pub stream: Option<KnownStream>,
    /// For each foreign stream, how far it is folded and decided.
    pub positions: BTreeMap<Service, (u64, u64)>,
    /// What is wrong with foreign streams, as their reader sees it.
    pub alarms: BTreeMap<Service, String>,
}

/// What a process knows of its stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownStream {
    /// Up to where it holds the outbox.
    pub acknowledged: u64,
    /// How long ago the two were compared.
    pub compared_ago: Duration,
    /// Why they have to be compared again, if they have to.
    pub doubt: Option<String>,
}

/// Something that is in one place only, or may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Missing {
    /// Rows of the outbox that the stream has not acknowledged.
    Rows {
        /// So many.
        rows: u64,
    },
    /// The service does not work as usual.
    Service {
        /// Why.
        reason: String,
    },
    /// What the stream holds is not known.
    Stream {
        /// Why.
        reason: String,
    },
    /// A replica lacks events that were decided by.
    Replica {
        /// Of this one's stream.
        of: Service,
        /// So many.
        rows: u64,
    },
    /// A foreign stream may have lost what was read of it.
    Foreign {
        /// Which.
        of: Service,
        /// What its reader sees.
        reason: String,
    },
}

/// What is missing; nothing if all is in two places.
#[must_use]
pub fn missing(observed: &Observed) -> Vec<Missing> {
    let Observed { hindered, head, stream, positions, alarms } = observed;
    let mut missing = Vec::new();
    if let Some(known) = stream {
        let rows = head.saturating_sub(known.acknowledged);
        missing.extend((rows > 0).then_some(Missing::Rows { rows }));
    }
    missing.extend(hindered.clone().map(|reason| Missing::Service { reason }));
    let unknown = match stream {
        // Then that is said already.
        None if hindered.is_some() => None,
        None => Some("it was not compared with the database yet".to_owned()),
        Some(known) => known.unknown(),
    };
    missing.extend(unknown.map(|reason| Missing::Stream { reason }));
    for (service, (folded, decided)) in positions {
        let (of, rows) = (*service, decided.saturating_sub(*folded));
        missing.extend((rows > 0).then_some(Missing::Replica { of, rows }));
    }
    let foreign = alarms.iter();
    missing.extend(
        foreign.map(|(service, reason)| Missing::Foreign { of: *service, reason: reason.clone() }),
    );
    missing
}

/// What is missing, in one sentence; nothing if nothing is.
#[must_use]
pub fn reason(missing: &[Missing]) -> Option<String> {
    let texts: Vec<_> = missing.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

impl KnownStream {
    fn unknown(&self) -> Option<String> {
        if let Some(doubt) = &self.doubt {
            return Some(format!("it has to be read back: {doubt}"));
        }
        let seconds = self.compared_ago.as_secs();
        (self.compared_ago > COMPARED_WITHIN)
            .then(|| format!("it was last seen {seconds} s ago: the broker does not answer"))
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows { rows: 1 } => f.write_str("1 row is in the database only"),
            Self::Rows { rows } => write!(f, "{rows} rows are in the database only"),
            Self::Service { reason } => f.write_str(reason),
            Self::Stream { reason } => write!(f, "what the stream holds is not known: {reason}"),
            Self::Replica { of, rows } => {
                let stream = of.stream();
                write!(f, "{rows} events of {stream} were decided by and are to be read again")
            }
            Self::Foreign { of, reason } => write!(f, "{}: {reason}", of.stream()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::service;

    /// Sixty-two rows, all in the stream.
    fn whole() -> Observed {
        let stream = Some(KnownStream { acknowledged: 62, ..KnownStream::default() });
        let positions = BTreeMap::from([(service::ORDER, (9, 7)), (service::CUSTOMER, (3, 3))]);
        Observed { head: 62, stream, positions, ..Observed::default() }
    }

    fn why(observed: &Observed) -> String {
        reason(&missing(observed)).unwrap_or_default()
    }

    #[test]
    fn all_rows_in_the_stream_and_replicas_as_far_as_decisions_are_two_places() {
        assert_eq!(missing(&whole()), []);
        assert_eq!(reason(&[]), None);
    }

    #[test]
    fn a_stream_that_begins_anew_holds_nothing_of_what_the_former_one_acknowledged() {
        let stream = Some(KnownStream::default());
        let anew = Observed { stream, ..whole() };
        assert_eq!(missing(&anew), [Missing::Rows { rows: 62 }]);
        assert_eq!(why(&anew), "62 rows are in the database only");
        let started = Observed { stream: None, ..whole() };
        assert!(why(&started).contains("not compared"), "{}", why(&started));
    }

    #[test]
    fn what_is_in_doubt_or_was_not_seen_for_long_counts_as_missing() {
        let known = |doubt: Option<&str>, seconds| KnownStream {
            acknowledged: 62,
            compared_ago: Duration::from_secs(seconds),
            doubt: doubt.map(str::to_owned),
        };
        let of = |known| Observed { stream: Some(known), ..whole() };
        assert_eq!(missing(&of(known(None, COMPARED_WITHIN.as_secs()))), []);
        assert!(why(&of(known(None, 11))).contains("11 s ago"));
        assert!(why(&of(known(Some("a consumer misses row 9"), 0))).contains("row 9"));
    }

    #[test]
    fn a_service_alone_says_why_and_how_many_rows() {
        let mut alone = Observed { hindered: Some("the broker is away".into()), ..whole() };
        alone.head = 63;
        assert_eq!(why(&alone), "1 row is in the database only; the broker is away");
        alone.stream = None;
        assert_eq!(why(&alone), "the broker is away");
    }

    #[test]
    fn replicas_behind_decisions_and_streams_with_an_alarm_are_told_by_name() {
        let mut observed = whole();
        observed.positions.insert(service::CUSTOMER, (3, 15));
        observed.alarms.insert(service::ORDER, "the stream ends at 0, 9 were read already".into());
        let why = why(&observed);
        assert!(why.starts_with("12 events of CUSTOMER"), "{why}");
        assert!(why.ends_with("ORDER: the stream ends at 0, 9 were read already"), "{why}");
    }
}
