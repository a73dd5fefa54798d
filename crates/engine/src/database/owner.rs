//! One process owns a database: a lock beside its folder, and the file that stays the same file.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt};
use std::path::{Path, PathBuf};

use protocol::Timestamp;

use super::snapshots;

/// Proof of ownership, held as long as the value lives.
#[derive(Debug)]
pub(super) struct Owner {
    _lock: File,
    file: PathBuf,
    device_and_inode: (u64, u64),
}

/// Why this process does not, or no longer, own a database.
#[derive(Debug, thiserror::Error)]
pub enum NotOwner {
    /// Another process holds the lock.
    #[error(
        "another process owns this database: {0} is locked. Stop that process first; \
         the lock goes with it"
    )]
    Locked(PathBuf),
    /// The lock file cannot be made.
    #[error("cannot make the lock file {path}: {source}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder cannot be moved.
    #[error("cannot move {path}: {source}")]
    Move {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file at the path is gone or another one.
    #[error(
        "the database file {0} was removed or replaced while it was open: nothing more is \
         written; start the service again and it restores itself"
    )]
    Replaced(PathBuf),
}

/// Takes the lock beside `folder`. The lock is not in the folder, since whoever deletes the folder
/// would delete the lock with it, and a second owner could start.
pub(super) fn lock(folder: &Path) -> Result<File, NotOwner> {
    let path = lock_file(folder);
    let failed = |source| NotOwner::Lock { path: path.clone(), source };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(NotOwner::Locked(path)),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn lock_file(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

impl Owner {
    pub(super) fn of(lock: File, file: &Path) -> Result<Self, NotOwner> {
        let device_and_inode = identity(file).ok_or_else(|| NotOwner::Replaced(file.to_owned()))?;
        Ok(Self { _lock: lock, file: file.to_owned(), device_and_inode })
    }

    pub(super) fn check(&self) -> Result<(), NotOwner> {
        if identity(&self.file) == Some(self.device_and_inode) {
            return Ok(());
        }
        Err(NotOwner::Replaced(self.file.clone()))
    }
}

/// A database that no process has open, for as long as this value lives: to be looked at, and then
/// to be set aside.
#[derive(Debug)]
pub struct Aside {
    _lock: File,
    folder: PathBuf,
}

impl Aside {
    /// Takes the lock of the database in `folder`.
    ///
    /// # Errors
    /// When a process has it open.
    pub fn of(folder: &Path) -> Result<Self, NotOwner> {
        Ok(Self { _lock: lock(folder)?, folder: folder.to_owned() })
    }

    /// Moves the folder away, whole, under another name beside the old one, which is returned. The
    /// next start finds no database.
    ///
    /// # Errors
    /// When it cannot be moved; nothing has changed then.
    pub fn set_aside(self, now: Timestamp) -> Result<PathBuf, NotOwner> {
        let mut name = self.folder.as_os_str().to_owned();
        name.push(format!(".set-aside-{}", now.micros()));
        let aside = PathBuf::from(name);
        let failed = |source| NotOwner::Move { path: self.folder.clone(), source };
        std::fs::rename(&self.folder, &aside).map_err(failed)?;
        Ok(aside)
    }

    /// The same, but the snapshots stay: the next start begins with the newest.
    ///
    /// # Errors
    /// When something cannot be moved. What has been moved already stays where it is.
    pub fn set_aside_but_snapshots(self, now: Timestamp) -> Result<PathBuf, NotOwner> {
        let folder = self.folder.clone();
        let aside = self.set_aside(now)?;
        let moved = || {
            DirBuilder::new().mode(0o700).create(&folder)?;
            std::fs::rename(aside.join(snapshots::FOLDER), folder.join(snapshots::FOLDER))
        };
        moved().map_err(|source| NotOwner::Move { path: aside.clone(), source })?;
        Ok(aside)
    }
}

fn identity(file: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
