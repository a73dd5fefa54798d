//! Time travel: what something was at a moment of its history, folded anew from its own events.
//!
//! The events are the truth, and the tables are their fold: the same `apply` that made the tables of today
//! makes those of any moment, in a database of its own in memory. Deliberately absent: any change of what
//! has happened.

use std::str::FromStr;

use protocol::{Row, StoredEvent, Timestamp};

use crate::batch::step;
use crate::database::Database;
use crate::domain::Domain;
use crate::state::StateError;

/// A moment in the history of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After the event of this number, which is the version of what it changed.
    Version(u64),
    /// At this time, by the clock of the service that decided.
    Time(Timestamp),
}

/// A text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no moment: use a version, such as 17, or a time, such as 2026-01-31T12:00:00Z")]
pub struct InvalidMoment(String);

impl Moment {
    /// Whether the event had happened by then.
    #[must_use]
    pub fn includes<E>(self, event: &StoredEvent<E>) -> bool {
        match self {
            Self::Version(version) => event.headers.sequence <= version,
            Self::Time(time) => event.headers.time <= time,
        }
    }
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let version = text.parse().map(Self::Version);
        let moment = version.or_else(|_| text.parse().map(Self::Time));
        moment.map_err(|_| InvalidMoment(text.chars().take(64).collect()))
    }
}

/// The database that these rows of the service's own had made by then; none if nothing had happened. They
/// are in order, and whole for whatever is read of it: replicas are not in it.
///
/// # Errors
/// When a row is damaged, or cannot be applied.
pub fn folded<D: Domain>(
    domain: &D,
    rows: &[Row],
    until: Moment,
) -> Result<Option<Database>, StateError> {
    let failed = |error: &dyn std::fmt::Display| StateError::Contradiction(error.to_string());
    let events = rows.iter().map(|row| row.parse::<D::Event>().map_err(|error| failed(&error)));
    let mut events = events.collect::<Result<Vec<_>, _>>()?;
    events.retain(|event| until.includes(event));
    if events.is_empty() {
        return Ok(None);
    }
    let database = Database::in_memory(D::SERVICE, D::MIGRATIONS);
    let mut database = database.map_err(|error| failed(&error))?;
    database.transaction(|write| {
        events.iter().try_for_each(|event| step::apply(domain, write, event))
    })?;
    Ok(Some(database))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::tests::stage::{Orders, Stage, at, orders_in, place};
    use crate::outbox;

    #[test]
    fn at_each_version_and_time_things_are_as_they_were() {
        let mut stage = Stage::begun();
        let mut versions = Vec::new();
        for (number, id) in (0..).zip(["o-1", "o-2", "o-3"]) {
            stage.engine.run(&[place(id, None)], at(number)).unwrap();
            let then = orders_in(&stage.engine.read());
            versions.push((stage.engine.head().sequence, at(number), then));
        }
        let rows = outbox::rows(&stage.engine.read(), 1, u32::MAX).unwrap();
        for (version, time, then) in versions {
            for moment in [Moment::Version(version), Moment::Time(time)] {
                let database = folded(&Orders, &rows, moment).unwrap().unwrap();
                assert_eq!(orders_in(&database.read()), then, "{moment:?}");
            }
        }
        assert!(folded(&Orders, &rows, Moment::Version(0)).unwrap().is_none());
    }

    #[test]
    fn a_version_and_a_time_are_moments_and_nothing_else_is() {
        assert_eq!("17".parse(), Ok(Moment::Version(17)));
        assert!(matches!("2026-01-31T12:00:00Z".parse(), Ok(Moment::Time(_))));
        for text in ["", "-1", "yesterday", "2026-13-01T00:00:00Z"] {
            assert_eq!(text.parse::<Moment>(), Err(InvalidMoment(text.to_owned())));
        }
    }
}
