//! `murmur import`: the way out of a shared database, step by step.

use std::path::PathBuf;

use anyhow::bail;
use contracts::Currency;
use serde_json::json;
use shared_database::borders::{NamedOwner, Owners, Report};
use shared_database::example;
use shared_database::import::{Import, Options, Pass, left_behind, refuse_writes};
use shared_database::plan::Stage;
use shared_database::reconciliation::reconcile;
use shared_database::source::Source;
use shared_database::summary::{Waiting, refusals};
use terminal::execution::run as run_async;
use terminal::verdict::{Misuse, Verdict};
use terminal::{line, note};
use workload::currency::active_currency;
use workload::retail::book::Book;

use crate::global::Global;

/// What `murmur import` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    subcommand: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Move out of one SQLite database that holds what belongs to several services.
    SharedDb(SharedDb),
    /// Make such a database from a file of invoices, and a file of queries beside it.
    Example(Example),
}

#[derive(Debug, clap::Args)]
struct SharedDb {
    /// The old database.
    file: PathBuf,
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    step: Option<Step>,
}

/// The steps, in their order; without one it is the report.
#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Say who would own which table, what crosses a border, and which API replaces it.
    Report(ReportArgs),
    /// Move all rows into the services, and note what changes from here on.
    Move {
        /// Go on with what changes, until the old database is left.
        #[arg(long)]
        follow: bool,
    },
    /// Carry over what changes, until the old database is left.
    Follow {
        /// End when nothing is left to carry over.
        #[arg(long)]
        once: bool,
    },
    /// Refuse further writes of the old system, carry over the rest, and compare.
    Switch(SwitchArgs),
    /// Compare the old database with the services.
    ///
    /// Exit codes: 0 all is the same, 1 something differs, 3 only that differs which the switch does.
    Reconcile(Samples),
}

#[derive(Debug, Default, clap::Args)]
struct ReportArgs {
    /// A file of the SQL that is sent to the database.
    #[arg(long, value_name = "FILE")]
    queries: Option<PathBuf>,
    /// Who would own a table; repeated for several.
    #[arg(long, value_name = "TABLE=SERVICE")]
    owner: Vec<NamedOwner>,
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct SwitchArgs {
    /// Leave behind what could not be moved: nobody can mend it in the old database afterwards.
    #[arg(long)]
    leave_behind: bool,
    #[command(flatten)]
    samples: Samples,
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct Samples {
    /// Orders that are compared with the read model.
    #[arg(long, default_value_t = 100, value_name = "ORDERS")]
    samples: usize,
}

#[derive(Debug, clap::Args)]
struct Example {
    /// The database that is made.
    file: PathBuf,
    /// Invoices, as `murmur replay retail` takes them.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The currency of the prices; the file does not name one.
    #[arg(long, default_value = "GBP", value_parser = active_currency)]
    currency: Currency,
}

/// Takes one step, or makes an example.
pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let shared = match args.subcommand {
        Subcommand::Example(args) => return make_example(global, &args),
        Subcommand::SharedDb(shared) => shared,
    };
    if !matches!(shared.step, None | Some(Step::Report(_))) {
        Source::open(&shared.file).map_err(Misuse)?;
    }
    match &shared.step {
        None => report(global, &shared, &ReportArgs::default()),
        Some(Step::Report(args)) => report(global, &shared, args),
        Some(Step::Move { follow }) => run_async(move_all(global, &shared, *follow)),
        Some(Step::Follow { once }) => run_async(follow(global, &shared, *once)),
        Some(Step::Switch(args)) => run_async(switch(global, &shared, *args)),
        Some(Step::Reconcile(samples)) => run_async(compare(global, &shared, *samples)),
    }
}

fn make_example(global: &Global, args: &Example) -> anyhow::Result<Verdict> {
    let book = Book::read(&args.from, args.currency, None).map_err(Misuse)?;
    let made = example::make(&book, args.currency, &args.file).map_err(Misuse)?;
    if global.json {
        line!("{}", serde_json::to_value(&made)?);
    } else {
        line!(
            "{}: {} customers, {} products, {} orders of {} lines, {} payments; {}: what is asked of it",
            args.file.display(),
            made.customers,
            made.products,
            made.orders,
            made.order_lines,
            made.payments,
            made.queries.display()
        );
    }
    Ok(Verdict::Clean)
}

fn report(global: &Global, shared: &SharedDb, args: &ReportArgs) -> anyhow::Result<Verdict> {
    let owners = Owners::with(&args.owner);
    let report = Report::of(&shared.file, args.queries.as_deref(), &owners).map_err(Misuse)?;
    if global.json {
        line!("{}", serde_json::to_value(&report)?);
    } else {
        line!("{}", report.text());
    }
    Ok(Verdict::Clean)
}

/// What could not be moved is a finding.
async fn move_all(global: &Global, shared: &SharedDb, goes_on: bool) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let mut import = Import::begin(&running, &shared.file, &shared.options, !global.json)?;
    let pass = import.everything(Stage::Moving).await?;
    let verdict = show(global, &import, pass.waiting)?;
    if !goes_on {
        return Ok(verdict);
    }
    carry_over(global, &mut import, false).await
}

