//! The start: see, judge, act, and see again, until outbox and stream tell one history.
//!
//! What follows from what was seen is in [`crate::starting`]; here is what is looked at, in which order,
//! and how each step is done. Each pass is a routine of its own: whatever interrupts it, the next one begins
//! by looking.

mod gather;
mod rebuild;
mod removal;
mod restore;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use protocol::Service;
use protocol::choreography::Choreography;

use super::Settings;
use super::routine::{AskError, Asked, Port, Routine, Shared};
use super::seam::{BrokerAnswer, DatabaseAnswer};
use super::seam::{BrokerRequest, DatabaseRequest, RequestId};
use crate::batch::Fatal;
use crate::domain::Domain;
use crate::starting::{self, Fence, Found, Observation, Step};

/// Wait before the broker is asked again.
const RETRY: Duration = Duration::from_millis(100);

/// How long a replaced writer gets to see that it was, before the stream that it has written into is
/// rebuilt. Running, it knows another stream by its creation; to its next start, one that begins anew
/// would look like one that has lost its tail.
const STALE_WRITER_PATIENCE: Duration = Duration::from_secs(2);

/// A start under way.
pub(super) struct Startup {
    pass: Option<Routine<Passed>>,
    not_before: Duration,
    tried: Tried,
    /// Whose last event names a row of this service that never was, and who of them was not told of yet.
    disbelieved: BTreeSet<Service>,
    unreported: Vec<Service>,
    settings: Settings,
}

/// What was done already in this start.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    copied: bool,
    rebuilt: bool,
    configured: bool,
    met_stale_write: bool,
    waited_for_stale_writer: bool,
}

/// One pass: what it works with.
struct Pass {
    service: Service,
    choreography: &'static Choreography,
    port: Port,
    tried: Tried,
    disbelieved: Vec<Service>,
    settings: Settings,
}

/// How a pass ended, and what was tried by then.
struct Passed {
    tried: Tried,
    disbelieved: Vec<Service>,
    went: Result<Option<Found>, StartError>,
    said: String,
}

/// Why a pass did not come to its end.
enum StartError {
    /// The broker could not be asked: again.
    Broker(String),
    /// Somebody else gets time first.
    Patience(Duration),
    /// A person has to choose.
    Fence(Fence),
    /// The database failed.
    Fatal(Fatal),
}

/// What has become of a start.
pub(super) enum Started {
    /// It goes on.
    Underway,
    /// It has come by here, as people may want to know.
    Passed(String),
    /// It waits, and why.
    Waits(String),
    /// Outbox and stream tell one history.
    Ready(Found),
    /// A person has to choose.
    Fenced(Fence),
    /// The process must end.
    Failed(Fatal),
}

impl Startup {
    pub(super) fn new(settings: Settings) -> Self {
        let (tried, disbelieved, unreported) = (Tried::default(), BTreeSet::new(), Vec::new());
        Self { pass: None, not_before: Duration::ZERO, tried, disbelieved, unreported, settings }
    }

    /// Goes on as far as it can.
    pub(super) fn advance<D: Domain>(&mut self, shared: &Rc<Shared>) -> Started {
        let now = shared.now().monotonic;
        if self.pass.is_none() && now >= self.not_before {
            self.pass = Some(self.begin::<D>(shared));
        }
        let Some(Poll::Ready(passed)) = self.pass.as_mut().map(Routine::poll) else {
            return Started::Underway;
        };
        self.pass = None;
        self.tried = passed.tried;
        let news = passed.disbelieved.into_iter().filter(|of| self.disbelieved.insert(*of));
        self.unreported.extend(news);
        match passed.went {
            Ok(Some(found)) => Started::Ready(found),
            Ok(None) => Started::Passed(passed.said),
            Err(StartError::Broker(reason)) => {
                self.not_before = now + RETRY;
                Started::Waits(reason)
            }
            Err(StartError::Patience(wait)) => {
                self.not_before = now + wait;
                let text =
                    "a replaced writer has slipped rows into the stream; it gets to see that";
                Started::Waits(text.to_owned())
            }
            Err(StartError::Fence(fence)) => Started::Fenced(fence),
            Err(StartError::Fatal(fatal)) => match Fence::of_fatal(&fatal) {
                Some(fence) => Started::Fenced(fence),
                None => Started::Failed(fatal),
            },
        }
    }

