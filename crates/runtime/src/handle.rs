//! What a service's routes hold: commands in, and the promise of rule 6 out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::process::Input;
use engine::promise::Durability;
use engine::{Answer, Domain, Read, ReadPool, Request, StateError};
use protocol::{Id, Service, Timestamp};
use tokio::sync::{Semaphore, mpsc};

use crate::command_result::{CommandResult, Promise};
use crate::failpoint::Point;
use crate::http::problem::kinds;
use crate::http::{CommandRequest, Problem, precondition};
use crate::replicas::Replicas;
use crate::status::{ProcessStatus, Stage, Status};
use crate::ticket::{Response, Ticket};
use crate::token::Token;

pub use crate::clock::now;

/// What happens to a process, as this one's driver takes it.
pub(crate) type Inbound<D> = Input<D, Ticket<<D as Domain>::Refusal, <D as Domain>::Event>>;

/// Commands that wait for a commit or for their promise at most. At a thousand a second this is
/// two seconds of work: whoever comes later had better come again.
pub const COMMANDS_WAITING_MAX: usize = 2_048;

/// Reads of the database at once. Each has a thread and three descriptors to itself, and more of them
/// than this make none of them faster.
const READS_AT_ONCE: usize = 32;

/// How long a request waits for what its token asks for.
pub const TOKEN_WAIT_MAX: Duration = Duration::from_secs(5);

/// A service that runs, as its routes see it.
#[derive(Debug)]
pub struct Handle<D: Domain> {
    shared: Arc<Shared<D>>,
}

#[derive(Debug)]
struct Shared<D: Domain> {
    driver: mpsc::UnboundedSender<Inbound<D>>,
    permits: Arc<Semaphore>,
    reads: ReadPool,
    reading: Semaphore,
    replicas: Arc<Replicas>,
    status: Status,
}

impl<D: Domain> Clone for Handle<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Domain> Handle<D> {
    pub(crate) fn new(
        driver: mpsc::UnboundedSender<Inbound<D>>,
        database: &Path,
        replicas: Arc<Replicas>,
        status: Status,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(COMMANDS_WAITING_MAX));
        let (reads, reading) = (ReadPool::new(database), Semaphore::new(READS_AT_ONCE));
        Self { shared: Arc::new(Shared { driver, permits, reads, reading, replicas, status }) }
    }

    /// Runs a command and waits until its answer is kept in two places, or says that it is not.
    ///
    /// # Errors
    /// The problem to answer with: not ready, too many at once, a key reused, a token not reached.
    pub async fn execute(
        &self,
        request: CommandRequest,
        command: D::Command,
    ) -> Result<CommandResult<D::Refusal, D::Event>, Problem> {
        self.check_stage(request.require_replicated)?;
        self.seen(&request.after).await?;
        let full = |_| {
            let detail = format!("{COMMANDS_WAITING_MAX} commands wait: come again");
            Problem::passing(&kinds::OVERLOADED).detail(detail)
        };
        let permit = Arc::clone(&self.shared.permits).try_acquire_owned().map_err(full)?;
        let (ticket, response) = Ticket::new(permit);
        let require_replicated = request.require_replicated;
        let CommandRequest { idempotency, traceparent, preconditions, .. } = request;
        let request = Request { idempotency, traceparent, preconditions };
        let command = Input::Command { command, request, ticket };
        self.shared.driver.send(command).map_err(|_| stopping())?;
        let (answer, promise) = match response.await.map_err(|_| outcome_unknown())? {
            Response::Answered(answer, promise) => (answer, promise),
            // The stage has changed meanwhile, and says why.
            Response::TurnedAway => {
                self.check_stage(require_replicated)?;
                return Err(stopping());
            }
        };
        Point::BeforeReply.pass();
        if require_replicated && promise.durability == Durability::Local {
            let detail = "it is kept in one place only, since the broker was lost meanwhile: ask again \
                with the same Idempotency-Key";
            return Err(Problem::passing(&kinds::ONLY_LOCAL).detail(detail));
        }
        executed(answer, promise)
    }

    /// Runs a query over one committed state that has seen what the token asks for.
    ///
    /// # Errors
    /// The problem to answer with.
    pub async fn read<T: Send + 'static>(
        &self,
        after: Token,
        query: impl FnOnce(&Read<'_>) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.seen(&after).await?;
        // Nobody closes it.
        let _permit = self.shared.reading.acquire().await.ok();
        let shared = Arc::clone(&self.shared);
        let found = tokio::task::spawn_blocking(move || shared.reads.read(query)).await;
        found.map_err(|error| Problem::defect(&error.to_string()))?.map_err(Problem::from)
    }

    /// Other services' entities, in memory.
    #[must_use]
    pub fn replicas(&self) -> &Replicas {
        &self.shared.replicas
    }

    /// How the service stands.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.shared.status
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        now()
    }

    /// A new id that no other has: a UUID of version 7, which sorts by time.
    #[must_use]
    pub fn new_id(&self) -> Id {
        let text = uuid::Uuid::now_v7().to_string();
        match text.parse() {
            Ok(id) => id,
            Err(_) => unreachable!("a UUID is an id"),
        }
    }

    fn check_stage(&self, require_replicated: bool) -> Result<(), Problem> {
        let standing = self.shared.status.standing();
        let reason = || self.shared.status.reason().unwrap_or_default();
        match standing.stage {
            Stage::Ready => Ok(()),
            Stage::Alone if !require_replicated => Ok(()),
            Stage::Alone => Err(Problem::passing(&kinds::ONLY_LOCAL).detail(reason())),
            Stage::Starting => Err(Problem::passing(&kinds::STARTING).detail(reason())),
            Stage::Fenced => Err(fenced(&standing)),
            Stage::Stopping => Err(stopping()),
        }
    }

    /// Waits, bounded, until the service has seen what the token names.
    async fn seen(&self, token: &Token) -> Result<(), Problem> {
        if token.0.is_empty() {
            return Ok(());
        }
        let wanted = wanted_of::<D>(token);
        let mut watch = self.shared.status.watch();
        let seen = watch.wait_for(|standing| {
            let mut seen: BTreeMap<Service, u64> =
                standing.positions.iter().map(|(stream, (folded, _))| (*stream, *folded)).collect();
            seen.insert(D::SERVICE, standing.head);
            wanted.missing(&seen).is_empty()
        });
        match tokio::time::timeout(TOKEN_WAIT_MAX, seen).await {
            Ok(_) => Ok(()),
            Err(_) => Err(self.not_caught_up(token)),
        }
    }

    fn not_caught_up(&self, token: &Token) -> Problem {
        let standing = self.shared.status.standing();
        let seen: serde_json::Map<_, _> = standing
            .positions
            .iter()
            .map(|(stream, (folded, _))| (stream.stream().to_owned(), (*folded).into()))
            .collect();
        Problem::new(&kinds::NOT_CAUGHT_UP).with("wanted", token.to_string()).with("seen", seen)
    }
}

