//! Which versions of events a process writes and reads, where that is not what its build does by itself.
//!
//! A version that is new is written only once everybody reads it: until then the older one is. Which one
//! is said to the process when it starts, so that the same inputs make the same rows.

use std::collections::BTreeMap;

use protocol::choreography::Choreography;
use protocol::stored::RowError;
use protocol::{Event, EventError, Kind, Row, Service, StoredEvent};

/// What a process was told of versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    written: BTreeMap<Kind, u16>,
    read: BTreeMap<Kind, u16>,
}

/// Why a version cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVersion {
    /// Somebody else's, or nobody's.
    #[error("{service} publishes no {kind}: it cannot be told in which version to write it")]
    NotPublished {
        /// Who was told.
        service: Service,
        /// What.
        kind: Kind,
    },
    /// This build does not write it.
    #[error("this build does not write {event}: it writes {written}")]
    NotWritten {
        /// Its type.
        event: String,
        /// The types that it can write instead.
        written: String,
    },
    /// Nobody publishes it.
    #[error("there is no {0}: it cannot be said up to which version it is read")]
    Unknown(Kind),
    /// This build does not read it.
    #[error("this build does not read {event}: it reads up to {newest}")]
    NotRead {
        /// Its type.
        event: String,
        /// The newest type that it reads.
        newest: String,
    },
}

impl Versions {
    /// `service` writes these of its events in these versions, and reads rows up to those others, as a
    /// build does that knows no newer ones.
    ///
    /// # Errors
    /// When an event is not the service's, or this build does not know the version.
    pub fn of(
        choreography: &Choreography,
        service: Service,
        written: &[(Kind, u16)],
        read: &[(Kind, u16)],
    ) -> Result<Self, InvalidVersion> {
        for (kind, version) in written {
            can_write(choreography, service, *kind, *version)?;
        }
        for (kind, version) in read {
            can_read(choreography, *kind, *version)?;
        }
        let (written, read) = (written.iter().copied(), read.iter().copied());
        Ok(Self { written: written.collect(), read: read.collect() })
    }

    /// The version in which an event is written.
    pub(crate) fn written<E: Event>(&self, event: &E) -> u16 {
        self.written.get(&event.kind()).copied().unwrap_or_else(|| event.written())
    }

    /// Understands a row.
    ///
    /// # Errors
    /// When it is not understood, or is of a newer version than is to be read.
    pub(crate) fn understand<E: Event>(&self, row: &Row) -> Result<StoredEvent<E>, RowError> {
        let event = row.parse::<E>()?;
        let (kind, version) = (event.headers.kind, event.headers.version);
        match self.read.get(&kind) {
            Some(known) if version > *known => Err(EventError::newer(kind, version, *known).into()),
            Some(_) | None => Ok(event),
        }
    }
}

fn can_write(
    choreography: &Choreography,
    service: Service,
    kind: Kind,
    version: u16,
) -> Result<(), InvalidVersion> {
    let publication = choreography.publication(kind).filter(|_| kind.service() == service);
    let publication = publication.ok_or(InvalidVersion::NotPublished { service, kind })?;
    if publication.shape(version).is_some_and(|shape| shape.is_written) {
        return Ok(());
    }
    let written = publication.shapes().filter(|shape| shape.is_written);
    let written: Vec<_> = written.map(|shape| kind.event_type(shape.version)).collect();
    Err(InvalidVersion::NotWritten {
        event: kind.event_type(version),
        written: written.join(" or "),
    })
}

fn can_read(choreography: &Choreography, kind: Kind, version: u16) -> Result<(), InvalidVersion> {
    let publication = choreography.publication(kind).ok_or(InvalidVersion::Unknown(kind))?;
    if publication.shape(version).is_some() {
        return Ok(());
    }
    let newest = kind.event_type(publication.newest.version);
    Err(InvalidVersion::NotRead { event: kind.event_type(version), newest })
}

#[cfg(test)]
mod tests {
    use contracts::choreography::MURMURATION;
    use contracts::{kind, service};

    use super::*;

    fn of(service: Service, written: &[(Kind, u16)], read: &[(Kind, u16)]) -> String {
        let versions = Versions::of(&MURMURATION, service, written, read);
        versions.map_or_else(|error| error.to_string(), |_| "fine".to_owned())
    }

    #[test]
    fn what_a_build_does_not_write_or_read_is_refused() {
        let created = kind::SHIPPING_CREATED;
        for version in [1, 2] {
            let all = [(created, version)];
            assert_eq!(of(service::SHIPPING, &all, &all), "fine");
        }
        let refused = of(service::SHIPPING, &[(created, 3)], &[]);
        let wanted = "this build does not write shipping.created.v3: it writes \
                      shipping.created.v1 or shipping.created.v2";
        assert_eq!(refused, wanted);
        let refused = of(service::ORDER, &[(created, 1)], &[]);
        assert!(refused.starts_with("order publishes no shipping.created"), "{refused}");
        let refused = of(service::ORDER, &[], &[(created, 3)]);
        assert!(refused.contains("it reads up to shipping.created.v2"), "{refused}");
        let refused = of(service::ORDER, &[], &["order.eaten".parse().map(|it| (it, 1)).unwrap()]);
        assert!(refused.starts_with("there is no order.eaten"), "{refused}");
    }
}
