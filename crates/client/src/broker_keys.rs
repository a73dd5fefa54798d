//! The passwords of the broker's accounts, as `murmur up` keeps them in the data folder: whoever can read
//! the file may do everything at the broker.

use std::path::{Path, PathBuf};

use contract_docs::accounts::{OPERATOR, foreign_prefix, inbox, operator_in};
use contracts::service;
use protocol::Service;
use runtime::NatsSettings;
use runtime::address::Secret;

use crate::passwords::Passwords;

/// Its name.
pub const FILE: &str = "broker.keys";

/// What stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerKeys(pub Passwords);

/// The file in a data folder.
pub fn file_in(data: &Path) -> PathBuf {
    data.join(FILE)
}

impl BrokerKeys {
    /// Reads a file, if it is there.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    pub fn find(file: &Path) -> anyhow::Result<Option<Self>> {
        Ok(Passwords::find(file)?.map(Self))
    }

    /// The password of an account.
    pub fn password_of(&self, account: &str) -> Option<&Secret> {
        self.0.of(account)
    }

    /// How the operator reaches the broker at this address, to read every stream, those of newcomers too.
    pub fn for_operator(&self, nats: &str, newcomers: &[Service]) -> NatsSettings {
        let all = service::ALL.into_iter().chain(newcomers.iter().copied());
        let prefix = |stream| (stream, foreign_prefix(stream));
        NatsSettings {
            nats_user: Some(OPERATOR.to_owned()),
            nats_password: self.password_of(OPERATOR).cloned(),
            nats_inbox: inbox(OPERATOR),
            foreign_prefix: all.map(prefix).collect(),
            ..NatsSettings::at(nats)
        }
    }

    /// How the operator reaches it to do something to the stream of a service, or in its place.
    pub fn for_operator_in(&self, nats: &str, service: Service) -> NatsSettings {
        NatsSettings {
            nats_user: Some(operator_in(service.name())),
            nats_password: self.password_of(OPERATOR).cloned(),
            ..NatsSettings::at(nats)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_reads_from_outside_and_writes_from_inside() {
        let mut keys = BrokerKeys::default();
        keys.0.complete([OPERATOR], || Ok::<_, ()>("murmur_1".to_owned())).unwrap();
        let stamps = Service::named("stamps");
        let reads = keys.for_operator("nats://h:1", &[stamps]);
        assert!(reads.foreign_prefix.contains(&(stamps, "JS.STAMPS.API".to_owned())));
        assert_eq!(reads.nats_user.as_deref(), Some("operator"));
        assert!(reads.foreign_prefix.contains(&(service::ORDER, "JS.ORDER.API".to_owned())));
        let writes = keys.for_operator_in("nats://h:1", service::ORDER);
        assert_eq!(writes.nats_user.as_deref(), Some("order-operator"));
        assert!(writes.foreign_prefix.is_empty() && writes.nats_password == reads.nats_password);
    }
}
