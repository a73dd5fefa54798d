//! `murmur replay retail`: real invoices, as orders.
//!
//! Customers, products and stock come from the file; each sale is an order under its invoice's
//! number and business day, with the prices of its lines; a cancelling invoice cancels the order that
//! it means, if it still can be. Every line is accounted for. All ids and idempotency keys come from
//! the file, so that replaying it again changes nothing, and says so.
//!
//! Money is exact: a line whose price has more decimals than its currency is skipped, and not rounded.

mod file;
mod skip;

mod entry;

mod book;

mod masters;
mod matching;

mod sending;

mod raised;

mod making;
mod ordering;

mod endings;

mod revenue;

mod reports_check;

mod report;

use std::collections::HashSet;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use contracts::{Currency, Id};
use indicatif::{ProgressBar, ProgressStyle};

use crate::amounts::active_currency;
use crate::cli::Global;
use book::{Book, Invoice};
use client::run_file::RunFile;
use client::streams::Streams;
use endings::{Endings, Told};
use file::dates::DateOrder;
use masters::Masters;
use ordering::Fate;
use raised::Raised;
use report::Report;
use reports_check::{Comparison, Figures, Growth, Reading, Shown};
use revenue::Day;
use sending::Sender;
use terminal::line;
use terminal::verdict::Verdict;

/// What `murmur replay retail` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file: columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
    /// CustomerID and Country, or as the second edition calls them.
    file: PathBuf,
    /// Whether day or month comes first in dates like 01-12-2010, if no date of the file tells.
    #[arg(long, value_name = "ORDER")]
    dates: Option<DateOrder>,
    /// Put before all ids, so that a file can be loaded again as other orders.
    #[arg(long, default_value = "")]
    prefix: String,
    /// The currency of the prices; the file does not name one.
    #[arg(long, default_value = "GBP", value_parser = active_currency)]
    currency: Currency,
    /// Requests that are under way at once.
    #[arg(long, default_value_t = 64, value_name = "REQUESTS")]
    at_once: usize,
    /// How long each order can be cancelled once all is taken.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    hand_over_ms: u32,
    /// When an order that is not confirmed is cancelled. Long, since services may be away.
    #[arg(long, default_value_t = 600_000, value_name = "MS")]
    deadline_ms: u32,
    /// How long a service, or an order's end, may be waited for.
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    patience_seconds: u64,
}

/// How the file becomes requests.
#[derive(Clone, Debug)]
struct Plan {
    prefix: String,
    digest: String,
    currency: Currency,
    at_once: usize,
    hand_over_ms: u32,
    deadline_ms: u32,
}

impl Plan {
    fn of(args: &Args, book: &Book) -> Self {
        Self {
            prefix: args.prefix.clone(),
            digest: book.digest.clone(),
            currency: args.currency,
            at_once: args.at_once.max(1),
            hand_over_ms: args.hand_over_ms,
            deadline_ms: args.deadline_ms,
        }
    }

    /// An id of the file as an id here.
    fn id(&self, id: &Id) -> anyhow::Result<Id> {
        let text = format!("{}{id}", self.prefix);
        text.parse().with_context(|| format!("--prefix {:?} makes no id", self.prefix))
    }

    /// In which something has one effect: this content, in this currency.
    fn scope(&self, what: &str) -> String {
        let Self { digest, currency, .. } = self;
        format!("retail {digest} {currency} {what}")
    }
}

/// Replays a file.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let (file, currency, dates) = (args.file.clone(), args.currency, args.dates);
    // A pipe may let wait for ever; whoever asks the command to end must not.
    let reading = tokio::task::spawn_blocking(move || Book::read(&file, currency, dates));
    let book = reading.await??;
    let running = RunFile::load(&global.data)?;
    let plan = Plan::of(&args, &book);
    let report = replay(global, &args, &running, &plan, &book).await?;
    if global.json {
        line!("{}", report.json());
    } else {
        line!("{}", report.text());
    }
    Ok(report.verdict())
}

