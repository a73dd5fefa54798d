//! What a command has to put right again: a process that it stopped or froze, a system that it
//! started. However the command ends, its cleanups run before the process ends.
//!
//! What somebody else can hold for us is held there, so that it is put right even if this process is
//! killed: the supervisor starts again what was stopped through a connection that has closed, and a
//! system of our own ends when its standard input does. A cleanup is then to let go, and to wait for
//! what follows.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;

use crate::note;

/// All cleanups, by when they were registered.
static ALL: Mutex<BTreeMap<u64, Entry>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

type Action = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// A cleanup. Dropping this runs nothing yet: the end of the command does.
#[must_use]
#[derive(Debug)]
pub struct Cleanup(u64);

struct Entry {
    /// What is to be put right: `customer is down`.
    what: String,
    /// What puts it right, should this process not get to it.
    remedy: String,
    action: Action,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.remedy)
    }
}

impl Cleanup {
    /// Registers what is to be put right, by what a person could do it, and how it is done here.
    pub fn register(
        what: String,
        remedy: String,
        work: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        all().insert(number, Entry { what, remedy, action: Box::pin(work) });
        Self(number)
    }

    /// Runs it.
    ///
    /// # Errors
    /// When it fails; the message says what a person can do.
    pub async fn run(self) -> anyhow::Result<()> {
        let Some(mut under_way) = UnderWay::take(self.0) else { return Ok(()) };
        under_way.finish().await
    }

    /// Somebody else has done it.
    pub fn forget(self) {
        drop(all().remove(&self.0));
    }
}

/// Runs all that are left, the last registered first.
pub async fn run_all() {
    loop {
        let last = all().last_key_value().map(|(number, _)| *number);
        let Some(mut under_way) = last.and_then(UnderWay::take) else { break };
        note!("{} ...", under_way.what());
        match under_way.finish().await {
            Ok(()) => note!("... and has been mended"),
            Err(error) => note!("... and stays so: {error:#}"),
        }
    }
}

/// Says what is left, and what puts it right: nobody here does.
pub fn say_what_is_left() {
    for entry in all().values() {
        note!("left behind: {entry}");
    }
}

/// A cleanup that is under way. If that is given up, it is still to be run.
struct UnderWay {
    number: u64,
    entry: Option<Entry>,
}

impl UnderWay {
    fn take(number: u64) -> Option<Self> {
        let entry = Some(all().remove(&number)?);
        Some(Self { number, entry })
    }

    fn what(&self) -> &str {
        self.entry.as_ref().map_or("", |entry| &entry.what)
    }

    async fn finish(&mut self) -> anyhow::Result<()> {
        let Some(entry) = &mut self.entry else { return Ok(()) };
        let done = entry.action.as_mut().await;
        let done = done.with_context(|| entry.to_string());
        self.entry = None;
        done
    }
}

impl Drop for UnderWay {
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
    async fn a_cleanup_runs_once_whoever_gives_up_before() {
        let done = Arc::new(Mutex::new(Vec::new()));
        let register = |what: &'static str| {
            let done = Arc::clone(&done);
            Cleanup::register(what.to_owned(), String::new(), async move {
                done.lock().unwrap().push(what);
                Ok(())
            })
        };
        let (first, _second, third) = (register("first"), register("second"), register("third"));
        first.run().await.unwrap();
        third.forget();
        let (go_on, awaited) = oneshot::channel::<()>();
        let slow = Cleanup::register("slow".to_owned(), "wait".to_owned(), async move {
            awaited.await.context("nobody came")
        });
        let given_up = tokio::time::timeout(std::time::Duration::ZERO, slow.run()).await;
        assert!(given_up.is_err());
        assert_eq!(all().last_key_value().unwrap().1.to_string(), "slow: wait");
        drop(go_on);
        run_all().await;
        assert_eq!(*done.lock().unwrap(), ["first", "second"]);
        assert!(all().is_empty());
    }
}
