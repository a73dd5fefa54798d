//! Asks the read model for every record that it holds, page by page, and has each page compared where
//! it stands.

use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use auditor::records::{Comparison, Page, VERSION};
use auditor::{Checked, Invariant};
use client::http::{Call, CallError, Client};
use client::run_file::RunFile;
use client::wait::wait_until;
use hyper::StatusCode;
use tokio::time::Instant;

use crate::gathering::Gathering;

/// How long the read model may take to fold what the auditor has.
pub(crate) const CATCH_UP_WITHIN: Duration = Duration::from_secs(15);

/// Another generation may become the live one meanwhile; then all begins anew, so often at most.
const ATTEMPTS: usize = 3;

/// What came of one attempt.
enum Outcome {
    Compared(Checked),
    /// The generation is not there any more, or stands before where it stood.
    Gone,
}

/// Names whichever generation is live.
pub(crate) const LIVE: &str = "live";

/// One reading of a generation.
struct Reading<'a> {
    client: Client,
    url: &'a str,
    generation: &'a str,
    gathering: &'a mut Gathering,
    deadline: Instant,
    comparison: Option<Comparison>,
    done: u64,
}

/// Compares all that a generation holds: of that name, or whichever is live.
pub(crate) async fn check(
    running: &RunFile,
    gathering: &mut Gathering,
    generation: &str,
    deadline: Instant,
) -> Checked {
    match compare(running, gathering, generation, deadline).await {
        Ok(checked) => checked,
        Err(error) => {
            let checked = Checked::new(Invariant::Records, "records and entries");
            checked.unknown(format!("{error:#}"))
        }
    }
}

async fn compare(
    running: &RunFile,
    gathering: &mut Gathering,
    generation: &str,
    deadline: Instant,
) -> anyhow::Result<Checked> {
    let url = format!("{}/generations", running.query()?);
    for _ in 0..ATTEMPTS {
        let reading = Reading {
            client: running.client(),
            url: &url,
            generation,
            gathering: &mut *gathering,
            deadline,
            comparison: None,
            done: 0,
        };
        if let Outcome::Compared(checked) = reading.run().await? {
            return Ok(checked);
        }
    }
    bail!("the read model was built anew, or switched, whenever it was read")
}

impl Reading<'_> {
    async fn run(mut self) -> anyhow::Result<Outcome> {
        let mut page = self.first().await?;
        if page.version() != Some(VERSION) {
            bail!(
                "generation {} is of another version of the views than {VERSION}",
                page.generation
            );
        }
        let generation = page.generation.clone();
        loop {
            if !self.take(&page).await? {
                return Ok(Outcome::Gone);
            }
            for index in &page.large {
                if !self.take_index(&generation, index).await? {
                    return Ok(Outcome::Gone);
                }
            }
            let Some(cursor) = page.next else { break };
            let next = self.ask(&format!("{generation}/records?cursor={cursor}")).await?;
            let Some(next) = next else { return Ok(Outcome::Gone) };
            page = next;
        }
        let records = self.gathering.records().context("no records were folded")?;
        let comparison = self.comparison.context("no page came")?;
        Ok(Outcome::Compared(comparison.finish(records)))
    }

    /// The first page, once the read model has folded what the auditor has.
    async fn first(&self) -> anyhow::Result<Page> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let look = async || {
            let page = self.ask(&format!("{}/records", self.generation)).await?;
            let page = page.context("there is no such read model, or it is being built")?;
            let (cut, folded) = (self.gathering.cut(), page.cut());
            let behind = cut
                .into_iter()
                .find(|(service, rows)| folded.get(service).is_none_or(|f| f < rows));
            let Some((service, rows)) = behind else { return Ok(ControlFlow::Break(page)) };
            let at = folded.get(&service).copied().unwrap_or_default();
            Ok(ControlFlow::Continue((service, at, rows)))
        };
        wait_until(CATCH_UP_WITHIN.min(left), look, |(service, at, rows)| {
            let stream = service.stream();
            anyhow!("the read model has folded {at} rows of {stream}, the auditor {rows}")
        })
        .await
    }

    async fn take_index(&mut self, generation: &str, index: &str) -> anyhow::Result<bool> {
        let mut cursor = Some("0".to_owned());
        while let Some(from) = cursor {
            let path = format!("{generation}/records?index={index}&cursor={from}");
            let Some(page) = self.ask(&path).await? else { return Ok(false) };
            if !self.take(&page).await? {
                return Ok(false);
            }
            cursor = page.next;
        }
        Ok(true)
    }

    /// Compares a page where it stands. Says whether that could be.
    async fn take(&mut self, page: &Page) -> anyhow::Result<bool> {
        let cut = page.cut();
        self.gathering.reach(&cut, self.deadline).await?;
        let stands = self.gathering.cut();
        if let Some((service, _)) = cut.iter().find(|(of, rows)| stands.get(of) < Some(rows)) {
            bail!("stream {} cannot be read", service.stream());
        }
        if stands != cut {
            return Ok(false);
        }
        let records = self.gathering.records().context("no records were folded")?;
        let comparison = self.comparison.get_or_insert_with(|| Comparison::begin(records));
        comparison.take(records, page);
        self.done += (page.records.len() + page.entries.len()) as u64;
        self.gathering.show("comparing records:", self.done, comparison.in_all());
        if Instant::now() > self.deadline {
            bail!("it takes too long: {} records and entries were compared", self.done);
        }
        Ok(true)
    }

    /// A page; none if there is no such generation.
    async fn ask(&self, path: &str) -> anyhow::Result<Option<Page>> {
        match self.client.json(Call::get(format!("{}/{path}", self.url))).await {
            Ok(page) => Ok(Some(page)),
            Err(CallError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
