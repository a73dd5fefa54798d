//! The passwords of the broker's accounts, as `murmur up` keeps them in the data folder: whoever can read
//! the file may do everything at the broker.
//!
//! It is a file that a nats-server's configuration includes, of one line `ORDER_PASSWORD = "…"` for each.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use contract_docs::accounts::conf::password_variable;
use contract_docs::accounts::{OPERATOR, foreign_prefix, inbox, operator_in};
use contracts::service;
use protocol::Service;
use runtime::NatsSettings;
use runtime::address::Secret;

/// Its name.
pub const FILE: &str = "broker.keys";

/// What stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerKeys(BTreeMap<String, Secret>);

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
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        // What is wrong with it would be told with the line, and with what stands there.
        let lines = toml::from_str::<BTreeMap<String, String>>(&text).ok();
        let lines = lines.with_context(|| {
            format!("{} does not hold lines such as ORDER_PASSWORD = \"…\"", file.display())
        })?;
        Ok(Some(Self(lines.into_iter().map(|(name, secret)| (name, secret.into())).collect())))
    }

    /// Makes a password for each account that has none.
    ///
    /// # Errors
    /// When none can be made.
    pub fn complete<E>(
        &mut self,
        accounts: impl IntoIterator<Item = impl AsRef<str>>,
        mut make: impl FnMut() -> Result<String, E>,
    ) -> Result<(), E> {
        for account in accounts {
            if let Entry::Vacant(missing) = self.0.entry(password_variable(account.as_ref())) {
                missing.insert(make()?.into());
            }
        }
        Ok(())
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let line =
            |(name, secret): (&String, &Secret)| format!("{name} = \"{}\"\n", secret.expose());
        self.0.iter().map(line).collect()
    }

    /// The password of an account.
    pub fn password_of(&self, account: &str) -> Option<&Secret> {
        self.0.get(&password_variable(account))
    }

    /// How the operator reaches the broker at this address, to read every stream.
    pub fn for_operator(&self, nats: &str) -> NatsSettings {
        let prefix = |stream| (stream, foreign_prefix(stream));
        NatsSettings {
            nats_user: Some(OPERATOR.to_owned()),
            nats_password: self.password_of(OPERATOR).cloned(),
            nats_inbox: inbox(OPERATOR),
            foreign_prefix: service::ALL.map(prefix).into(),
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
    fn what_is_written_is_read_and_what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        assert_eq!(BrokerKeys::find(&file).unwrap(), None);
        let mut keys = BrokerKeys::default();
        let make = |secret: &'static str| move || Ok::<_, ()>(secret.to_owned());
        keys.complete(["order", OPERATOR], make("murmur_1")).unwrap();
        keys.complete(["order", "loyalty"], make("murmur_2")).unwrap();
        fs::write(&file, keys.to_text()).unwrap();
        let found = BrokerKeys::find(&file).unwrap().unwrap();
        assert_eq!(found, keys);
        assert_eq!(found.password_of("order").unwrap().expose(), "murmur_1");
        assert_eq!(found.password_of("loyalty").unwrap().expose(), "murmur_2");
        assert!(!format!("{found:?}").contains("murmur_"));
    }

    #[test]
    fn what_is_no_such_file_is_refused_without_what_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        fs::write(&file, "ORDER_PASSWORD = geheim").unwrap();
        let said = format!("{:#}", BrokerKeys::find(&file).unwrap_err());
        assert!(said.contains(FILE) && !said.contains("geheim"), "{said}");
    }

    #[test]
    fn the_operator_reads_from_outside_and_writes_from_inside() {
        let mut keys = BrokerKeys::default();
        keys.complete([OPERATOR], || Ok::<_, ()>("murmur_1".to_owned())).unwrap();
        let reads = keys.for_operator("nats://h:1");
        assert_eq!(reads.nats_user.as_deref(), Some("operator"));
        assert!(reads.foreign_prefix.contains(&(service::ORDER, "JS.ORDER.API".to_owned())));
        let writes = keys.for_operator_in("nats://h:1", service::ORDER);
        assert_eq!(writes.nats_user.as_deref(), Some("order-operator"));
        assert!(writes.foreign_prefix.is_empty() && writes.nats_password == reads.nats_password);
    }
}
