//! The one thread that owns the engine: carries out what is asked of the database, one after the other.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::task::{Context, Poll};
use std::time::Instant;

use engine::batch::Fatal;
use engine::process::{DatabaseAnswer, DatabaseRequest, Input, Inputs, RequestId};
use engine::{Batch, Domain, Engine};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::failpoint::Point;
use crate::handle::now;
use crate::replicas::Replicas;

/// One thing for the writer.
enum Job<D: Domain> {
    Commit(Inputs<D::Command, D::Event>),
    Ask(RequestId, DatabaseRequest),
}

/// What came of one.
enum Done<D: Domain> {
    Committed(Result<Batch<D::Refusal, D::Event>, Fatal>),
    Answered(RequestId, Result<DatabaseAnswer, Fatal>),
}

/// The way to the writer and back. The process bounds what is under way.
pub(super) struct WriterThread<D: Domain> {
    jobs: Sender<Job<D>>,
    done: UnboundedReceiver<Done<D>>,
}

/// The thread's own.
struct Writer<D: Domain> {
    engine: Engine<D>,
    replicas: Arc<Replicas>,
    jobs: Receiver<Job<D>>,
    done: UnboundedSender<Done<D>>,
}

impl<D: Domain> WriterThread<D> {
    /// Begins the thread. It ends with this value.
    pub(super) fn begin(engine: Engine<D>, replicas: Arc<Replicas>) -> std::io::Result<Self> {
        let ((jobs, to_do), (sender, done)) = (mpsc::channel(), unbounded_channel());
        let writer = Writer { engine, replicas, jobs: to_do, done: sender };
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || writer.run())?;
        Ok(Self { jobs, done })
    }

    pub(super) fn commit(&self, inputs: Inputs<D::Command, D::Event>) {
        self.send(Job::Commit(inputs));
    }

    pub(super) fn ask(&self, id: RequestId, request: DatabaseRequest) {
        self.send(Job::Ask(id, request));
    }

    /// A writer that is gone shows in [`Self::poll`].
    fn send(&self, job: Job<D>) {
        if self.jobs.send(job).is_err() {}
    }

    /// The next result; none if the thread has died.
    pub(super) fn poll<T>(&mut self, cx: &mut Context<'_>) -> Poll<Option<Input<D, T>>> {
        self.done.poll_recv(cx).map(|done| match done? {
            Done::Committed(batch) => Some(Input::Committed(batch)),
            Done::Answered(id, answer) => Some(Input::Database(id, answer)),
        })
    }
}

impl<D: Domain> Writer<D> {
    fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            let done = match job {
                Job::Commit(inputs) => Done::Committed(self.commit(inputs)),
                Job::Ask(id, request) => Done::Answered(id, self.answer(request)),
            };
            if self.done.send(done).is_err() {
                return;
            }
        }
    }

    fn commit(
        &mut self,
        inputs: Inputs<D::Command, D::Event>,
    ) -> Result<Batch<D::Refusal, D::Event>, Fatal> {
        let loading = !self.engine.positions().replicas_reach_decided();
        Point::BeforeCommit.pass();
        let began = Instant::now();
        let mut batch = self.engine.commit(inputs, now())?;
        Point::AfterCommit.pass();
        if loading {
            Point::MidReplicaLoad.pass();
        }
        metrics::histogram!("murmur_batch_seconds").record(began.elapsed().as_secs_f64());
        metrics::counter!("murmur_inputs_total").increment(batch.outcomes.len() as u64);
        for event in std::mem::take(&mut batch.folded) {
            self.replicas.take(&event)?;
        }
        Ok(batch)
    }

    fn answer(&mut self, request: DatabaseRequest) -> Result<DatabaseAnswer, Fatal> {
        let restores =
            matches!(request, DatabaseRequest::Restore(_) | DatabaseRequest::ConcludeRestoring(_));
        let answer = self.engine.answer(request)?;
        if restores {
            Point::MidRestore.pass();
        }
        Ok(answer)
    }
}
