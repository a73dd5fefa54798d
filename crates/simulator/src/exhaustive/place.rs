//! Where a walk is. Small and copied, since there are hundreds of thousands of them.

use std::fmt;

use contracts::choreography::MURMURATION;
use contracts::service;
use protocol::choreography::{NONE, State};
use protocol::{Kind, Service};

use super::deciding::Asked;

/// The services that an order's saga runs through. Everything here counts them in this order.
pub(super) const SERVICES: [Service; 4] =
    [service::ORDER, service::INVENTORY, service::PAYMENT, service::SHIPPING];

/// Streams that one service reads, at most.
const UPSTREAM_MAX: usize = 3;

/// Rows of one stream, at most: the longest that a saga makes is four. More is a violation.
const ROWS_MAX: usize = 8;

/// How far a service has read each of its streams.
type Read = [u8; UPSTREAM_MAX];

/// One service's own events about the order, in their order; nothing after the last.
pub(super) type Own = [Option<Kind>; ROWS_MAX];

/// One state of the whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    rows: [[Option<(Kind, Read)>; ROWS_MAX]; 4],
    read: [Read; 4],
    placed: bool,
    cancelled: bool,
    deadline: bool,
    wipes: u8,
}

/// The streams of the saga that a service reads, as places in [`SERVICES`].
pub(super) fn upstream(reader: usize) -> impl Iterator<Item = usize> {
    (0..SERVICES.len()).filter(move |other| MURMURATION.decides(SERVICES[reader], SERVICES[*other]))
}

impl Place {
    /// Nothing has happened; so many databases may yet be lost.
    pub(super) const fn start(wipes: u8) -> Self {
        Self {
            rows: [[None; ROWS_MAX]; 4],
            read: [[0; UPSTREAM_MAX]; 4],
            placed: false,
            cancelled: false,
            deadline: false,
            wipes,
        }
    }

    pub(super) fn kinds(&self, service: usize) -> Own {
        self.rows[service].map(|row| row.map(|(kind, _)| kind))
    }

    pub(super) fn all_kinds(&self) -> impl Iterator<Item = Kind> {
        self.rows.iter().flatten().flatten().map(|(kind, _)| *kind)
    }

    /// The state of the order in each service: what the last own event made of it.
    pub(super) fn states(&self) -> [State; 4] {
        std::array::from_fn(|service| state_of(&self.kinds(service)))
    }

    pub(super) const fn is_used(&self, asked: Asked) -> bool {
        match asked {
            Asked::Place => self.placed,
            Asked::Cancel => self.cancelled,
            Asked::Deadline => self.deadline,
            Asked::Window | Asked::Event(_) => false,
        }
    }

    pub(super) const fn using(mut self, asked: Asked) -> Self {
        match asked {
            Asked::Place => self.placed = true,
            Asked::Cancel => self.cancelled = true,
            Asked::Deadline => self.deadline = true,
            Asked::Window | Asked::Event(_) => {}
        }
        self
    }

    /// Whether somebody asked for an end, or the deadline has passed.
    pub(super) const fn was_asked_to_end(&self) -> bool {
        self.cancelled || self.deadline
    }

    /// Whether the deadline has passed.
    pub(super) const fn is_past_the_deadline(&self) -> bool {
        self.deadline
    }

    /// The next row of each stream that a service reads and has not read to its end.
    pub(super) fn unread_by(&self, reader: usize) -> Vec<(usize, Kind)> {
        let next = |(nth, of): (usize, usize)| {
            let row = self.rows[of].get(usize::from(self.read[reader][nth]))?;
            row.map(|(kind, _)| (nth, kind))
        };
        upstream(reader).enumerate().filter_map(next).collect()
    }

    pub(super) fn has_unread(&self) -> bool {
        (0..SERVICES.len()).any(|reader| !self.unread_by(reader).is_empty())
    }

    pub(super) const fn having_read(mut self, reader: usize, nth: usize) -> Self {
        self.read[reader][nth] += 1;
        self
    }

    /// One more own event, with the positions that the service has now.
    pub(super) fn then(mut self, service: usize, kind: Kind) -> Result<Self, String> {
        let Some(free) = self.rows[service].iter_mut().find(|row| row.is_none()) else {
            return Err(format!("{} never stops", SERVICES[service]));
        };
        *free = Some((kind, self.read[service]));
        Ok(self)
    }

    /// Every way to lose one more database: with each end of its rows that nobody has read yet
    /// unpublished. State and positions come from what is left.
    pub(super) fn wipes(&self) -> Vec<Self> {
        if self.wipes == 0 {
            return Vec::new();
        }
        let mut wiped = Vec::new();
        for service in 0..SERVICES.len() {
            let rows = self.rows[service].iter().flatten().count();
            for keep in self.seen_of(service)..=rows {
                let mut place = *self;
                place.rows[service][keep..].fill(None);
                let last = keep.checked_sub(1).and_then(|last| place.rows[service][last]);
                place.read[service] = last.map_or([0; UPSTREAM_MAX], |(_, read)| read);
                place.wipes -= 1;
                wiped.push(place);
            }
        }
        wiped
    }

    /// Rows of a service that somebody has read, or that were answered for: those are in the stream.
    fn seen_of(&self, service: usize) -> usize {
        let by = |reader: usize| {
            let nth = upstream(reader).position(|of| of == service)?;
            Some(usize::from(self.read[reader][nth]))
        };
        let read = (0..SERVICES.len()).filter_map(by).max().unwrap_or(0);
        let answered = usize::from(service == 0 && self.rows[0][0].is_some());
        read.max(answered)
    }
}

/// The state that own events lead to.
pub(super) fn state_of(own: &Own) -> State {
    let last = own.iter().flatten().last();
    last.and_then(|kind| MURMURATION.state_after(*kind)).unwrap_or(NONE)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (service, rows) in SERVICES.into_iter().zip(&self.rows) {
            write!(f, "  {:<10}", service.stream())?;
            for (kind, read) in rows.iter().flatten() {
                write!(f, " {kind} {read:?}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
