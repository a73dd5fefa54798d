//! The broker's accounts: one for each service, by the choreography, so that nobody writes into another's
//! stream. `murmur up` makes the passwords at the first start of a data folder, and hands each process its
//! own, in its environment.
//!
//! A folder whose broker holds streams from before there were accounts goes on without: in an account of its
//! own, a service would not find them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use client::broker_keys::{self, BrokerKeys};
use client::process::Process;
use contract_docs::accounts::conf::block;
use contract_docs::accounts::{Account, Newcomer, accounts, foreign_prefix, inbox};
use contracts::choreography::MURMURATION;
use protocol::Service;

use crate::data_folder::DataFolder;
use crate::tls_files::TlsFiles;
use crate::{passwords, private_file};

/// What every broker is started with; the same file that serves outside of `murmur up`.
const CONFIGURATION: &str = include_str!("../../../nats/one-node.conf");

/// The account of who brings no name, in which a broker without accounts keeps all streams.
const ACCOUNT_OF_ANYBODY: &str = "$G";

/// What a process is told in its environment.
type Environment = BTreeMap<String, String>;

/// The accounts of a system, and their passwords.
#[derive(Debug)]
pub(crate) struct BrokerAccounts {
    accounts: Vec<Account>,
    keys: BrokerKeys,
}

/// Whether the broker of a data folder holds streams that anybody can write into.
pub(crate) fn is_open(folder: &DataFolder) -> bool {
    let streams = folder.of(Process::Nats).join("jetstream").join(ACCOUNT_OF_ANYBODY);
    let mut streams = fs::read_dir(streams.join("streams")).into_iter().flatten();
    !broker_keys::file_in(folder.path()).exists() && streams.next().is_some()
}

impl BrokerAccounts {
    /// Of a data folder: all of the shop's, and those of its newcomers. Makes the passwords that are missing.
    /// None, if that folder goes on without accounts.
    ///
    /// # Errors
    /// When the passwords cannot be read or written.
    pub(crate) fn make(folder: &DataFolder) -> anyhow::Result<Option<Self>> {
        if is_open(folder) {
            return Ok(None);
        }
        let mut accounts = accounts(&MURMURATION, &newcomers(folder));
        accounts.iter_mut().for_each(|account| account.is_open_to_operator = account.owns_streams);
        let names = accounts.iter().map(|account| &account.name);
        let keys = passwords::made(&broker_keys::file_in(folder.path()), names)?;
        Ok(Some(Self { accounts, keys: BrokerKeys(keys) }))
    }

    /// What each process of the shop is told.
    pub(crate) fn logins(&self) -> BTreeMap<Process, Environment> {
        let processes = Process::ALL.into_iter();
        processes.filter_map(|process| Some((process, self.login_of(process.name())?))).collect()
    }

    /// What a process is told, so that the broker lets it in.
    fn login_of(&self, name: &str) -> Option<Environment> {
        let account = self.accounts.iter().find(|account| account.name == name)?;
        let prefix = |stream: Service| format!("{}={}", stream.stream(), foreign_prefix(stream));
        let foreign: Vec<_> = account.foreign_streams().into_iter().map(prefix).collect();
        let said = [
            ("MURMUR_NATS_USER", name.to_owned()),
            ("MURMUR_NATS_PASSWORD", self.keys.password_of(name)?.expose().to_owned()),
            ("MURMUR_NATS_INBOX", inbox(name)),
            ("MURMUR_FOREIGN_PREFIX", foreign.join(",")),
        ];
        let said = said.into_iter().filter(|(_, value)| !value.is_empty());
        Some(said.map(|(variable, value)| (variable.to_owned(), value)).collect())
    }
}

/// What a process of a running system is told, as if it had been started with it; nothing where the broker
/// is open to everybody.
///
/// # Errors
/// When the passwords cannot be read.
pub fn login_of(data: &Path, process: Process) -> anyhow::Result<BTreeMap<String, String>> {
    let Some(keys) = BrokerKeys::find(&broker_keys::file_in(data))? else {
        return Ok(Environment::new());
    };
    let all = BrokerAccounts { accounts: accounts(&MURMURATION, &[]), keys };
    all.login_of(process.name()).with_context(|| format!("{process} has no account at the broker"))
}

/// The configuration of a data folder's broker.
pub(crate) fn configuration(accounts: Option<&BrokerAccounts>, tls: Option<&TlsFiles>) -> String {
    let mut text = CONFIGURATION.to_owned();
    if let Some(TlsFiles { certificate, key, .. }) = tls {
        let (certificate, key) = (certificate.display(), key.display());
        text += &format!("\ntls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}\n");
    }
    if let Some(BrokerAccounts { accounts, .. }) = accounts {
        text += &format!("\ninclude \"{}\"\n{}", broker_keys::FILE, block(accounts));
    }
    text
}

