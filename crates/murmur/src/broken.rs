//! What a command has broken for a while: a process that it stopped or froze, a system that it
//! started. However the command ends, it is mended before the process ends.
//!
//! What somebody else can hold for us is held there, so that it is mended even if this process is
//! killed: the supervisor starts again what was stopped through a connection that has closed
//! ([`crate::control::Supervisor::lease`]), and a system of our own ends when its standard input does.
//! Mending is then to let go, and to wait for what follows.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;

use crate::output::note;

/// All that is broken, by when that was noted.
static ALL: Mutex<BTreeMap<u64, Entry>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

type Mend = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Something broken that is to be mended. Dropping it mends nothing yet: the end of the command does.
#[must_use]
#[derive(Debug)]
pub(crate) struct Broken(u64);

struct Entry {
    /// What is broken: `customer is down`.
    what: String,
    /// What mends it, should this process not get to it.
    remedy: String,
    mend: Mend,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.remedy)
    }
}

impl Broken {
    /// Notes that something is broken, by what a person could mend it, and how it is mended.
    pub(crate) fn note(
        what: String,
        remedy: String,
        mend: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        all().insert(number, Entry { what, remedy, mend: Box::pin(mend) });
        Self(number)
    }

    /// Mends it.
    ///
    /// # Errors
    /// When it stays broken; the message says what mends it.
    pub(crate) async fn mend(self) -> anyhow::Result<()> {
        let Some(mut mending) = Mending::take(self.0) else { return Ok(()) };
        mending.finish().await
    }

    /// Somebody else has mended it.
    pub(crate) fn forget(self) {
        drop(all().remove(&self.0));
    }
}

/// Mends everything that is still broken, what was broken last first.
pub(crate) async fn mend_all() {
    loop {
        let last = all().last_key_value().map(|(number, _)| *number);
        let Some(mut mending) = last.and_then(Mending::take) else { break };
        note!("{} ...", mending.what());
        match mending.finish().await {
            Ok(()) => note!("... and has been mended"),
            Err(error) => note!("... and stays so: {error:#}"),
        }
    }
}

/// Says what is broken, and what mends it: nobody here does.
pub(crate) fn say_what_is_left() {
    for entry in all().values() {
        note!("left behind: {entry}");
    }
}

/// An entry that is being mended. If that is given up, it is still broken.
struct Mending {
    number: u64,
    entry: Option<Entry>,
}

impl Mending {
    fn take(number: u64) -> Option<Self> {
        let entry = Some(all().remove(&number)?);
        Some(Self { number, entry })
    }

    fn what(&self) -> &str {
        self.entry.as_ref().map_or("", |entry| &entry.what)
    }

    async fn finish(&mut self) -> anyhow::Result<()> {
        let Some(entry) = &mut self.entry else { return Ok(()) };
        let mended = entry.mend.as_mut().await;
        let mended = mended.with_context(|| entry.to_string());
        self.entry = None;
        mended
    }
}

impl Drop for Mending {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            all().insert(self.number, entry);
        }
    }
}

fn all() -> MutexGuard<'static, BTreeMap<u64, Entry>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::oneshot;

    use super::*;

    /// One test, since there is one list.
    #[tokio::test]
    async fn what_is_broken_is_mended_once_whoever_gives_up_before() {
        let mended = Arc::new(Mutex::new(Vec::new()));
        let breaks = |what: &'static str| {
            let mended = Arc::clone(&mended);
            Broken::note(what.to_owned(), String::new(), async move {
                mended.lock().unwrap().push(what);
                Ok(())
            })
        };
        let (first, _second, third) = (breaks("first"), breaks("second"), breaks("third"));
        first.mend().await.unwrap();
        third.forget();
        let (go_on, awaited) = oneshot::channel::<()>();
        let slow = Broken::note("slow".to_owned(), "wait".to_owned(), async move {
            awaited.await.context("nobody came")
        });
        let given_up = tokio::time::timeout(std::time::Duration::ZERO, slow.mend()).await;
        assert!(given_up.is_err());
        assert_eq!(all().last_key_value().unwrap().1.to_string(), "slow: wait");
        drop(go_on);
        mend_all().await;
        assert_eq!(*mended.lock().unwrap(), ["first", "second"]);
        assert!(all().is_empty());
    }
}
