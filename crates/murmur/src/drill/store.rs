//! A store that can be taken away: what it holds, and from where that comes back.

use std::str::FromStr;

use anyhow::Context as _;
use client::process::{Process, UnknownProcess};
use client::run_file::RunFile;
use contracts::service;
use protocol::Service;
use supervisor::redundancy::Loss;
use supervisor::service_status::{ServiceReport, ask_services};

/// One of the stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// The database of a service.
    Database(Service),
    /// All streams.
    Broker,
    /// The read model.
    Redis,
}

impl Store {
    /// Who keeps what it keeps there.
    pub(crate) const fn process(self) -> Process {
        match self {
            Self::Database(service) => Process::Service(service),
            Self::Broker => Process::Nats,
            Self::Redis => Process::Redis,
        }
    }

    /// What must be elsewhere before; nothing of what is derived.
    pub(crate) const fn loss(self) -> Option<Loss> {
        Loss::of(self.process())
    }

    /// Who may be noticed to go on without it, or to be without it.
    pub(crate) fn is_noticed_by(self, process: Process) -> bool {
        match self {
            Self::Database(service) => process == Process::Service(service),
            Self::Broker => matches!(process, Process::Nats | Process::Service(_)),
            Self::Redis => matches!(process, Process::Redis | Process::Query),
        }
    }

    /// What happens to it.
    pub(crate) fn taken_away(self) -> String {
        match self {
            Self::Database(service) => format!("the database of {service} is deleted"),
            Self::Broker => "the broker loses its disk, with all six streams".to_owned(),
            Self::Redis => "Redis is flushed: the whole read model is gone".to_owned(),
        }
    }

    /// From where it has come back, with so many events.
    pub(crate) fn back(self, events: u64) -> String {
        match self {
            Self::Database(service) => {
                let stream = service.stream();
                format!("back: {service} has restored {events} events from the stream {stream}")
            }
            Self::Broker => {
                format!("back: six outboxes have published {events} events again, in their order")
            }
            Self::Redis => format!("back: query has folded {events} events of six streams again"),
        }
    }

    /// How many events it holds: rows of an outbox, messages of all streams, or events that are folded.
    pub(crate) async fn events(self, running: &RunFile) -> anyhow::Result<u64> {
        let answers = ask_services(running).await;
        let of = |process: Process| -> anyhow::Result<&ServiceReport> {
            let answer = answers.get(&process).with_context(|| format!("{process} is not here"))?;
            answer.as_ref().map_err(|reason| anyhow::anyhow!("{process}: {reason}"))
        };
        match self {
            Self::Database(service) => Ok(of(service.into())?.head.unwrap_or_default()),
            Self::Broker => {
                let acknowledged = |service: Service| Ok(of(service.into())?.acknowledged);
                let all = service::ALL.into_iter().map(acknowledged);
                all.map(|one| one.map(Option::unwrap_or_default)).sum()
            }
            Self::Redis => {
                let streams = &of(Process::Query)?.streams;
                Ok(streams.values().map(|stream| stream.folded).sum())
            }
        }
    }
}

impl FromStr for Store {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let process: Process = name.parse().map_err(|error: UnknownProcess| error.to_string())?;
        match process {
            Process::Service(service) => Ok(Self::Database(service)),
            Process::Nats => Ok(Self::Broker),
            Process::Redis => Ok(Self::Redis),
            Process::Query | Process::Composer => Err(format!("{process} keeps nothing to lose")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_nothing_cannot_be_taken_away() {
        assert_eq!("broker".parse(), Ok(Store::Broker));
        assert_eq!("order".parse(), Ok(Store::Database(service::ORDER)));
        for none in ["query", "composer", "the-cat"] {
            assert!(none.parse::<Store>().is_err(), "{none}");
        }
    }

    #[test]
    fn only_what_is_derived_needs_no_second_place() {
        assert_eq!(Store::Redis.loss(), None);
        assert_eq!(Store::Broker.loss(), Some(Loss::Broker));
    }
}
