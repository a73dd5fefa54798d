//! Snapshots: sealed copies of a whole database, each as it was after one row. A database that is lost begins as
//! the newest of them, and gets from its stream what has happened since, as an older copy always does.
//!
//! Whoever writes one keeps it only once the stream holds all of its rows: a snapshot never knows more than the
//! stream. Which one is believed is said by its name, `SERVICE-ROW-SEAL.db`: the seal is the owner's, over the whole file.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::seal::{Seal, SealKeys};
use protocol::{Position, Service};
use sha2::{Digest as _, Sha256};

use super::{copy, identity, open_to_read, schema};
use crate::outbox;
use crate::state::{Read, StateError};

/// Where they are, unless another folder is named: in the database's own, so that whoever takes the one away takes
/// the other, too.
pub const FOLDER: &str = "snapshots";

/// Rows beyond the newest snapshot that make the next one worth its bytes: some seconds of restoring.
pub const ROWS_MIN: u64 = 50_000;

/// The same as a part of all rows, so that all the snapshots of a long history together write a few times what
/// the database holds, and not a multiple that grows with it.
const PART_OF_ALL: u64 = 4;

/// Snapshots that are kept: the newest, and the one before, should the newest be damaged.
const KEPT: usize = 2;

/// How the name ends of one that is being written. What a process leaves that was killed meanwhile, the next one
/// removes.
const DRAFT: &str = ".draft";

/// The snapshots of one service's database.
#[derive(Clone, Debug)]
pub struct Snapshots {
    folder: PathBuf,
    service: Service,
    keys: Arc<SealKeys>,
}

/// A copy that is written and not kept yet. What is not kept is removed with it: it may have filled the disk.
#[derive(Debug)]
pub struct Draft {
    file: PathBuf,
    head: Position,
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file cannot be written or read.
    #[error("cannot use the snapshots in {folder}: {source}")]
    Io {
        /// Where they are.
        folder: PathBuf,
        /// Why it cannot.
        source: io::Error,
    },
    /// The database cannot be copied, or the copy not be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Whether a snapshot is due at this row, after the newest one.
#[must_use]
pub fn is_due(newest: u64, head: u64, rows_min: u64) -> bool {
    head.saturating_sub(newest) >= rows_min.max(head / PART_OF_ALL)
}

/// The rows up to which there are snapshots of a service in a folder, the newest first.
#[must_use]
pub fn rows_in(folder: &Path, service: Service) -> Vec<u64> {
    all_in(folder, service).into_iter().map(|(row, ..)| row).collect()
}

impl Snapshots {
    /// The snapshots in a folder, which is made once there is one.
    #[must_use]
    pub const fn new(folder: PathBuf, service: Service, keys: Arc<SealKeys>) -> Self {
        Self { folder, service, keys }
    }

    /// The row of the newest one; 0 if there is none.
    #[must_use]
    pub fn newest(&self) -> u64 {
        rows_in(&self.folder, self.service).first().copied().unwrap_or(0)
    }

    /// Copies the database in `file`, beside its writer, as it is committed now. The chain over its rows is followed,
    /// so that no damage is sealed.
    ///
    /// # Errors
    /// When it cannot be copied, or its outbox is damaged.
    pub fn draft(&self, file: &Path) -> Result<Draft, SnapshotError> {
        // Not with what is above it: a folder that was taken away stays away.
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(self.io(error)),
            _ => {}
        }
        let draft = self.folder.join(format!("{}{DRAFT}", self.service));
        remove(&draft).map_err(|error| self.io(error))?;
        copy(&open_to_read(file)?, &draft)?;
        let mut draft = Draft { file: draft, head: Position::default() };
        draft.head = outbox::verify(&Read::new(&open_to_read(&draft.file)?))?;
        Ok(draft)
    }

