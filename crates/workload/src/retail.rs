//! Real invoices, as orders.
//!
//! Customers, products and stock come from the file; each sale is an order under its invoice's
//! number and business day, with the prices of its lines; a cancelling invoice cancels the order that
//! it means, if it still can be. Every line is accounted for. All ids and idempotency keys come from
//! the file, so that replaying it again changes nothing, and says so.
//!
//! Money is exact: a line whose price has more decimals than its currency is skipped, and not rounded.

mod file;
mod skipped_lines;

mod entry;

pub mod book;

pub mod plan;

pub mod cancellation_match;
pub mod masters;

pub mod sender;

mod limit_raises;

mod order_placement;
mod registration;

mod order_ends;

mod revenue;

mod figures;

pub mod report;

use std::collections::HashSet;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::run_file::RunFile;
use client::streams::Streams;
use contracts::OrderId;
use indicatif::{ProgressBar, ProgressStyle};

use book::{Book, Invoice};
use figures::{Comparison, Figures, Growth, Reading, Shown};
use limit_raises::Raised;
use masters::Masters;
use order_ends::{Endings, Reported};
use order_placement::Fate;
use plan::{Options, Plan};
use report::Report;
use revenue::Day;
use sender::Sender;

/// Reads a file.
///
/// # Errors
/// When it is none of invoices.
pub async fn read(options: &Options) -> anyhow::Result<Book> {
    let (file, currency, dates) = (options.file.clone(), options.currency, options.dates);
    // A pipe may let wait for ever; whoever asks the command to end must not.
    tokio::task::spawn_blocking(move || Book::read(&file, currency, dates)).await?
}

/// Replays a file.
///
/// # Errors
/// When the services cannot be used.
pub async fn replay(
    running: &RunFile,
    options: &Options,
    book: &Book,
    progress: bool,
) -> anyhow::Result<Report> {
    let plan = &Plan::of(options, book);
    let patience = Duration::from_secs(options.patience_seconds);
    let sender = Arc::new(Sender::new(running, patience));
    let sales = book.sales().map(|invoice| plan.id(&invoice.number));
    let orders: HashSet<OrderId> = sales.collect::<anyhow::Result<_>>()?;
    let streams = Streams::open(running).await?;
    let raised = Arc::new(Raised::begin(&streams, patience));
    let endings = Endings::begin(&streams, orders);
    endings.caught_up().await;
    let before = Before::of(&sender, running, plan, book, &endings).await?;

    let mut clock = Clock::start();
    let is_placed = |invoice: &Invoice| {
        plan.id(&invoice.number).is_ok_and(|id| before.reported.placed.contains(&id))
    };
    let masters = Masters::of(book, is_placed);
    let stocked = masters.products.values().filter(|article| article.is_missing).count();
    let bar = bar(progress, "masters", masters.customers.len() + masters.products.len() + stocked)?;
    let made = registration::make(running, plan, &masters, (&sender, &raised), &bar).await?;
    bar.finish();
    clock.lap("masters");

    let bar = self::bar(progress, "orders", book.invoices.len())?;
    let fates = order_placement::order_all(running, plan, book, &sender, &bar).await?;
    bar.finish();
    clock.lap("orders");

    let accepted = accepted(plan, book, &fates)?;
    let bar = self::bar(progress, "ends", accepted.len())?;
    let without_end =
        endings.until(accepted, patience, |ended| bar.set_position(ended as u64)).await;
    bar.finish();
    clock.lap("ends");

    let (reading, reported) = (reading(&sender, running, &endings)?, endings.reported());
    let after = reading.shown(plan, book, before.shown.in_flight()).await?;
    let (days, figures) = before.compare(plan, book, &after, &reported)?;
    clock.lap("read model");
    Ok(Report {
        shares: report::shares(book, plan, &fates, &reported.ends)?,
        made,
        loaded: fates.iter().filter(|fate| **fate == Fate::Placed).count(),
        already_there: fates.iter().filter(|fate| **fate == Fate::AlreadyThere).count(),
        lines: book.lines,
        without_end,
        currency: plan.currency,
        days,
        figures,
        sent_again: sender.sent_again(),
        seconds: clock.laps,
    })
}

/// The orders that are there as the file has them. One of this number that is another is none.
fn accepted(plan: &Plan, book: &Book, fates: &[Fate]) -> anyhow::Result<HashSet<OrderId>> {
    let is_there = |fate: &Fate| matches!(fate, Fate::Placed | Fate::AlreadyThere);
    let there = book.invoices.iter().zip(fates).filter(|(_, fate)| is_there(fate));
    there.map(|(invoice, _)| plan.id(&invoice.number)).collect()
}

fn reading<'a>(
    sender: &'a Sender,
    running: &'a RunFile,
    endings: &Endings,
) -> anyhow::Result<Reading<'a>> {
    Ok(Reading { sender, url: running.query()?, at_least: endings.position() })
}

/// What was there before the replay: of this file, should it be replayed again, and of others.
struct Before {
    shown: Shown,
    reported: Reported,
    of_file: Figures,
}

impl Before {
    async fn of(
        sender: &Sender,
        running: &RunFile,
        plan: &Plan,
        book: &Book,
        endings: &Endings,
    ) -> anyhow::Result<Self> {
        let reported = endings.reported();
        let shown = reading(sender, running, endings)?.shown(plan, book, u64::MAX).await?;
        let of_file = figures::expected(book, plan, &reported)?;
        Ok(Self { shown, reported, of_file })
    }

    /// The money day by day, and every figure.
    fn compare(
        self,
        plan: &Plan,
        book: &Book,
        after: &Shown,
        reported: &Reported,
    ) -> anyhow::Result<(Vec<Day>, Comparison)> {
        let shown = |shown: &Shown| revenue::shown(&shown.dashboard, plan.currency);
        let of_file_before = revenue::of_file(book, plan, &self.reported.ends)?;
        let of_others = revenue::of_others(&shown(&self.shown), &of_file_before);
        let of_file = revenue::of_file(book, plan, &reported.ends)?;
        let days = revenue::compare(&of_file, &shown(after), &of_others);

        let mut expected = figures::expected(book, plan, reported)?;
        let mut seen = after.figures.clone();
        if self.shown.is_empty() {
            expected.extend(figures::expected_alone(&expected));
            seen.extend(after.alone());
        }
        let growth = |before, now| Growth {
            before: after.without_hidden_days(before),
            after: after.without_hidden_days(now),
        };
        let (expected, seen) = (growth(self.of_file, expected), growth(self.shown.figures, seen));
        Ok((days, figures::compare(&expected, &seen)))
    }
}

/// How long each phase takes.
struct Clock {
    since: Instant,
    laps: Vec<(&'static str, f64)>,
}

impl Clock {
    fn start() -> Self {
        Self { since: Instant::now(), laps: Vec::new() }
    }

    fn lap(&mut self, phase: &'static str) {
        self.laps.push((phase, self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }
}

/// A progress bar, where a person looks on.
///
/// # Errors
/// When its form makes no sense.
pub fn bar(progress: bool, what: &'static str, length: usize) -> anyhow::Result<ProgressBar> {
    if !progress || !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{prefix:>10} {wide_bar} {pos}/{len} {per_sec}")?;
    let bar = ProgressBar::new(length as u64).with_prefix(what).with_style(style);
    Ok(bar)
}
