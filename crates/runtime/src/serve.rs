//! The life of a service's process.

mod fenced;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use contracts::choreography::MURMURATION;
use contracts::{Row, Service};
use engine::starting::{Fence, Found};
use engine::{Database, Domain, Engine, ReadPool, database, timers};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use warp::Filter as _;
use warp::http::StatusCode;

use crate::exit::{self, CutOff, Misconfigured};
use crate::handle::{Handle, unavailable};
use crate::heartbeat::Heartbeats;
use crate::http::server::{self, Routes};
use crate::http::{self, Api, Response};
use crate::nats::Connection;
use crate::reading::{self, Reading};
use crate::relay::{RelayShell, Suspect};
use crate::replicas::Replicas;
use crate::settings::{LogFormat, Settings};
use crate::shutdown::{Stop, StopSender, asked_to_stop, stop_signal};
use crate::start::{Start, Started, Tried};
use crate::status::{Stage, Standing, Status};
use crate::writer::{Letter, Writer};
use crate::{failpoint, telemetry, timekeeper};

/// Letters that wait for the writer at most, events of all streams included. Full, reading pauses.
const LETTERS_MAX: usize = 4_096;

/// Rows that are read ahead of the writer, for each stream.
const ROWS_AHEAD: usize = 1_024;

/// Threads for everything but the writer: six services share a small machine.
const WORKER_THREADS: usize = 2;

/// Runs a service until it is asked to stop, or has to. A failure's exit code, with its reason in the
/// log, if it cannot start or had to stop by itself.
pub fn serve<D: Domain, A: Into<Api>>(
    settings: Settings,
    domain: D,
    api: impl FnOnce(Handle<D>) -> A,
) -> ExitCode {
    run_to_exit(settings.process.log_format, live(settings, domain, api))
}

