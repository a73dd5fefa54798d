//! Routines: what takes several answers, written from top to bottom.
//!
//! A start or a look at the stream asks one thing after the other. Written as a state machine, each
//! question would be a state of its own; written as an `async fn`, the compiler makes that state machine.
//! There is no executor and no waker: a routine waits for nothing but the answers to its own requests, and
//! the process polls it when one has come. So it is as deterministic as the rest.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::seam::{BrokerAnswer, BrokerRequest, DatabaseAnswer, DatabaseRequest, Now, RequestId};
use crate::batch::Fatal;

/// What all routines of a process share: the numbers of their requests, and the time.
#[derive(Debug, Default)]
pub(super) struct Shared {
    requests: Cell<RequestId>,
    now: Cell<Now>,
}

/// A request that a routine has made.
#[derive(Debug)]
pub(super) enum Asked {
    Broker(RequestId, BrokerRequest),
    Database(RequestId, DatabaseRequest),
}

/// Why a routine could not go on.
#[derive(Debug)]
pub(super) enum AskError {
    /// The broker does not answer, or not as it has to.
    Broker(String),
    /// The database failed.
    Database(Fatal),
}

/// A routine under way, which ends with an `R`.
pub(super) struct Routine<R> {
    desk: Rc<RefCell<Desk>>,
    future: Pin<Box<dyn Future<Output = R>>>,
}

/// What a routine holds to ask with.
#[derive(Clone)]
pub(super) struct Port {
    shared: Rc<Shared>,
    desk: Rc<RefCell<Desk>>,
}

#[derive(Default)]
struct Desk {
    asked: VecDeque<Asked>,
    of_broker: BTreeSet<RequestId>,
    of_database: BTreeSet<RequestId>,
    from_broker: BTreeMap<RequestId, Result<BrokerAnswer, String>>,
    from_database: BTreeMap<RequestId, Result<DatabaseAnswer, Fatal>>,
}

impl Shared {
    pub(super) fn next_request(&self) -> RequestId {
        self.requests.set(self.requests.get() + 1);
        self.requests.get()
    }

    pub(super) fn set_now(&self, now: Now) {
        self.now.set(now);
    }

    pub(super) fn now(&self) -> Now {
        self.now.get()
    }
}

impl<R> Routine<R> {
    /// Begins a routine; it runs when it is first polled.
    pub(super) fn begin<F: Future<Output = R> + 'static>(
        shared: &Rc<Shared>,
        routine: impl FnOnce(Port) -> F,
    ) -> Self {
        let desk = Rc::new(RefCell::new(Desk::default()));
        let port = Port { shared: Rc::clone(shared), desk: Rc::clone(&desk) };
        Self { desk, future: Box::pin(routine(port)) }
    }

    /// Goes on as far as it can. Not to be called after it has ended.
    pub(super) fn poll(&mut self) -> Poll<R> {
        self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// The next request that it has made.
    pub(super) fn next_request(&mut self) -> Option<Asked> {
        self.desk.borrow_mut().asked.pop_front()
    }

    /// Gives it an answer of the broker, or that back if it has not asked for it.
    pub(super) fn take_broker(
        &mut self,
        id: RequestId,
        answer: Result<BrokerAnswer, String>,
    ) -> Option<Result<BrokerAnswer, String>> {
        let mut desk = self.desk.borrow_mut();
        if !desk.of_broker.remove(&id) {
            return Some(answer);
        }
        desk.from_broker.insert(id, answer);
        None
    }

    /// The same of the database.
    pub(super) fn take_database(
        &mut self,
        id: RequestId,
        answer: Result<DatabaseAnswer, Fatal>,
    ) -> Option<Result<DatabaseAnswer, Fatal>> {
        let mut desk = self.desk.borrow_mut();
        if !desk.of_database.remove(&id) {
            return Some(answer);
        }
        desk.from_database.insert(id, answer);
        None
    }

    /// The connection is gone, and with it all that was asked of the broker.
    pub(super) fn disconnect(&mut self) {
        let mut desk = self.desk.borrow_mut();
        desk.asked.retain(|asked| matches!(asked, Asked::Database(..)));
        for id in std::mem::take(&mut desk.of_broker) {
            desk.from_broker.insert(id, Err("the connection was lost".to_owned()));
        }
    }
}

impl Port {
    pub(super) fn now(&self) -> Now {
        self.shared.now()
    }

    pub(super) async fn broker(&self, request: BrokerRequest) -> Result<BrokerAnswer, AskError> {
        let id = self.shared.next_request();
        {
            let mut desk = self.desk.borrow_mut();
            desk.of_broker.insert(id);
            desk.asked.push_back(Asked::Broker(id, request));
        }
        let answer =
            std::future::poll_fn(|_| match self.desk.borrow_mut().from_broker.remove(&id) {
                Some(answer) => Poll::Ready(answer),
                None => Poll::Pending,
            });
        answer.await.map_err(AskError::Broker)
    }

    pub(super) async fn database(
        &self,
        request: DatabaseRequest,
    ) -> Result<DatabaseAnswer, AskError> {
        let id = self.shared.next_request();
        {
            let mut desk = self.desk.borrow_mut();
            desk.of_database.insert(id);
            desk.asked.push_back(Asked::Database(id, request));
        }
        let answer =
            std::future::poll_fn(|_| match self.desk.borrow_mut().from_database.remove(&id) {
                Some(answer) => Poll::Ready(answer),
                None => Poll::Pending,
            });
        answer.await.map_err(AskError::Database)
    }
}

/// Two requests at once; both answers.
pub(super) async fn both<A, B>(
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
    let (mut from_first, mut from_second) = (None, None);
    std::future::poll_fn(|context| {
        if from_first.is_none()
            && let Poll::Ready(answer) = first.as_mut().poll(context)
        {
            from_first = Some(answer);
        }
        if from_second.is_none()
            && let Poll::Ready(answer) = second.as_mut().poll(context)
        {
            from_second = Some(answer);
        }
        match (from_first.take(), from_second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (first, second) => {
                (from_first, from_second) = (first, second);
                Poll::Pending
            }
        }
    })
    .await
}
