//! What loyalty publishes, and what it understands of others: all events of the shop.

use contracts::{CustomerId, OrderId};
use protocol::{EventError, Id, Kind, Recovered, Service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The service.
pub const LOYALTY: Service = Service::named("loyalty");

/// The kinds of its events.
pub mod kind {
    use protocol::Kind;

    use super::LOYALTY;

    /// Points were promised for an order.
    pub const PROMISED: Kind = Kind::named(LOYALTY, "loyalty.promised");
    /// The order completed: the customer has the points.
    pub const EARNED: Kind = Kind::named(LOYALTY, "loyalty.earned");
    /// The order came to another end: the promise is taken back.
    pub const WITHDRAWN: Kind = Kind::named(LOYALTY, "loyalty.withdrawn");
    /// The service was restored from its stream.
    pub const RECOVERED: Kind = Kind::named(LOYALTY, "loyalty.recovered");
}

/// The version in which all of them are written.
pub const VERSION: u16 = 1;

/// The points of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Points {
    /// The order.
    pub order_id: OrderId,
    /// Whose points they are.
    pub customer_id: CustomerId,
    /// How many: one for each whole unit of the order's currency.
    pub points: u64,
}

/// An event that loyalty understands.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// One of the shop's.
    Shop(contracts::Event),
    /// Points were promised.
    Promised(Points),
    /// They are earned.
    Earned(Points),
    /// They are taken back.
    Withdrawn(Points),
    /// The service was restored.
    Recovered(Recovered),
}

impl protocol::Event for Event {
    fn kind(&self) -> Kind {
        match self {
            Self::Shop(event) => event.kind(),
            Self::Promised(_) => kind::PROMISED,
            Self::Earned(_) => kind::EARNED,
            Self::Withdrawn(_) => kind::WITHDRAWN,
            Self::Recovered(_) => kind::RECOVERED,
        }
    }

    fn version(&self) -> u16 {
        match self {
            Self::Shop(event) => event.version(),
            Self::Promised(_) | Self::Earned(_) | Self::Withdrawn(_) => VERSION,
            Self::Recovered(_) => Recovered::VERSION,
        }
    }

    fn written(&self) -> u16 {
        if let Self::Shop(event) = self { event.written() } else { self.version() }
    }

    fn id(&self) -> &Id {
        match self {
            Self::Shop(event) => event.id(),
            Self::Promised(points) | Self::Earned(points) | Self::Withdrawn(points) => {
                &points.order_id
            }
            Self::Recovered(recovered) => &recovered.service,
        }
    }

    fn parse(kind: Kind, version: u16, payload: &[u8]) -> Result<Self, EventError> {
        if kind.service() != LOYALTY {
            return contracts::Event::parse(kind, version, payload).map(Self::Shop);
        }
        if version > VERSION {
            return Err(EventError::newer(kind, version, VERSION));
        }
        match kind {
            kind::PROMISED => payload_of(kind, payload).map(Self::Promised),
            kind::EARNED => payload_of(kind, payload).map(Self::Earned),
            kind::WITHDRAWN => payload_of(kind, payload).map(Self::Withdrawn),
            kind::RECOVERED => payload_of(kind, payload).map(Self::Recovered),
            _ => Err(EventError::UnknownType(kind.event_type(version))),
        }
    }

    fn to_payload(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Shop(event) => event.to_payload(),
            Self::Promised(points) | Self::Earned(points) | Self::Withdrawn(points) => {
                serde_json::to_vec(points)
            }
            Self::Recovered(recovered) => serde_json::to_vec(recovered),
        }
    }

    fn payload_in(&self, version: u16) -> Result<Vec<u8>, EventError> {
        if let Self::Shop(event) = self {
            return event.payload_in(version);
        }
        if version != self.version() {
            return Err(EventError::NotWritten { kind: self.kind().to_string(), version });
        }
        self.to_payload().map_err(|error| EventError::payload(self.kind(), &error))
    }
}

fn payload_of<'a, T: Deserialize<'a>>(kind: Kind, payload: &'a [u8]) -> Result<T, EventError> {
    serde_json::from_slice(payload).map_err(|error| EventError::payload(kind, &error))
}
