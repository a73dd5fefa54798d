//! The right to take a store away. Two commands that look at the same time would both find all in two
//! places, and together lose both: so who looks holds a lock of the data folder until it has acted.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::Context as _;

/// The lock's file in the data folder.
pub const FILE: &str = "losses.lock";

/// Held from before the look until the store is away. It ends with its process, however that ends.
#[derive(Debug)]
#[must_use = "nobody else may take a store away only while it is held"]
pub struct Permit {
    _lock: File,
}

impl Permit {
    /// Takes it; none while somebody else holds it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn try_take(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(FILE);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot make {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_may_take_a_store_away() {
        let data = tempfile::tempdir().unwrap();
        let first = Permit::try_take(data.path()).unwrap();
        assert!(first.is_some() && Permit::try_take(data.path()).unwrap().is_none());
        drop(first);
        assert!(Permit::try_take(data.path()).unwrap().is_some());
    }
}