    /// Whose last event names a row of this service that never was: once each.
    pub(super) fn take_disbelieved(&mut self) -> Vec<Service> {
        std::mem::take(&mut self.unreported)
    }

    /// When it goes on, unless an answer comes first.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.pass.is_none().then_some(self.not_before)
    }

    /// Waits before it asks again.
    pub(super) fn hold_off(&mut self, now: Duration) {
        self.not_before = now + RETRY;
    }

    pub(super) const fn is_passing(&self) -> bool {
        self.pass.is_some()
    }

    pub(super) fn next_request(&mut self) -> Option<Asked> {
        self.pass.as_mut()?.next_request()
    }

    pub(super) fn take_broker(
        &mut self,
        id: RequestId,
        answer: Result<BrokerAnswer, String>,
    ) -> Option<Result<BrokerAnswer, String>> {
        match &mut self.pass {
            Some(pass) => pass.take_broker(id, answer),
            None => Some(answer),
        }
    }

    pub(super) fn take_database(
        &mut self,
        id: RequestId,
        answer: Result<DatabaseAnswer, Fatal>,
    ) -> Option<Result<DatabaseAnswer, Fatal>> {
        match &mut self.pass {
            Some(pass) => pass.take_database(id, answer),
            None => Some(answer),
        }
    }

    pub(super) fn disconnect(&mut self) {
        if let Some(pass) = &mut self.pass {
            pass.disconnect();
        }
    }

    fn begin<D: Domain>(&self, shared: &Rc<Shared>) -> Routine<Passed> {
        let (service, choreography) = (D::SERVICE, D::choreography());
        let (tried, settings) = (self.tried, self.settings.clone());
        Routine::begin(shared, move |port| {
            Pass { service, choreography, port, tried, disbelieved: Vec::new(), settings }.run()
        })
    }
}

impl Pass {
    async fn run(mut self) -> Passed {
        let mut said = String::new();
        let went = self.step(&mut said).await;
        Passed { tried: self.tried, disbelieved: self.disbelieved, went, said }
    }

    async fn step(&mut self, said: &mut String) -> Result<Option<Found>, StartError> {
        let seen = self.gather().await?;
        let step = starting::next(&seen);
        *said = format!("starts with {} rows: {step:?}", seen.head.sequence);
        self.disbelieved.clone_from(&seen.disbelieved);
        match self.carry_out(step).await {
            Err(StartError::Fence(fence)) => {
                self.at_fence(fence, &seen).await?;
                "takes out of its stream what somebody else wrote".clone_into(said);
                Ok(None)
            }
            went => went,
        }
    }

    /// The stream is published anew without what somebody else has written into it, if that is what is in
    /// the way, and a person has allowed it.
    async fn at_fence(&mut self, fence: Fence, seen: &Observation) -> Result<(), StartError> {
        let allowed = self.settings.drop_foreign;
        match allowed.filter(|first| fence.foreign_message() == Some(first.sequence)) {
            Some(first) => self.remove_foreign(first, seen).await,
            None => Err(StartError::Fence(fence)),
        }
    }

    async fn carry_out(&mut self, step: Step) -> Result<Option<Found>, StartError> {
        match step {
            Step::BeginHistory => {
                let history = self.settings.fresh_history;
                self.port.note(DatabaseRequest::BeginHistory(history)).await?;
            }
            Step::CreateStream => {
                let verified = self.port.verify().await?;
                verified.map_err(|what| StartError::Fence(Fence::OutboxDamaged(what)))?;
                self.port.change(BrokerRequest::Create).await?;
            }
            Step::Configure => {
                // What is lost on its way was not tried.
                self.port.change(BrokerRequest::Configure).await?;
                self.tried.configured = true;
            }
            Step::Restore { up_to, .. } => return self.restore(up_to).await,
            Step::Rebuild => self.rebuild().await?,
            Step::Publish(found) => {
                if self.port.notes().await?.corrupt.is_some() {
                    self.port.note(DatabaseRequest::NoteCorrupt(0)).await?;
                }
                return Ok(Some(found));
            }
            Step::Fence(fence) => return Err(StartError::Fence(fence)),
        }
        Ok(None)
    }
}

impl From<AskError> for StartError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Broker(reason) => Self::Broker(reason),
            AskError::Database(fatal) => Self::Fatal(fatal),
        }
    }
}
