//! Many who ask the same at once are answered by one read, which begins after each of them asked.
//!
//! Whoever comes while a read is under way is not given its result, which may be older than the
//! question, but waits for the next one: so there is at most one read under way and one to come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// How often others go first before the next read of what many ask: together that takes some ten
/// microseconds if nobody has anything to do.
const TURNS: u32 = 16;

type Waiting<T> = HashMap<String, Vec<oneshot::Sender<T>>>;

/// What is asked, and who waits for it.
pub(super) struct RequestCoalescer<T> {
    waiting: Arc<Mutex<Waiting<T>>>,
}

impl<T: Clone + Send + 'static> RequestCoalescer<T> {
    pub(super) fn new() -> Self {
        Self { waiting: Arc::default() }
    }

    /// The result of a `read` of this that begins after this was called. None if reading broke off.
    pub(super) async fn join<F>(
        &self,
        asked: &str,
        read: impl Fn() -> F + Send + 'static,
    ) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        if self.is_first(asked, sender) {
            // On its own: others may wait for it when the one who asked first is gone.
            tokio::spawn(serve(Arc::clone(&self.waiting), asked.to_owned(), read));
        }
        receiver.await.ok()
    }

    fn is_first(&self, asked: &str, sender: oneshot::Sender<T>) -> bool {
        let mut waiting = lock(&self.waiting);
        if let Some(others) = waiting.get_mut(asked) {
            others.push(sender);
            return false;
        }
        waiting.insert(asked.to_owned(), vec![sender]);
        true
    }
}

/// Reads for as long as anybody waits for it.
async fn serve<T: Clone, F: Future<Output = T>>(
    waiting: Arc<Mutex<Waiting<T>>>,
    asked: String,
    read: impl Fn() -> F,
) {
    let mut queue = Queue { waiting, asked, is_closed: false };
    while let Some(waiting) = queue.take() {
        let many = waiting.len() > 1;
        let result = read().await;
        for sender in waiting {
            // Whoever is gone needs no answer.
            drop(sender.send(result.clone()));
        }
        if many {
            wait_a_moment().await;
        }
    }
}

/// Lets others go first: of the many who were just answered, some ask again at once, and would otherwise
/// just miss the next read.
async fn wait_a_moment() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

/// Those who ask one thing. Leaves nobody waiting for a read that broke off.
struct Queue<T> {
    waiting: Arc<Mutex<Waiting<T>>>,
    asked: String,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// Who waits for the next read; when nobody does, there is none.
    fn take(&mut self) -> Option<Vec<oneshot::Sender<T>>> {
        let mut waiting = lock(&self.waiting);
        let taken = std::mem::take(waiting.get_mut(&self.asked)?);
        if taken.is_empty() {
            waiting.remove(&self.asked);
            self.is_closed = true;
            return None;
        }
        Some(taken)
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        if !self.is_closed {
            lock(&self.waiting).remove(&self.asked);
        }
    }
}

fn lock<T>(waiting: &Mutex<Waiting<T>>) -> MutexGuard<'_, Waiting<T>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn who_comes_during_a_read_is_answered_by_the_next_one_and_all_of_them_by_one() {
        let (coalescer, reads) = (Arc::new(RequestCoalescer::new()), Arc::new(AtomicU32::new(0)));
        let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (reads, begun, go_on) = (reads.clone(), begun.clone(), go_on.clone());
            let read = move || {
                let (reads, begun, go_on) = (reads.clone(), begun.clone(), go_on.clone());
                async move {
                    let nth = reads.fetch_add(1, Ordering::SeqCst) + 1;
                    begun.add_permits(1);
                    go_on.acquire().await.unwrap().forget();
                    nth
                }
            };
            let coalescer = Arc::clone(&coalescer);
            tokio::spawn(async move { coalescer.join("/a", read).await })
        };
        let first = ask();
        begun.acquire().await.unwrap().forget();
        let later = [ask(), ask(), ask()];
        while lock(&coalescer.waiting)["/a"].len() < later.len() {
            tokio::task::yield_now().await;
        }
        go_on.add_permits(2);
        assert_eq!(first.await.unwrap(), Some(1));
        for later in later {
            assert_eq!(later.await.unwrap(), Some(2));
        }
    }

    #[tokio::test]
    async fn a_read_that_breaks_off_leaves_nobody_waiting() {
        let coalescer = RequestCoalescer::new();
        let breaks: fn() -> std::future::Ready<u32> = || panic!("on purpose");
        assert_eq!(coalescer.join("/a", breaks).await, None);
        assert_eq!(coalescer.join("/a", || std::future::ready(7)).await, Some(7));
    }
}
