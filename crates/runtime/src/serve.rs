//! The life of a service's process.

mod fenced;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use engine::process::{End, Input};
use engine::starting::Fence;
use engine::versions::Versions;
use engine::{Database, Domain, Engine, ReadPool, database, timers};
use protocol::SealKeys;
use serde_json::Value;
use tokio::sync::mpsc;
use warp::Filter as _;
use warp::http::StatusCode;

use crate::clock::Clock;
use crate::driver::{Driver, Surroundings};
use crate::exit::{self, CutOff, Misconfigured};
use crate::handle::{Handle, Inbound};
use crate::heartbeat::Heartbeats;
use crate::http::problem::kinds;
use crate::http::server::{self, Routes};
use crate::http::{self, Api, Problem, Response};
use crate::nats::Connection;
use crate::replicas::Replicas;
use crate::settings::{LogFormat, Settings};
use crate::shutdown::{Stop, StopSender, asked_to_stop, stop_signal};
use crate::status::{ProcessStatus, Status};
use crate::{failpoint, snapshots, telemetry};

/// The threads that the life of a process runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// One: all that has arrived is found by one look, and nothing wakes another thread.
    One,
    /// So many, for what keeps more than one processor busy.
    Several(usize),
}

/// Runs a service until it is asked to stop, or has to. A failure's exit code, with its reason in the
/// log, if it cannot start or had to stop by itself.
pub fn serve<D: Domain, A: Into<Api>>(
    settings: Settings,
    domain: D,
    api: impl FnOnce(Handle<D>) -> A,
) -> u8 {
    run_to_exit(settings.process.log_format, Threads::One, live(settings, domain, api))
}