/// Runs the life of a process on threads of its own, and turns its end into an exit code.
pub fn run_to_exit(log: LogFormat, life: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    let run = || {
        telemetry::start(log)?;
        failpoint::arm_from_environment().map_err(|error| Misconfigured(error.into()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .enable_all()
            .build()
            .context("cannot start the threads of the process")?;
        let done = runtime.block_on(life);
        // A thread that still reads the standard input must not keep the process.
        runtime.shutdown_background();
        done
    };
    let ended = run();
    if let Err(error) = &ended {
        tracing::error!("{error:#}");
    }
    exit::code_of(&ended)
}

async fn live<D: Domain, A: Into<Api>>(
    settings: Settings,
    domain: D,
    api: impl FnOnce(Handle<D>) -> A,
) -> anyhow::Result<()> {
    // 1. Own the database.
    let engine = match open(&settings, domain)? {
        Opened::Usable(engine) => engine,
        Opened::Fenced(fence) => return fenced::live(&settings.process, D::SERVICE, fence).await,
    };
    let file = database::file_in(&settings.data, D::SERVICE);
    // 2. Serve: reads at once, commands as soon as the start is through.
    let (letters, inbox) = mpsc::channel(LETTERS_MAX);
    let (status, replicas) = (Status::new(D::SERVICE), Arc::new(Replicas::default()));
    replicas.load(&engine.read())?;
    status.tell(&engine);
    let (stopper, stop) = stop_signal(settings.process.drain());
    let stopper = Arc::new(stopper);
    let handle = Handle::new(letters.clone(), &file, Arc::clone(&replicas), status.clone());
    let listener = server::bind(settings.process.listen).await?;
    tracing::info!(service = %D::SERVICE, address = %listener.local_addr()?, "listening");
    let reads = ReadPool::new(&file);
    let timers = move || reads.read(timers::count).ok();
    tokio::spawn(measure_redundant(status.clone()));
    let api: Api = api(handle).into();
    let api = api.with(status_routes(status.clone(), timers));
    let api = api.called(&settings.process.http.hosts);
    let serving = tokio::spawn(server::serve(listener, api, stop.clone()));
    // 3. Start, and run until somebody or something stops it.
    let process = Process { settings, status, replicas, stopper, letters, inbox };
    let ran = process.run(*engine, stop).await;
    // 4. Finish what has begun.
    serving.await.context("the HTTP server has failed")?;
    ran
}

/// What opening the database came to.
enum Opened<D: Domain> {
    Usable(Box<Engine<D>>),
    /// A person has to choose.
    Fenced(Fence),
}

fn open<D: Domain>(settings: &Settings, domain: D) -> anyhow::Result<Opened<D>> {
    let database = match Database::open(&settings.data, D::SERVICE, D::MIGRATIONS) {
        Ok(database) => database,
        Err(error) => {
            return Fence::of_open(&error).map(Opened::Fenced).ok_or_else(|| error.into());
        }
    };
    if let Some(bytes_max) = settings.database_bytes_max {
        database.limit_bytes(bytes_max)?;
    }
    match Engine::new(domain, database) {
        Ok(engine) => Ok(Opened::Usable(Box::new(engine))),
        Err(error) => Fence::of_state(&error).map(Opened::Fenced).ok_or_else(|| error.into()),
    }
}

/// A service between its start and its end.
struct Process<D: Domain> {
    settings: Settings,
    status: Status,
    replicas: Arc<Replicas>,
    stopper: Arc<StopSender>,
    letters: mpsc::Sender<Letter<D>>,
    inbox: mpsc::Receiver<Letter<D>>,
}

impl<D: Domain> Process<D> {
    async fn run(self, engine: Engine<D>, mut stop: Stop) -> anyhow::Result<()> {
        let (status, stopper) = (self.status.clone(), Arc::clone(&self.stopper));
        let nats = &self.settings.process.nats;
        let connection = Connection::open(nats, D::SERVICE.name()).await?;
        tokio::spawn(tell_broker(self.status.clone(), connection.waits()));
        let heartbeats = Heartbeats::begin(connection.clone(), D::SERVICE, status.clone());
        let asked = asked_to_stop(self.settings.process.until_stdin_closes);
        let ended = tokio::select! {
            reason = asked => reason.map(Some),
            worked = self.work(engine, connection, stop.clone()) => worked.map(|()| None),
            () = stop.stopped() => Ok(None),
        };
        let asked_reason = match ended {
            Ok(asked_reason) => asked_reason,
            Err(error) => {
                heartbeats.end(Some(error.to_string())).await;
                return Err(error);
            }
        };
        stopper.start_deadline();
        // Before, nothing is published, and nothing can be waited for.
        let publishes = matches!(status.standing().stage, Stage::Ready | Stage::Alone);
        status.set_stage(Stage::Stopping, None);
        match asked_reason {
            Some(reason) => {
                tracing::info!(reason, "stopping");
                let drained = if publishes { drain_relay(&status, &stop).await } else { Ok(()) };
                stopper.stop(reason);
                heartbeats.end(drained.as_ref().err().map(ToString::to_string)).await;
                Ok(drained?)
            }
            None => {
                let reason = stop.reason().unwrap_or_default();
                stopper.stop("the process has to end");
                heartbeats.end(Some(reason.clone())).await;
                bail!("the process ends, so that its start can mend this: {reason}")
            }
        }
    }

    /// Starts, and then works until the process has to end.
    async fn work(
        self,
        mut engine: Engine<D>,
        connection: Connection,
        mut stop: Stop,
    ) -> anyhow::Result<()> {
        let start = Start {
            engine: &mut engine,
            connection: &connection,
            status: &self.status,
            data: self.settings.data.clone(),
            first_start: self.settings.first_start,
            stream_replicas: self.settings.stream_replicas,
            tried: Tried::default(),
        };
        match start.run().await? {
            Started::Fenced(fence) => {
                self.status.fence(&fence);
                stop.stopped().await;
            }
            Started::Ready(found) => {
                let readings = self.begin(engine, connection, found, stop.clone())?;
                stop.stopped().await;
                drop(readings);
            }
        }
        Ok(())
    }

    fn begin(
        self,
        engine: Engine<D>,
        connection: Connection,
        found: Found,
        stop: Stop,
    ) -> anyhow::Result<Vec<Reading>> {
        let (committed, from_writer) = mpsc::unbounded_channel();
        let (suspects, suspected) = mpsc::unbounded_channel();
        let file = database::file_in(&self.settings.data, D::SERVICE);
        let relay = RelayShell::new(
            D::SERVICE,
            connection.clone(),
            ReadPool::new(&file),
            self.status.clone(),
            Arc::clone(&self.stopper),
            suspects,
            (engine.head().sequence, found),
        );
        let readings = self.read_streams(&engine, &connection);
        let writer = Writer {
            engine,
            letters: self.inbox,
            relay: committed,
            replicas: self.replicas,
            status: self.status.clone(),
            connection: connection.clone(),
            stop: self.stopper,
        };
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || writer.run())?;
        tokio::spawn(relay.run(from_writer, stop));
        tokio::spawn(pass_on(suspected, self.letters.clone()));
        tokio::spawn(timekeeper::run(self.status.clone(), connection, self.letters));
        tokio::spawn(tell_ready(self.status));
        Ok(readings)
    }

    fn read_streams(&self, engine: &Engine<D>, connection: &Connection) -> Vec<Reading> {
        let mut readings = Vec::new();
        for stream in MURMURATION.streams_read_by(D::SERVICE) {
            let (sink, rows) = mpsc::channel(ROWS_AHEAD);
            let from = engine.positions().of(stream).folded;
            let name = D::SERVICE.name();
            let reading = reading::spawn(connection.clone(), name, stream, from, sink);
            self.status.add_reading(stream, reading.progress.clone());
            tokio::spawn(feed(stream, rows, self.letters.clone(), self.status.clone()));
            readings.push(reading);
        }
        readings
    }
}

/// Understands the rows of one stream and hands them to the writer, in order. What is not
/// understood holds the stream.
async fn feed<D: Domain>(
    stream: Service,
    mut rows: mpsc::Receiver<Row>,
    letters: mpsc::Sender<Letter<D>>,
    status: Status,
) {
    while let Some(row) = rows.recv().await {
        if status.is_held(stream) {
            return;
        }
        let event = match row.parse() {
            Ok(event) => Box::new(event),
            Err(error) => return status.hold(stream, format!("row {}: {error}", row.sequence)),
        };
        if letters.send(Letter::Event(event)).await.is_err() {
            return;
        }
    }
}

/// Passes on to the writer which message of the stream is damaged.
async fn pass_on<D: Domain>(
    mut suspected: mpsc::UnboundedReceiver<Suspect>,
    letters: mpsc::Sender<Letter<D>>,
) {
    while let Some(suspect) = suspected.recv().await {
        // A writer that is gone can only mean that the process ends.
        drop(letters.send(Letter::Suspect(suspect)).await);
    }
}

/// Tells why the broker is not there, whenever that changes.
async fn tell_broker(status: Status, mut waits: watch::Receiver<Option<String>>) {
    loop {
        let reason = waits.borrow_and_update().clone();
        status.update(|standing| standing.broker = reason);
        if waits.changed().await.is_err() {
            return;
        }
    }
}

/// Ready, once each replica has folded what decisions were already made by.
async fn tell_ready(status: Status) {
    let reached = |standing: &Standing| {
        standing.positions.values().all(|(folded, decided)| folded >= decided)
    };
    if status.watch().wait_for(reached).await.is_ok() {
        status.leave(Stage::Starting, Stage::Ready, None);
    }
}

/// Waits, as long as there is time, for the stream to acknowledge all that was committed.
async fn drain_relay(status: &Status, stop: &Stop) -> Result<(), CutOff> {
    let mut watch = status.watch();
    tokio::select! {
        _ = watch.wait_for(|standing| standing.acknowledged >= standing.head) => {
            tracing::info!("all that was committed is acknowledged");
            Ok(())
        }
        () = stop.given_up() => {
            let Standing { head, acknowledged, .. } = status.standing();
            Err(CutOff { head, acknowledged })
        }
    }
}

async fn measure_redundant(status: Status) {
    telemetry::measure_redundant(|| status.missing().is_empty()).await;
}

fn status_routes(
    status: Status,
    timers: impl Fn() -> Option<u64> + Send + Sync + 'static,
) -> Routes {
    let timers = Arc::new(timers);
    let report = move |status: &Status| status.report(timers());
    let (say, of) = (report.clone(), status.clone());
    let all = warp::path!("status").and(warp::get());
    let all = all.map(move || http::json(StatusCode::OK, &say(&of)));
    let ready = warp::path!("readyz").and(warp::get()).and(http::verbose());
    let ready = ready.map(move |verbose| ready_answer(&status, verbose, report(&status)));
    all.or(ready).unify().boxed()
}

/// Whether it takes commands; asked for more, also whether all is in two places.
fn ready_answer(status: &Status, verbose: bool, report: Value) -> Response {
    let standing = status.standing();
    match standing.stage {
        Stage::Ready | Stage::Alone => http::json(StatusCode::OK, &report),
        Stage::Starting | Stage::Fenced | Stage::Stopping => {
            let problem = unavailable("not-ready", "The service takes no commands.");
            let problem = problem.detail(status.reason().unwrap_or_default());
            let mut problem = problem.with("choices", standing.choices);
            if verbose {
                for member in ["redundant", "redundant_reason"] {
                    problem = problem.with(member, &report[member]);
                }
            }
            // The member "status" is the response's own.
            problem.with("standing", report).into_response()
        }
    }
}