async fn replay(
    global: &Global,
    args: &Args,
    running: &RunFile,
    plan: &Plan,
    book: &Book,
) -> anyhow::Result<Report> {
    let patience = Duration::from_secs(args.patience_seconds);
    let sender = Arc::new(Sender::new(patience));
    let sales = book.sales().map(|invoice| plan.id(&invoice.number));
    let orders: HashSet<Id> = sales.collect::<anyhow::Result<_>>()?;
    let streams = Streams::open(running).await?;
    let raised = Arc::new(Raised::begin(&streams, patience));
    let endings = Endings::begin(&streams, orders);
    endings.caught_up().await;
    let before = Before::of(&sender, running, plan, book, &endings).await?;

    let mut clock = Clock::start();
    let is_placed = |invoice: &Invoice| {
        plan.id(&invoice.number).is_ok_and(|id| before.told.placed.contains(&id))
    };
    let masters = Masters::of(book, is_placed);
    let stocked = masters.products.values().filter(|article| article.is_missing).count();
    let bar = bar(global, "masters", masters.customers.len() + masters.products.len() + stocked)?;
    let made = making::make(running, plan, &masters, (&sender, &raised), &bar).await?;
    bar.finish();
    clock.lap("masters");

    let bar = self::bar(global, "orders", book.invoices.len())?;
    let fates = ordering::order_all(running, plan, book, &sender, &bar).await?;
    bar.finish();
    clock.lap("orders");

    let accepted = accepted(plan, book, &fates)?;
    let bar = self::bar(global, "ends", accepted.len())?;
    let without_end =
        endings.until(accepted, patience, |ended| bar.set_position(ended as u64)).await;
    bar.finish();
    clock.lap("ends");

    let (reading, told) = (reading(&sender, running, &endings)?, endings.told());
    let after = reading.shown(plan, book, before.shown.in_flight()).await?;
    let (days, figures) = before.compare(plan, book, &after, &told)?;
    clock.lap("read model");
    Ok(Report {
        shares: report::shares(book, plan, &fates, &told.ends)?,
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
fn accepted(plan: &Plan, book: &Book, fates: &[Fate]) -> anyhow::Result<HashSet<Id>> {
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
    told: Told,
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
        let told = endings.told();
        let shown = reading(sender, running, endings)?.shown(plan, book, u64::MAX).await?;
        let of_file = reports_check::expected(book, plan, &told)?;
        Ok(Self { shown, told, of_file })
    }

    /// The money day by day, and every figure.
    fn compare(
        self,
        plan: &Plan,
        book: &Book,
        after: &Shown,
        told: &Told,
    ) -> anyhow::Result<(Vec<Day>, Comparison)> {
        let shown = |shown: &Shown| revenue::shown(&shown.dashboard, plan.currency);
        let of_file_before = revenue::of_file(book, plan, &self.told.ends)?;
        let of_others = revenue::of_others(&shown(&self.shown), &of_file_before);
        let of_file = revenue::of_file(book, plan, &told.ends)?;
        let days = revenue::compare(&of_file, &shown(after), &of_others);

        let mut expected = reports_check::expected(book, plan, told)?;
        let mut seen = after.figures.clone();
        if self.shown.is_empty() {
            expected.extend(reports_check::expected_alone(&expected));
            seen.extend(after.alone());
        }
        let growth = |before, now| Growth {
            before: after.without_hidden_days(before),
            after: after.without_hidden_days(now),
        };
        let (expected, seen) = (growth(self.of_file, expected), growth(self.shown.figures, seen));
        Ok((days, reports_check::compare(&expected, &seen)))
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
fn bar(global: &Global, what: &'static str, length: usize) -> anyhow::Result<ProgressBar> {
    if global.json || !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{prefix:>10} {wide_bar} {pos}/{len} {per_sec}")?;
    let bar = ProgressBar::new(length as u64).with_prefix(what).with_style(style);
    Ok(bar)
}