/// Runs the life of a process on threads of its own, and turns its end into an exit code.
pub fn run_to_exit(
    log: LogFormat,
    threads: Threads,
    life: impl Future<Output = anyhow::Result<()>>,
) -> u8 {
    let run = || {
        telemetry::start(log)?;
        failpoint::arm_from_environment().map_err(|error| Misconfigured(error.into()))?;
        let runtime = threads.start().context("cannot start the threads of the process")?;
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

impl Threads {
    fn start(self) -> std::io::Result<tokio::runtime::Runtime> {
        let mut builder = match self {
            Self::One => tokio::runtime::Builder::new_current_thread(),
            Self::Several(count) => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                builder.worker_threads(count);
                builder
            }
        };
        builder.enable_all().build()
    }
}

async fn live<D: Domain, A: Into<Api>>(
    settings: Settings,
    domain: D,
    api: impl FnOnce(Handle<D>) -> A,
) -> anyhow::Result<()> {
    // 1. Own the database. Whom to serve is known before anything of it is touched.
    let guard = settings.process.http.guard(settings.process.listen)?;
    let certificate = settings.process.http.certificate()?;
    let versions = settings.versions::<D>().map_err(|error| Misconfigured(error.into()))?;
    let versions = Arc::new(versions);
    let keys = Arc::new(settings.load_seal_keys().map_err(Misconfigured)?);
    let engine = match open(&settings, domain, Arc::clone(&keys))? {
        Opened::Usable(mut engine) => {
            engine.set_versions(Arc::clone(&versions));
            engine
        }
        Opened::Fenced(fence) => {
            let process = &settings.process;
            return fenced::live::<D>(process, guard, certificate, fence).await;
        }
    };
    let file = database::file_in(&settings.data, D::SERVICE);
    let snapshots = settings.snapshots(D::SERVICE, Arc::clone(&keys));
    // 2. Serve: reads at once, commands as soon as the start is through.
    let (driver, inbound) = mpsc::unbounded_channel();
    let clock = Clock::start();
    let status = Status::new(D::SERVICE, clock)
        .of_broker(&settings.process.nats.url)
        .begun_as_snapshot(engine.database().began_as_snapshot());
    let replicas = Arc::new(Replicas::default());
    replicas.load(&engine.read())?;
    let (stopper, stop) = stop_signal(settings.process.drain());
    let handle = Handle::new(driver.clone(), &file, Arc::clone(&replicas), status.clone());
    let listener = server::bind(settings.process.listen).await?;
    tracing::info!(service = %D::SERVICE, address = %listener.local_addr()?, "listening");
    let reads = ReadPool::new(&file);
    let timers = move || reads.read(timers::count).ok();
    tokio::spawn(measure_redundant(status.clone()));
    tokio::spawn(snapshots::write(snapshots, file, settings.snapshot_rows, status.clone()));
    let api: Api = api(handle).into();
    let api = api.with(status_routes(status.clone(), timers));
    let api = api
        .called(&settings.process.http.hosts)
        .guarded(guard)
        .known_by(certificate)
        .open_to(&settings.process.http.origins);
    let serving = tokio::spawn(server::serve(listener, api, stop.clone()));
    // 3. Start, and run until somebody or something stops it.
    let life = Life { settings, keys, versions, clock, status, replicas, stopper, stop, driver };
    let ran = life.run(*engine, inbound).await;
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

fn open<D: Domain>(
    settings: &Settings,
    domain: D,
    keys: Arc<SealKeys>,
) -> anyhow::Result<Opened<D>> {
    let snapshots = settings.snapshots(D::SERVICE, Arc::clone(&keys));
    let database = match Database::begin(&settings.data, D::SERVICE, D::MIGRATIONS, &snapshots) {
        Ok(database) => database,
        Err(error) => {
            return Fence::of_open(&error).map(Opened::Fenced).ok_or_else(|| error.into());
        }
    };
    if let Some(bytes_max) = settings.database_bytes_max {
        database.limit_bytes(bytes_max)?;
    }
    match Engine::new(domain, database, keys) {
        Ok(mut engine) => {
            engine.set_copies(copies_beside(&settings.data));
            Ok(Opened::Usable(Box::new(engine)))
        }
        Err(error) => Fence::of_state(&error).map(Opened::Fenced).ok_or_else(|| error.into()),
    }
}

/// How the names of the copies begin that are written before a stream is deleted.
fn copies_beside(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".before-rebuild-");
    name.into()
}

/// A service between its start and its end.
struct Life<D: Domain> {
    settings: Settings,
    keys: Arc<SealKeys>,
    versions: Arc<Versions>,
    clock: Clock,
    status: Status,
    replicas: Arc<Replicas>,
    stopper: StopSender,
    stop: Stop,
    driver: mpsc::UnboundedSender<Inbound<D>>,
}

impl<D: Domain> Life<D> {
    async fn run(
        self,
        engine: Engine<D>,
        inbound: mpsc::UnboundedReceiver<Inbound<D>>,
    ) -> anyhow::Result<()> {
        let nats = &self.settings.process.nats;
        let connection = Connection::open(nats, D::SERVICE.name()).await?;
        self.status.follow_broker(connection.waits());
        let surroundings = Surroundings {
            inbound,
            connection: connection.clone(),
            status: self.status.clone(),
            replicas: Arc::clone(&self.replicas),
            clock: self.clock,
            first_start: self.settings.first_start,
            keys: Arc::clone(&self.keys),
            versions: Arc::clone(&self.versions),
            stream_replicas: self.settings.stream_replicas,
            drop_foreign: self.settings.drop_foreign,
        };
        let driver = Driver::begin(engine, surroundings).await?;
        let heartbeats = Heartbeats::begin::<D>(connection, self.status.clone());
        let ended = self.drive(driver).await;
        self.stopper.stop("the process ends");
        heartbeats.end(ended.as_ref().err().map(ToString::to_string)).await;
        ended
    }

    /// Until the process is over, or has to be given up since its time for stopping is.
    async fn drive(&self, driver: Driver<D>) -> anyhow::Result<()> {
        let asked = async {
            let reason = asked_to_stop(self.settings.process.until_stdin_closes).await?;
            tracing::info!(reason, "stopping");
            self.stopper.start_deadline();
            // A driver that is gone has stopped.
            drop(self.driver.send(Input::Stop));
            self.stop.given_up().await;
            let ProcessStatus { head, acknowledged, .. } = self.status.standing();
            Err(CutOff { head, acknowledged }.into())
        };
        let driven = tokio::task::coop::unconstrained(driver.run());
        tokio::select! {
            biased;
            end = driven => match end {
                End::Stopped => {
                    self.log_stopped();
                    Ok(())
                }
                End::StartAnew(reason) | End::Failed(reason) => Err(anyhow!(
                    "the process ends, so that its start can mend this: {reason}"
                )),
            },
            cut_off = asked => cut_off,
        }
    }

    /// Before its start has compared both stores, a process publishes nothing, and waits for nothing.
    fn log_stopped(&self) {
        let ProcessStatus { head, acknowledged, compared, .. } = self.status.standing();
        if compared.is_some() && acknowledged >= head {
            tracing::info!("all that was committed is acknowledged");
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

/// Whether it takes commands, and can read what it decides on; asked for more, also whether all is in two
/// places.
fn ready_answer(status: &Status, verbose: bool, report: Value) -> Response {
    let standing = status.standing();
    if standing.is_ready() {
        return http::json(StatusCode::OK, &report);
    }
    let problem = Problem::passing(&kinds::NOT_READY);
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
