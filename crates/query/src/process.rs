//! The life of the process: from its settings to its last answer.

use std::time::Duration;

use anyhow::{Context as _, bail};
use runtime::handle::now;
use runtime::http::{Api, server};
use runtime::nats::Connection;
use runtime::serve::{Threads, run_to_exit};
use runtime::shutdown::{Stop, asked_to_stop, stop_signal};
use runtime::telemetry;
use runtime::warp::Filter as _;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cache::Cache;
use crate::generations::{self, Builder};
use crate::http::{App, operations, status};
use crate::live::update::Source;
use crate::processes::observed::Observed;
use crate::projector::Projector;
use crate::projector_status::ProjectorStatus;
use crate::projector_status::monitor::ProjectorMonitor;
use crate::query::Context;
use crate::reader::Reader;
use crate::search::{self, Search};
use crate::settings::{Settings, Switch};
use crate::sources::Broker;
use crate::sources::feed::{Feed, Tapped};
use crate::store::{self, Store, StoreError};
use crate::{events, live, operator_folder, page, parked, processes, session};

/// Threads for all that answers.
const THREADS: usize = 2;

/// One that folds, and one that takes rows from the broker meanwhile.
const FOLDING_THREADS: usize = 2;

/// How long the first look at Redis may take, before anything is answered: whoever is asked says at
/// once that it waits.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// Folding has threads of its own: a batch is milliseconds of work, behind which no read shall wait. What
/// runs there ends with this value, at whatever it is.
struct FoldingThreads(Option<Runtime>);

/// Runs until the process is asked to stop. A failure's exit code, with its reason in the log, when
/// the settings cannot be used, or Redis is there and is not fit. What is only away is waited for.
pub fn run(settings: Settings) -> u8 {
    run_to_exit(settings.process.log_format, Threads::Several(THREADS), run_until_stopped(settings))
}

async fn run_until_stopped(settings: Settings) -> anyhow::Result<()> {
    let guard = settings.guard()?;
    let certificate = settings.process.http.certificate()?;
    let redis = settings.redis.client()?;
    check(&redis).await?;
    let broker = Connection::open(&settings.process.nats, "query").await?;
    let listener = server::bind(settings.process.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "query answers");
    let (stopper, stop) = stop_signal(settings.process.drain());
    let (threads, mut beside) = (FoldingThreads::start()?, JoinSet::new());
    let api = api(&settings, redis, broker, &threads, &mut beside, stop.clone())?;
    let api = api.with(session::routes(guard.clone())).guarded(guard).known_by(certificate);
    let serving = tokio::spawn(server::serve(listener, api, stop));
    let reason = asked_to_stop(settings.process.until_stdin_closes).await?;
    tracing::info!(reason, "query stops");
    stopper.stop(reason);
    serving.await?;
    // Whatever batch it is at is written whole or not at all.
    drop((threads, beside));
    Ok(())
}

/// All that is answered; what has to run for it runs on `threads` and in `beside`.
fn api(
    settings: &Settings,
    redis: redis::Client,
    broker: Connection,
    threads: &FoldingThreads,
    beside: &mut JoinSet<()>,
    stop: Stop,
) -> anyhow::Result<Api> {
    let (observed, heard) = watch::channel(Observed::default());
    beside.spawn(processes::run(broker.clone(), observed));
    let connection = broker.clone();
    let streams = Broker::new(broker);
    let builder = Builder::new(redis.clone(), streams.clone(), now);
    let feed = Feed::of(&search::STREAMS);
    let standing = fold(threads, settings, &redis, feed.tap(streams.clone()), &builder);
    let watched = standing.clone();
    let follows = move || status::not_followed(&watched.borrow()).is_none();
    beside.spawn(telemetry::measure_redundant(follows));
    let search = Search::new()?;
    beside.spawn(search::follower::run(streams.only(&search::STREAMS), feed, search.clone()));
    let reader = Reader::new(&redis, standing.clone())?;
    let (cache, reading) = (Cache::new(redis.clone(), reader.clone()), redis);
    let source = Source {
        reader: reader.clone(),
        observed: heard.clone(),
        stuck_after: settings.stuck_after(),
        clock: now,
        fresh_at: None,
    };
    let context = Context { search, stuck_after: settings.stuck_after(), clock: now };
    let app = App::new(reader, cache.clone(), context);
    if settings.cache == Switch::On {
        beside.spawn(cache.run());
    }
    let more = [
        generations::http::routes(builder),
        parked::routes(reading, now),
        live::routes(source, standing, stop),
        processes::routes(heard),
        events::routes(connection),
        operator_folder::routes(settings.operator_folder.clone()),
        page::routes(settings.page_owners()),
    ];
    let all = more.into_iter().fold(app.routes(), |all, one| all.or(one).unify().boxed());
    let api = Api::new(all, operations::document());
    Ok(api
        .behind(app.front())
        .called(&settings.process.http.hosts)
        .open_to(&settings.process.http.origins))
}

/// Folds the streams, or looks where another process folds them.
fn fold(
    threads: &FoldingThreads,
    settings: &Settings,
    redis: &redis::Client,
    streams: Tapped<Broker>,
    builder: &Builder<Broker>,
) -> watch::Receiver<ProjectorStatus> {
    if settings.no_projector {
        let monitor = ProjectorMonitor::new(redis.clone(), now);
        let standing = monitor.standing();
        threads.run(monitor.run());
        return standing;
    }
    let projector = Projector::new(redis.clone(), streams, now);
    let standing = projector.standing();
    threads.run(projector.run());
    threads.run(builder.clone().run());
    standing
}

/// A Redis that is there and is not fit needs a person; one that is away will come.
async fn check(redis: &redis::Client) -> anyhow::Result<()> {
    let looked = async { Store::connect(redis).await?.find().await.map(drop) };
    let Ok(checked) = tokio::time::timeout(CHECK_WITHIN, looked).await else {
        tracing::warn!("{}", store::at(redis, "Redis does not answer; query waits for it"));
        return Ok(());
    };
    match checked {
        Ok(()) => Ok(()),
        Err(unfit @ (StoreError::Unfit(_) | StoreError::Newer { .. })) => bail!(unfit),
        Err(away) => {
            let reason = store::at(redis, &away.to_string());
            tracing::warn!(reason, "Redis is away; query waits for it");
            Ok(())
        }
    }
}

impl FoldingThreads {
    fn start() -> anyhow::Result<Self> {
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(FOLDING_THREADS)
            .thread_name("folding")
            .enable_all()
            .build();
        Ok(Self(Some(threads.context("cannot start the threads that fold")?)))
    }

    fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(threads) = &self.0 {
            threads.spawn(work);
        }
    }
}

impl Drop for FoldingThreads {
    fn drop(&mut self) {
        // Threads that are waited for must not be dropped among those that wait.
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}
