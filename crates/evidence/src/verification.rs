//! One service's rows, in its database and in its stream: that each copy is chained without a break and sealed
//! by its owner, and that both are one history. Nothing is changed.
//!
//! The stream is read first, then the database, then the stream up to where the database was: a service that
//! goes on meanwhile is no finding.
//!
//! Deliberately absent: what the rows mean. That is the auditor's.

mod copy;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use client::run_file::RunFile;
use client::streams::Streams;
use engine::database::{file_in, open_to_read};
use engine::{Read, outbox};
use protocol::{Row, SealKeys, Service};
use runtime::reading::Reading;
use runtime::seal_keys;
use terminal::verdict::{NothingCompared, Verdict};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

pub use copy::{RowCopy, Trouble};

/// How long the broker may be silent before a stream is told as cut off.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a stream may take to hold what its database holds: a relay that was just restarted.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(10);

/// Rows that are read from a database at once.
const ROWS_AT_ONCE: u32 = 1_000;

/// What was found.
#[derive(Debug)]
pub struct Verification {
    pub service: Service,
    pub stream: RowCopy,
    /// None where it cannot be read from here.
    pub database: Option<RowCopy>,
    /// What is not so in both together.
    pub between: Vec<Trouble>,
    /// What could not be looked at, and why.
    pub unknown: Vec<String>,
}

/// A stream that is being read.
struct StreamRead {
    reading: Reading,
    rows: mpsc::Receiver<Row>,
}

/// Reads both copies whole.
///
/// # Errors
/// When the broker cannot be read at all.
pub async fn verify(running: &RunFile, service: Service) -> anyhow::Result<Verification> {
    let mut unknown = Vec::new();
    let keys = running.seal_keys_of(service).and_then(|file| seal_keys::load(&file));
    let keys = noted(keys, "its seals are not looked at", &mut unknown);
    let streams = Streams::open(running).await.context(NothingCompared)?;
    let mut stream = RowCopy::new(keys.clone());
    let (reading, rows) = streams.read(service);
    let mut source = StreamRead { reading, rows };
    source.read_to_its_end(&mut stream).await;
    let database =
        noted(running.database_of(service), "its database is not looked at", &mut unknown);
    let database = match database {
        None => None,
        Some(folder) => {
            let reading = tokio::task::spawn_blocking(move || in_database(&folder, service, keys));
            Some(reading.await.context("reading the database was cut off")?)
        }
    };
    let mut between = Vec::new();
    if let Some(database) = &database {
        let deadline = Instant::now() + PUBLISHED_WITHIN;
        source.read_up_to(database.rows(), deadline, &mut stream).await;
        between = copy::compare(database, &stream);
    }
    Ok(Verification { service, stream, database, between, unknown })
}

impl Verification {
    /// Whether all is as it should be, as far as it could be looked at.
    pub fn verdict(&self) -> Verdict {
        let copies = [Some(&self.stream), self.database.as_ref()];
        let is_sound = copies.into_iter().flatten().all(|copy| copy.troubles.is_empty());
        match (is_sound && self.between.is_empty(), self.unknown.is_empty()) {
            (false, _) => Verdict::Found,
            (true, false) => Verdict::Incomplete,
            (true, true) => Verdict::Clean,
        }
    }
}

impl StreamRead {
    /// Takes all that the stream holds now.
    async fn read_to_its_end(&mut self, copy: &mut RowCopy) {
        let known = self.reading.progress.wait_for(|now| now.connected || now.alarm.is_some());
        let end = match timeout(PATIENCE, known).await {
            Ok(Ok(now)) => now.last_in_stream,
            Ok(Err(_)) | Err(_) => 0,
        };
        if end == 0 {
            copy.found(1, self.why().unwrap_or_else(|| "there is no row, or no stream".to_owned()));
            return;
        }
        self.read_up_to(end, Instant::now() + PATIENCE, copy).await;
        if copy.rows() < end && copy.troubles.is_empty() {
            let why = self.why().unwrap_or_else(|| "the broker delivers no more".to_owned());
            copy.found(copy.rows() + 1, why);
        }
    }

    /// Takes rows up to that one. As long as some come, they are waited for beyond the deadline.
    async fn read_up_to(&mut self, wanted: u64, deadline: Instant, copy: &mut RowCopy) {
        while copy.rows() < wanted && copy.troubles.is_empty() {
            let until = deadline.max(Instant::now() + Duration::from_secs(1));
            let came = tokio::select! {
                biased;
                row = self.rows.recv() => row,
                wrong = self.reading.alarm() => {
                    copy.found(wrong.row().unwrap_or(copy.rows() + 1), wrong.to_string());
                    return;
                }
                () = tokio::time::sleep_until(until) => None,
            };
            let Some(row) = came else { return };
            copy.take(&row);
        }
    }

    /// Why nothing comes.
    fn why(&self) -> Option<String> {
        let now = self.reading.progress.borrow();
        now.alarm.clone().or_else(|| now.waits.clone())
    }
}

/// The outbox in this folder, to read only.
fn in_database(folder: &Path, service: Service, keys: Option<SealKeys>) -> RowCopy {
    let mut copy = RowCopy::new(keys);
    let file = file_in(folder, service);
    let read = |copy: &mut RowCopy| -> anyhow::Result<()> {
        let connection = open_to_read(&file)?;
        let state = Read::new(&connection);
        loop {
            let rows = outbox::rows(&state, copy.rows() + 1, ROWS_AT_ONCE)?;
            rows.iter().for_each(|row| copy.take(row));
            if rows.is_empty() || !copy.is_chained() {
                return Ok(());
            }
        }
    };
    if let Err(error) = read(&mut copy) {
        let text = format!("{} cannot be read: {error:#}", file.display());
        copy.found(copy.rows() + 1, text);
    }
    copy
}

/// What is there; why not, among what is unknown.
fn noted<T>(found: anyhow::Result<T>, what: &str, unknown: &mut Vec<String>) -> Option<T> {
    found.inspect_err(|error| unknown.push(format!("{what}: {error:#}"))).ok()
}