async fn follow(global: &Global, shared: &SharedDb, once: bool) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let mut import = Import::resume(&running, &shared.file, &shared.options, !global.json)?;
    carry_over(global, &mut import, once).await
}

async fn carry_over(
    global: &Global,
    import: &mut Import<'_>,
    once: bool,
) -> anyhow::Result<Verdict> {
    import.follow(once, |pass| report_pass(global, pass)).await?;
    if !once {
        note!("the old database refuses writes, and nothing of it is left to carry over");
    }
    Ok(import.summary(Waiting::default())?.verdict())
}

/// Writes are refused first, so that whoever follows comes to an end and lets this one go on.
async fn switch(global: &Global, shared: &SharedDb, args: SwitchArgs) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let left_behind = left_behind(&shared.file, &shared.options)?;
    if !args.leave_behind && !left_behind.is_empty() {
        refusals(&left_behind).iter().for_each(|refusal| note!("{refusal}"));
        bail!(
            "{} things are not moved, and nothing was done: mend them in the old database and `murmur \
             import shared-db {} move`, or leave them behind with --leave-behind",
            left_behind.len(),
            shared.file.display()
        );
    }
    refuse_writes(&shared.file)?;
    note!("{} refuses every further write", shared.file.display());
    let mut import = Import::resume(&running, &shared.file, &shared.options, !global.json)?;
    import.leave().await?;
    let found = reconcile(&running, &shared.file, args.samples.samples).await?;
    let summary = import.summary(Waiting::default())?;
    let verdict = found.verdict();
    if global.json {
        let done = verdict == Verdict::Clean;
        let (import, reconciliation) = (summary.json(), found.json());
        line!("{}", json!({ "import": import, "reconciliation": reconciliation, "done": done }));
    } else {
        line!("{}\n\n{}", summary.text(), found.text());
        if verdict == Verdict::Clean {
            line!("\ndone: all of {} is in the services, to the penny", shared.file.display());
        }
    }
    Ok(verdict)
}

async fn compare(global: &Global, shared: &SharedDb, samples: Samples) -> anyhow::Result<Verdict> {
    let found = reconcile(&global.running()?, &shared.file, samples.samples).await?;
    if global.json {
        line!("{}", found.json());
    } else {
        line!("{}", found.text());
    }
    Ok(found.verdict())
}

fn show(global: &Global, import: &Import<'_>, waiting: Waiting) -> anyhow::Result<Verdict> {
    let summary = import.summary(waiting)?;
    if global.json {
        line!("{}", summary.json());
    } else {
        line!("{}", summary.text());
    }
    Ok(summary.verdict())
}

/// What was carried over, and what was refused.
fn report_pass(global: &Global, pass: &Pass) {
    if global.json {
        line!("{}", json!({ "carried_over": pass.moved, "refused": pass.refused }));
        return;
    }
    let moved = pass.moved.iter();
    let parts: Vec<_> = moved.map(|(entity, many)| format!("{} {many}", entity.plural())).collect();
    if !parts.is_empty() {
        line!("carried over: {}", parts.join(", "));
    }
    refusals(&pass.refused).iter().for_each(|refusal| line!("{refusal}"));
}