    /// Keeps a draft, of which the stream holds all, and removes what is too old.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, draft: &Draft) -> Result<(), SnapshotError> {
        let kept = || {
            let seal = self.keys.seal_file(&digest(&draft.file)?);
            File::open(&draft.file)?.sync_all()?;
            let name = format!("{}-{}-{seal}.db", self.service, draft.head.sequence);
            fs::rename(&draft.file, self.folder.join(name))?;
            File::open(&self.folder)?.sync_all()?;
            self.all().iter().skip(KEPT).try_for_each(|(.., old)| remove(old))
        };
        kept().map_err(|error| self.io(error))
    }

    /// Begins the database `file`, which does not exist, as the newest snapshot that is this service's own and that
    /// this build understands. Says up to which row; nothing if there is none, and then the stream has it all.
    pub(super) fn begin(&self, file: &Path, migrations: &[&str]) -> Option<u64> {
        for (row, seal, snapshot) in self.all() {
            match self.begin_as(&snapshot, seal, file, migrations) {
                Ok(()) => {
                    tracing::info!(row, "the database begins as the snapshot of that row");
                    return Some(row);
                }
                Err(reason) => {
                    let snapshot = snapshot.display();
                    tracing::warn!(%snapshot, %reason, "a snapshot is left out");
                }
            }
        }
        None
    }

    fn begin_as(
        &self,
        snapshot: &Path,
        seal: Seal,
        file: &Path,
        migrations: &[&str],
    ) -> Result<(), String> {
        let failed = |error: io::Error| error.to_string();
        // What is checked is the copy: nobody can change it in between.
        let half = file.with_extension("half");
        remove(&half).map_err(failed)?;
        fs::copy(snapshot, &half).map_err(failed)?;
        let checked = match digest(&half) {
            Err(error) => Err(failed(error)),
            Ok(digest) if !self.keys.has_sealed_file(&digest, &seal) => {
                Err("it is not what this service has sealed".to_owned())
            }
            Ok(_) => self.check_known(&half, migrations).map_err(|error| error.to_string()),
        };
        let begun = checked.and_then(|()| begin(&half, file).map_err(failed));
        if begun.is_err() {
            // The next attempt removes it, if this fails.
            drop(remove(&half));
        }
        begun
    }

    fn check_known(&self, file: &Path, migrations: &[&str]) -> Result<(), StateError> {
        let connection = open_to_read(file)?;
        let state = Read::new(&connection);
        let (service, _) = identity(&state)?;
        if service.as_deref() != Some(self.service.name()) {
            return Err(StateError::Contradiction("it is another service's".to_owned()));
        }
        if schema::is_newer(&state, migrations)? {
            return Err(StateError::Contradiction("a newer build wrote it".to_owned()));
        }
        Ok(())
    }

    fn all(&self) -> Vec<(u64, Seal, PathBuf)> {
        all_in(&self.folder, self.service)
    }

    fn io(&self, source: io::Error) -> SnapshotError {
        SnapshotError::Io { folder: self.folder.clone(), source }
    }
}

impl Draft {
    /// Its last row: the stream must hold it before the draft is kept.
    #[must_use]
    pub const fn head(&self) -> Position {
        self.head
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // The next draft removes it, if this fails.
        drop(remove(&self.file));
    }
}

/// Makes a copy the database. The log of a database that is gone belongs to no other.
fn begin(half: &Path, file: &Path) -> io::Result<()> {
    for log in ["-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(log);
        remove(Path::new(&name))?;
    }
    File::open(half)?.sync_all()?;
    fs::rename(half, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// All of a service in a folder, the newest first.
fn all_in(folder: &Path, service: Service) -> Vec<(u64, Seal, PathBuf)> {
    let snapshot = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.strip_prefix(service.name())?;
        let (row, seal) = name.strip_prefix('-')?.strip_suffix(".db")?.split_once('-')?;
        Some((row.parse().ok()?, seal.parse().ok()?, path))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all: Vec<_> = entries.filter_map(|entry| snapshot(entry.path())).collect();
    all.sort_unstable_by(|(one, _, left), (other, _, right)| (other, right).cmp(&(one, left)));
    all
}

fn digest(file: &Path) -> io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(file)?, &mut hasher)?;
    Ok(hasher.finalize().into())
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
