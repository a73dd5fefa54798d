//! The folding of one batch, beside whatever else is done, and what becomes of it if it panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle};

use crate::fold::{Changes, Damaged, Fold, Item, RecordCache, words_of};
use crate::keys::Generation;
use crate::store::{Store, StoreError};

/// What a batch came to.
pub(super) type Folded = Result<(Changes, RecordCache), Damaged>;

/// Nothing of what was folded can be used: what it says is all that is left.
#[derive(Debug)]
pub(super) struct Panicked(pub(super) String);

/// A batch that is being folded.
pub(super) enum Folding {
    Running(JoinHandle<Result<Folded, Panicked>>),
    Panicked(Panicked),
}

/// Reads what a batch touches, and has it folded.
pub(super) async fn begin(
    items: Vec<Arc<Item>>,
    cache: RecordCache,
    store: &mut Store,
    generation: &Generation,
) -> Result<Folding, StoreError> {
    let mut fold = match caught(|| Fold::start(items, cache)) {
        Ok(fold) => fold,
        Err(panicked) => return Ok(Folding::Panicked(panicked)),
    };
    let read = loop {
        let wanted = match caught(|| fold.wanted()) {
            Ok(wanted) => wanted,
            Err(panicked) => return Ok(Folding::Panicked(panicked)),
        };
        if wanted.is_empty() {
            break Ok(());
        }
        let values = store.read(generation, &wanted).await?;
        if let Err(damaged) = fold.fill(values) {
            break Err(damaged);
        }
    };
    let finish = move || caught(|| read.and_then(|()| fold.finish()));
    Ok(Folding::Running(tokio::task::spawn_blocking(finish)))
}

impl Folding {
    /// Waits until it is folded.
    pub(super) async fn end(self) -> Result<Result<Folded, Panicked>, JoinError> {
        match self {
            Self::Running(folding) => folding.await,
            Self::Panicked(panicked) => Ok(Err(panicked)),
        }
    }
}

/// What is caught is thrown away whole, so that nobody meets what is left half done.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| Panicked(words_of(&*panic)))
}