/// What of a token a service has to wait for: what it does not read can never be missing from its
/// answers. The choreography says what that is; positions do not, before the first row of a stream.
fn wanted_of<D: Domain>(token: &Token) -> Token {
    let reads = D::choreography().streams_read_by(D::SERVICE);
    let mut wanted = token.clone();
    wanted.0.retain(|stream, _| *stream == D::SERVICE || reads.contains(stream));
    wanted
}

/// A person has to choose first.
pub(crate) fn fenced(standing: &ProcessStatus) -> Problem {
    let problem = Problem::passing(&kinds::FENCED);
    let problem = problem.detail(standing.reason.clone().unwrap_or_default());
    problem.with("choices", standing.choices)
}

fn stopping() -> Problem {
    Problem::passing(&kinds::STOPPING)
}

/// The command may be in the outbox, and the process ends before the stream has it. Never an answer
/// that promises anything.
fn outcome_unknown() -> Problem {
    Problem::passing(&kinds::OUTCOME_UNKNOWN).detail("ask again with the same Idempotency-Key")
}

fn executed<R, E>(answer: Answer<R, E>, promise: Promise) -> Result<CommandResult<R, E>, Problem> {
    match answer {
        Answer::Accepted { event, repeated } => {
            Ok(CommandResult::Accepted { event, repeated, promise })
        }
        Answer::Unchanged => Ok(CommandResult::Unchanged { promise }),
        Answer::Refused(refusal) => Ok(CommandResult::Refused(refusal)),
        Answer::KeyReused => {
            Err(Problem::new(&kinds::KEY_REUSED).detail("choose a new key for a new request"))
        }
        Answer::PreconditionFailed(current) => {
            Err(precondition::failed(current.as_ref().map(|current| current.tag.as_str())))
        }
        Answer::TooLarge { bytes, bytes_max } => {
            let problem = Problem::new(&kinds::ROW_TOO_LARGE);
            let detail =
                format!("it takes {bytes} bytes, and {bytes_max} are the limit: ask for less");
            Err(problem.detail(detail).with("bytes", bytes).with("bytes_max", bytes_max))
        }
        Answer::Failed(reason) => Err(Problem::defect(&reason)),
    }
}

