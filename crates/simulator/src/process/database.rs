//! The database of a process: one thing after the other, as fast as the disk lets it, until it fails.

use std::path::PathBuf;

use engine::batch::Fatal;
use engine::database::owner::NotOwner;
use engine::process::{DatabaseAnswer, DatabaseRequest, Input, Inputs, RequestId};
use engine::rusqlite::ffi;
use engine::{Batch, Domain, StateError, rusqlite};
use protocol::Service;

use super::{Driver, End, Flow, Step};
use crate::env::Env;
use crate::fault::Fault;
use crate::seeded::DriverBug;

/// SQLite's code for a disk that fails.
const IO_ERROR: i32 = 10;

/// Longest wait, in microseconds, for what only reads.
const READ_MAX: u64 = 60;

/// Something that the database is to do.
pub(super) enum Job<C, E> {
    /// A transaction, and up to when news were looked for before its timers fire.
    Commit(Inputs<C, E>, u64),
    /// An answer, or a change.
    Request(RequestId, DatabaseRequest),
}

/// The database's file is no longer the one that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replaced {
    /// Whether that can be noticed before a commit.
    pub(super) notices: bool,
}

/// What came of a commit.
type Committed<D> = Result<Batch<<D as Domain>::Refusal, <D as Domain>::Event>, Fatal>;

impl<D: Domain> Driver<D> {
    pub(super) fn queue_commit(&mut self, env: &mut Env, mut inputs: Inputs<D::Command, D::Event>) {
        self.bug_at_commit(&mut inputs);
        let asked_at = self.news_asked_at(env);
        self.queue(env, Job::Commit(inputs, asked_at));
    }

    pub(super) fn queue(&mut self, env: &mut Env, job: Job<D::Command, D::Event>) {
        self.jobs.push_back(job);
        if self.jobs.len() == 1 {
            self.wait_for_disk(env);
        }
    }

    fn wait_for_disk(&self, env: &mut Env) {
        let wait = match self.jobs.front() {
            Some(Job::Commit(..)) => env.random.between(20, env.pace.disk_max),
            Some(Job::Request(..)) => env.random.between(1, READ_MAX),
            None => return,
        };
        env.later(self.pid, wait, Step::Disk);
    }

    pub(super) fn disk(&mut self, env: &mut Env) -> Flow {
        let Some(job) = self.jobs.pop_front() else { return Ok(()) };
        self.crash_anywhere(env)?;
        let input = match job {
            Job::Commit(inputs, asked_at) => Input::Committed(self.commit(env, inputs, asked_at)?),
            Job::Request(id, request) => Input::Database(id, self.answer(env, request)?),
        };
        self.crash_anywhere(env)?;
        self.wait_for_disk(env);
        self.take(env, input)
    }

    fn commit(
        &mut self,
        env: &mut Env,
        inputs: Inputs<D::Command, D::Event>,
        asked_at: u64,
    ) -> Result<Committed<D>, End> {
        if env.bug == Some(DriverBug::PublishBeforeCommit) && would_fail(env, D::SERVICE) {
            self.publish_uncommitted(env, inputs);
            return Err(End::Killed(Fault::CrashBeforeCommit));
        }
        self.crash_at(env, Fault::CrashBeforeCommit)?;
        if let Some(replaced) = self.notice_replacement(env) {
            return Ok(Err(replaced));
        }
        if env.strikes(D::SERVICE, Fault::DatabaseFailed) {
            return Ok(Err(failed()));
        }
        #[cfg(feature = "seeded-bugs")]
        engine::seeded::set_clock(env.clock(D::SERVICE));
        let batch = match self.engine.commit(inputs, env.clock(D::SERVICE)) {
            Ok(batch) => batch,
            Err(fatal) => {
                note_full(env, &fatal);
                return Ok(Err(fatal));
            }
        };
        self.crash_at(env, Fault::CrashAfterCommit)?;
        if env.strikes(D::SERVICE, Fault::DatabaseFailedLate) {
            return Ok(Err(failed()));
        }
        if !self.engine.positions().replicas_reach_decided() {
            self.crash_at(env, Fault::CrashWhileReplicaLoads)?;
        }
        for row in &batch.rows {
            env.record(D::SERVICE, || format!("row {}: {}", row.sequence, row.subject));
            self.check_deadline(env, row, asked_at);
        }
        self.bug_at_committed(&batch);
        Ok(Ok(batch))
    }

    fn answer(
        &mut self,
        env: &mut Env,
        request: DatabaseRequest,
    ) -> Result<Result<DatabaseAnswer, Fatal>, End> {
        let (mut restored, mut writes) = (0, false);
        match &request {
            DatabaseRequest::Restore(rows) => {
                self.crash_at(env, Fault::CrashWhileRestoring)?;
                (restored, writes) = (rows.len(), true);
            }
            DatabaseRequest::ConcludeRestoring(_) => {
                self.crash_at(env, Fault::CrashWhileRestoring)?;
                (restored, writes) = (1, true);
            }
            DatabaseRequest::BeginHistory(_)
            | DatabaseRequest::NoteCorrupt(_)
            | DatabaseRequest::Rewind(..) => writes = true,
            DatabaseRequest::Notes
            | DatabaseRequest::Rows { .. }
            | DatabaseRequest::Verify
            | DatabaseRequest::Copy(_) => {}
        }
        if writes && let Some(replaced) = self.notice_replacement(env) {
            return Ok(Err(replaced));
        }
        let unverified = self.bug_at_verify(env, &request);
        let answer = unverified.map_or_else(|| self.engine.answer(request), Ok);
        if let Err(fatal) = &answer {
            note_full(env, fatal);
        }
        if restored > 0 {
            let head = self.engine.head().sequence;
            env.record(D::SERVICE, || format!("takes {restored} rows over: it holds {head}"));
        }
        Ok(answer)
    }

    fn notice_replacement(&self, env: &mut Env) -> Option<Fatal> {
        self.replaced.filter(|replaced| replaced.notices)?;
        env.tally.fire(Fault::ZombieWithoutFile);
        Some(Fatal::NotOwner(NotOwner::Replaced(PathBuf::from(D::SERVICE.name()))))
    }
}

/// Whether a fault strikes at this commit.
fn would_fail(env: &mut Env, service: Service) -> bool {
    env.strikes(service, Fault::CrashBeforeCommit) || env.strikes(service, Fault::DatabaseFailed)
}

fn note_full(env: &mut Env, fatal: &Fatal) {
    if matches!(fatal, Fatal::State(StateError::Full)) {
        env.tally.fire(Fault::DatabaseFull);
    }
}

fn failed() -> Fatal {
    let error = rusqlite::Error::SqliteFailure(ffi::Error::new(IO_ERROR), None);
    Fatal::State(StateError::Database(error))
}