/// Writes for each newcomer of a data folder what it is to be started with: variables, for a shell to read.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write_logins_of_newcomers(
    folder: &DataFolder,
    nats: &str,
    tls: Option<&TlsFiles>,
    accounts: Option<&BrokerAccounts>,
) -> anyhow::Result<()> {
    for service in folder.newcomers().keys() {
        let mut said = accounts.and_then(|all| all.login_of(service.name())).unwrap_or_default();
        said.insert("MURMUR_NATS".to_owned(), nats.to_owned());
        let authority = tls.map(|tls| tls.authority.display().to_string());
        said.extend(authority.map(|authority| ("MURMUR_NATS_CA".to_owned(), authority)));
        let text: String =
            said.iter().map(|(variable, value)| format!("{variable}={value}\n")).collect();
        private_file::write(&folder.path().join(format!("{service}.env")), &text)?;
    }
    Ok(())
}

fn newcomers(folder: &DataFolder) -> Vec<Newcomer> {
    let newcomer = |(service, reads): (&Service, &Vec<Service>)| Newcomer {
        service: *service,
        reads: reads.clone(),
    };
    folder.newcomers().iter().map(newcomer).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use contracts::service::ORDER;

    use super::*;

    const LOYALTY: Service = Service::named("loyalty");

    fn keys_in(data: &Path) -> BrokerKeys {
        BrokerKeys::find(&broker_keys::file_in(data)).unwrap().unwrap()
    }

    #[test]
    fn a_new_folder_is_closed_and_each_process_gets_its_own_password_only() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let made = BrokerAccounts::make(&folder).unwrap().unwrap();
        let mode = fs::metadata(broker_keys::file_in(data.path())).unwrap().mode();
        assert_eq!(mode & 0o777, private_file::MODE);
        let (keys, logins) = (keys_in(data.path()), made.logins());
        assert_eq!(logins.len(), 7, "six services and query");
        for (process, login) in &logins {
            let own = keys.password_of(process.name()).unwrap().expose();
            assert_eq!(login["MURMUR_NATS_PASSWORD"], own);
            assert_eq!(login_of(data.path(), *process).unwrap(), *login);
            let others = logins.iter().filter(|(other, _)| *other != process);
            assert!(others.into_iter().all(|(_, other)| other["MURMUR_NATS_PASSWORD"] != own));
        }
        let order = &logins[&Process::Service(ORDER)];
        assert!(order["MURMUR_FOREIGN_PREFIX"].contains("PAYMENT=JS.PAYMENT.API"));
        let text = configuration(Some(&made), None);
        assert!(!text.contains(logins[&Process::Query]["MURMUR_NATS_PASSWORD"].as_str()));
        assert!(text.contains("user: order-operator, password: $OPERATOR_PASSWORD"));
    }

    #[test]
    fn what_is_made_stays_and_a_newcomer_gets_what_is_missing() {
        let data = tempfile::tempdir().unwrap();
        let mut folder = DataFolder::open(data.path()).unwrap();
        BrokerAccounts::make(&folder).unwrap();
        let before = keys_in(data.path());
        folder.admit(BTreeMap::from([(LOYALTY, vec![ORDER])])).unwrap();
        let made = BrokerAccounts::make(&folder).unwrap().unwrap();
        let after = keys_in(data.path());
        assert_eq!(before.password_of("order"), after.password_of("order"));
        write_logins_of_newcomers(&folder, "nats://127.0.0.1:1", None, Some(&made)).unwrap();
        let file = data.path().join("loyalty.env");
        let said = fs::read_to_string(&file).unwrap();
        let password = after.password_of("loyalty").unwrap().expose();
        assert!(said.contains(&format!("MURMUR_NATS_PASSWORD={password}\n")), "{said}");
        assert!(said.contains("MURMUR_FOREIGN_PREFIX=ORDER=JS.ORDER.API\n"), "{said}");
        assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, private_file::MODE);
    }

    #[test]
    fn a_folder_with_streams_from_before_goes_on_without_accounts() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let stream = folder.of(Process::Nats).join("jetstream/$G/streams/ORDER");
        fs::create_dir_all(stream).unwrap();
        assert!(BrokerAccounts::make(&folder).unwrap().is_none());
        assert!(login_of(data.path(), Process::Query).unwrap().is_empty());
        assert_eq!(configuration(None, None), CONFIGURATION);
        fs::remove_dir_all(folder.of(Process::Nats)).unwrap();
        assert!(BrokerAccounts::make(&folder).unwrap().is_some());
    }
}