#[cfg(test)]
mod tests {
    use engine::{Decision, Input, Validators, Write};
    use futures_util::FutureExt as _;

    use super::*;
    use crate::clock::Clock;
    use contracts::choreography::MURMURATION;
    use contracts::{Event, service};
    use protocol::choreography::Choreography;

    struct Idle;

    impl Domain for Idle {
        type Command = ();
        type Refusal = ();
        type Event = Event;

        const SERVICE: Service = service::INVENTORY;
        const MIGRATIONS: &'static [&'static str] = &[];

        fn choreography() -> &'static Choreography {
            &MURMURATION
        }

        fn command_name((): &()) -> &'static str {
            "stock"
        }

        fn validators(&self, _: &Read<'_>, (): &()) -> Result<Option<Validators>, StateError> {
            Ok(None)
        }

        fn decide(
            &self,
            _: &Read<'_>,
            _: Input<'_, (), Event>,
            _: Timestamp,
        ) -> Result<Decision<(), Event>, StateError> {
            Ok(Decision::Refuse(()))
        }

        fn apply(&self, _: &mut Write<'_>, _: &contracts::StoredEvent) -> Result<(), StateError> {
            Ok(())
        }
    }

    /// A handle whose driver takes commands and never answers.
    fn handle() -> (Handle<Idle>, mpsc::UnboundedReceiver<Inbound<Idle>>) {
        let ((driver, inbox), replicas) = (mpsc::unbounded_channel(), Arc::default());
        let status = Status::new(service::INVENTORY, Clock::start());
        status.publish(ProcessStatus { stage: Stage::Ready, ..ProcessStatus::default() });
        (Handle::new(driver, Path::new("unused.db"), replicas, status), inbox)
    }

    #[tokio::test]
    async fn one_command_more_than_may_wait_is_refused_and_may_come_again() {
        let (handle, inbox) = handle();
        let execute = || Box::pin(handle.execute(CommandRequest::default(), ()));
        let mut waiting: Vec<_> = (0..COMMANDS_WAITING_MAX).map(|_| execute()).collect();
        assert!(waiting.iter_mut().all(|command| command.now_or_never().is_none()));
        let problem = execute().await.unwrap_err();
        assert_eq!((problem.status.as_u16(), problem.kind.slug), (503, "overloaded"));
        assert!(problem.retry_after_seconds.is_some());
        waiting.clear();
        drop(inbox);
        let problem = execute().await.unwrap_err();
        assert_eq!(problem.kind.slug, "stopping", "there is room again, and nobody who works");
    }

    #[tokio::test]
    async fn a_command_that_was_taken_and_is_never_answered_has_an_unknown_outcome() {
        let (handle, mut inbox) = handle();
        let answered = async { drop(inbox.recv().await) };
        let (problem, ()) = tokio::join!(handle.execute(CommandRequest::default(), ()), answered);
        let problem = problem.unwrap_err();
        assert_eq!((problem.status.as_u16(), problem.kind.slug), (503, "outcome-unknown"));
    }

    #[tokio::test]
    async fn a_command_that_was_not_taken_is_told_why() {
        let (handle, mut inbox) = handle();
        let status = handle.status().clone();
        let turned_away = async {
            let Some(Inbound::<Idle>::Command { ticket, .. }) = inbox.recv().await else {
                unreachable!()
            };
            status.publish(ProcessStatus { stage: Stage::Fenced, ..ProcessStatus::default() });
            ticket.respond(Response::TurnedAway);
        };
        let execute = handle.execute(CommandRequest::default(), ());
        let (problem, ()) = tokio::join!(execute, turned_away);
        assert_eq!(problem.unwrap_err().kind.slug, "fenced");
    }

    #[test]
    fn a_stream_of_which_no_row_was_read_yet_is_waited_for_and_one_that_is_never_read_is_not() {
        let token: Token = "CUSTOMER=3,INVENTORY=2,PRODUCT=1".parse().unwrap();
        let wanted = wanted_of::<Idle>(&token);
        assert_eq!(wanted.to_string(), "INVENTORY=2,PRODUCT=1");
        let nothing_read = BTreeMap::new();
        assert_eq!(wanted.missing(&nothing_read).len(), 2);
    }
}
