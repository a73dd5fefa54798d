//! The names of the processes of a Murmuration, as the command line and the run file spell them.

use std::fmt;
use std::str::FromStr;

use contracts::service;
use protocol::Service;
use serde::{Deserialize, Serialize};

/// One process that `murmur up` starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Process {
    /// The broker, nats-server.
    Nats,
    /// The read side's store, redis-server.
    Redis,
    /// A service that owns a stream.
    Service(Service),
    Query,
    Composer,
}

/// No process has that name.
#[derive(Debug, thiserror::Error)]
#[error(
    "no process is called {0:?}; there are nats, redis, customer, product, order, inventory, \
     payment, shipping, query and composer"
)]
pub struct UnknownProcess(String);

impl Process {
    /// All of them, in the order in which they are listed. Stores come first: the others need them.
    pub const ALL: [Self; 10] = [
        Self::Nats,
        Self::Redis,
        Self::Service(service::CUSTOMER),
        Self::Service(service::PRODUCT),
        Self::Service(service::ORDER),
        Self::Service(service::INVENTORY),
        Self::Service(service::PAYMENT),
        Self::Service(service::SHIPPING),
        Self::Query,
        Self::Composer,
    ];

    /// The name, also that of its folder and log.
    pub const fn name(&self) -> &str {
        match self {
            Self::Nats => "nats",
            Self::Redis => "redis",
            Self::Service(service) => service.name(),
            Self::Query => "query",
            Self::Composer => "composer",
        }
    }

    /// Whether others keep what they know in it.
    pub const fn is_store(self) -> bool {
        matches!(self, Self::Nats | Self::Redis)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Process {
    type Err = UnknownProcess;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|process| process.name() == name || (*process == Self::Nats && name == "broker"))
            .ok_or_else(|| UnknownProcess(name.to_owned()))
    }
}

impl TryFrom<String> for Process {
    type Error = UnknownProcess;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Service> for Process {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
}

impl From<Process> for String {
    fn from(process: Process) -> Self {
        process.name().to_owned()
    }
}
