//! The data folder: everything that one Murmuration keeps, and what is to be remembered of it from
//! one `murmur up` to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use client::process::Process;
use contracts::service;
use protocol::Service;
use serde::{Deserialize, Serialize};

use crate::redundancy::permit;

/// Version of the folder's layout. A newer one is refused.
const FORMAT: u32 = 1;
/// The file that makes a folder a data folder.
const MARKER: &str = "murmuration.json";

/// A data folder that belongs to this process as long as the value lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    memory: Memory,
    _lock: File,
}

#[derive(Debug, Deserialize, Serialize)]
struct Memory {
    format: u32,
    /// Services that have never been ready: only they may begin a new history. A service that has
    /// been ready once and finds neither database nor stream has lost both, and must say so.
    never_ready: BTreeSet<Service>,
    /// Where everything listened last time.
    ports: BTreeMap<Process, u16>,
    /// Services beside the shop's, and the streams that each reads.
    #[serde(default)]
    newcomers: BTreeMap<Service, Vec<Service>>,
}

impl DataFolder {
    /// Opens a data folder, and makes it if it does not exist.
    ///
    /// # Errors
    /// When another supervisor owns it, or it is no data folder, or one of a newer version.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        let path = path.canonicalize().with_context(|| format!("cannot use {}", path.display()))?;
        let memory = Memory::load(&path)?;
        let lock = lock(&path)?;
        // Databases hold people's addresses, and logs their orders.
        fs::set_permissions(&path, Permissions::from_mode(0o700))
            .with_context(|| format!("cannot close {} to others", path.display()))?;
        fs::create_dir_all(path.join("logs"))?;
        let folder = Self { path, memory, _lock: lock };
        folder.save()?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a process keeps what it keeps.
    pub fn of(&self, process: Process) -> PathBuf {
        self.path.join(process.name())
    }

    /// Where a process's output goes.
    pub fn log_of(&self, process: Process) -> PathBuf {
        log_in(&self.path, process.name())
    }

    /// Whether a process may begin a new history.
    pub fn is_first_start(&self, process: Process) -> bool {
        matches!(process, Process::Service(service) if self.memory.never_ready.contains(&service))
    }

    /// A process is ready: it may never again begin a new history.
    pub fn was_ready(&mut self, process: Process) -> anyhow::Result<()> {
        match process {
            Process::Service(service) if self.memory.never_ready.remove(&service) => self.save(),
            Process::Service(_)
            | Process::Nats
            | Process::Redis
            | Process::Query
            | Process::Composer => Ok(()),
        }
    }

    /// Where everything listened last time.
    pub const fn last_ports(&self) -> &BTreeMap<Process, u16> {
        &self.memory.ports
    }

    /// Remembers where everything listens.
    pub fn keep_ports(&mut self, ports: &BTreeMap<Process, u16>) -> anyhow::Result<()> {
        self.memory.ports.extend(ports);
        self.save()
    }

    /// Services beside the shop's, and the streams that each reads.
    pub const fn newcomers(&self) -> &BTreeMap<Service, Vec<Service>> {
        &self.memory.newcomers
    }

    /// Remembers services beside the shop's; one that is known may be let read other streams.
    pub fn admit(&mut self, newcomers: BTreeMap<Service, Vec<Service>>) -> anyhow::Result<()> {
        self.memory.newcomers.extend(newcomers);
        self.save()
    }

    /// Deletes what a process keeps. Never its lock, which is beside its folder.
    pub fn wipe(&self, process: Process) -> anyhow::Result<()> {
        let doomed = self.of(process);
        match fs::remove_dir_all(&doomed) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot delete {}", doomed.display()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn save(&self) -> anyhow::Result<()> {
        let path = self.path.join(MARKER);
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, serde_json::to_vec_pretty(&self.memory)?)
            .and_then(|()| fs::rename(&unfinished, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Memory {
    fn load(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MARKER);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Self::new(folder),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let damaged = || format!("{} is damaged: restore it from a copy", path.display());
        let Format { format } = serde_json::from_slice(&text).with_context(damaged)?;
        if format > FORMAT {
            bail!(
                "{} has format {format}, this murmur knows up to {FORMAT}: use the newer murmur \
                 that made it, or another folder with --data",
                folder.display()
            );
        }
        serde_json::from_slice(&text).with_context(damaged)
    }

    /// Only an empty folder becomes a data folder: what is deleted in it later was made by us.
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let ours = ["logs", "supervisor.lock", permit::FILE, "murmuration.unfinished"];
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            if !ours.iter().any(|known| name == *known) {
                bail!(
                    "{} is not empty and no data folder of murmur ({} is in it): \
                     name another folder with --data",
                    folder.display(),
                    name.display()
                );
            }
        }
        let never_ready = service::ALL.into_iter().collect();
        let (ports, newcomers) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { format: FORMAT, never_ready, ports, newcomers })
    }
}

/// The log of that name in a data folder.
pub fn log_in(data: &Path, name: &str) -> PathBuf {
    data.join("logs").join(format!("{name}.log"))
}

fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join("supervisor.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("cannot make {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "a Murmuration runs already in {}: `murmur status` shows it, `murmur down` ends it, \
             --data names another folder",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// Whether a supervisor owns that data folder.
pub fn is_owned(folder: &Path) -> bool {
    let file = File::open(folder.join("supervisor.lock"));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Process = Process::Service(service::ORDER);

    #[test]
    fn a_service_may_begin_a_history_only_until_it_was_ready_once() {
        let data = tempfile::tempdir().unwrap();
        let mut folder = DataFolder::open(data.path()).unwrap();
        assert!(folder.is_first_start(ORDER));
        assert!(!folder.is_first_start(Process::Query));
        folder.was_ready(ORDER).unwrap();
        drop(folder);
        assert!(!DataFolder::open(data.path()).unwrap().is_first_start(ORDER));
    }

    #[test]
    fn a_second_supervisor_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let _first = DataFolder::open(data.path()).unwrap();
        let error = DataFolder::open(data.path()).unwrap_err().to_string();
        assert!(error.contains("runs already"), "{error}");
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_left_alone() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("thesis.txt"), "years of work").unwrap();
        let error = DataFolder::open(data.path()).unwrap_err().to_string();
        assert!(error.contains("thesis.txt"), "{error}");
    }

    #[test]
    fn a_folder_of_a_newer_version_is_refused() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(MARKER), r#"{"format":99,"new":true}"#).unwrap();
        let error = DataFolder::open(data.path()).unwrap_err().to_string();
        assert!(error.contains("newer"), "{error}");
    }

    #[test]
    fn wiping_deletes_the_folder_and_not_the_lock_beside_it() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        fs::create_dir(folder.of(ORDER)).unwrap();
        let lock = data.path().join("order.lock");
        fs::write(&lock, "").unwrap();
        folder.wipe(ORDER).unwrap();
        folder.wipe(ORDER).unwrap();
        assert!(!folder.of(ORDER).exists() && lock.exists());
    }
}
