//! Removes what no generation needs any more. Nobody writes to what no pointer names: the script that
//! writes compares the pointer.

use super::{Store, StoreError};
use crate::keys::{self, Generation};

/// Entries that one step looks at.
const STEP: u32 = 1_000;

impl Store {
    /// Removes the keys of every generation that no pointer names and that is older than the live
    /// one, or than the newest if none is live.
    ///
    /// # Errors
    /// When Redis fails; what is left is removed the next time.
    pub async fn sweep(mut self) -> Result<u64, StoreError> {
        let named = self.named().await?;
        let Some(newest) = named.iter().reduce(|a, b| if a.is_older_than(b) { b } else { a })
        else {
            return Ok(0);
        };
        let is_left = |owner: &Generation| owner.is_older_than(newest) && !named.contains(owner);
        self.remove(|key| Generation::owner_of(key).as_ref().is_some_and(is_left)).await
    }

    /// Removes the keys of one generation.
    ///
    /// # Errors
    /// When Redis fails; what is left is removed by the next sweep.
    pub async fn remove_generation(mut self, gone: &Generation) -> Result<u64, StoreError> {
        self.remove(|key| Generation::owner_of(key).as_ref() == Some(gone)).await
    }

    /// The generations that pointers name.
    async fn named(&mut self) -> Result<Vec<Generation>, StoreError> {
        let pointers = [keys::POINTER, keys::NEXT, keys::PREVIOUS].map(str::to_owned);
        let named: Vec<Option<String>> = self.mget(&pointers).await?;
        Ok(named.iter().flatten().filter_map(|text| text.parse().ok()).collect())
    }

    async fn remove(&mut self, is_left: impl Fn(&str) -> bool) -> Result<u64, StoreError> {
        let (mut cursor, mut removed) = (0_u64, 0);
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg("{query}:v*").arg("COUNT").arg(STEP);
            let (next, found): (u64, Vec<String>) = scan.query_async(&mut self.connection).await?;
            let left: Vec<&String> = found.iter().filter(|key| is_left(key)).collect();
            if !left.is_empty() {
                let mut unlink = redis::cmd("UNLINK");
                removed += unlink.arg(left).query_async::<u64>(&mut self.connection).await?;
            }
            if next == 0 {
                return Ok(removed);
            }
            cursor = next;
        }
    }
}
