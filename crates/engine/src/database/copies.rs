//! Copies of a database, written before its stream is deleted. Only the newest are kept.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use protocol::Timestamp;

use super::Database;
use crate::state::StateError;

/// Copies that are kept: that of now, and the one before, should what led to the first rebuild have
/// damaged the database before the second. Each is as large as the database.
pub(crate) const COPIES_KEPT: usize = 2;

const SUFFIX: &str = ".db";

/// Writes a copy to a file whose name begins with `prefix`, and removes those that are too old.
///
/// # Errors
/// When it cannot be written. None is removed then.
pub(crate) fn write(database: &Database, prefix: &Path, now: Timestamp) -> Result<(), StateError> {
    let mut name = prefix.as_os_str().to_owned();
    name.push(format!("{}{SUFFIX}", now.micros()));
    database.copy_to(Path::new(&name))?;
    for old in all(prefix).into_iter().rev().skip(COPIES_KEPT) {
        // One too many loses nothing.
        drop(std::fs::remove_file(old));
    }
    Ok(())
}

/// All copies, the oldest first.
fn all(prefix: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(start)) = (prefix.parent(), prefix.file_name()) else {
        return Vec::new();
    };
    let start = start.to_string_lossy();
    let written = |name: &OsStr| -> Option<i64> {
        name.to_string_lossy().strip_prefix(&*start)?.strip_suffix(SUFFIX)?.parse().ok()
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut copies: Vec<_> =
        entries.filter_map(|entry| Some((written(&entry.file_name())?, entry.path()))).collect();
    copies.sort_unstable();
    copies.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {

    use super::*;
    use contracts::service;

    #[test]
    fn the_newest_copies_stay_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::in_memory(service::ORDER, &[]).unwrap();
        let prefix = folder.path().join("order.before-rebuild-");
        let others = ["order.before-rebuild-note.db", "payment.before-rebuild-1.db"];
        for other in others {
            std::fs::write(folder.path().join(other), "").unwrap();
        }
        for micros in [900, 1_000, 20_000] {
            write(&database, &prefix, Timestamp::from_micros(micros)).unwrap();
        }
        let kept = all(&prefix).into_iter().map(|path| path.file_name().unwrap().to_owned());
        assert_eq!(
            kept.collect::<Vec<_>>(),
            ["order.before-rebuild-1000.db", "order.before-rebuild-20000.db"]
        );
        assert!(others.iter().all(|other| folder.path().join(other).exists()));
    }
}
