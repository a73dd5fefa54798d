//! `murmur heal`: shows where a service's database and its stream tell two histories, and what the
//! choices are; sets the database aside where nobody was promised what only it holds.
//!
//! Deliberately absent: any change to a stream.

use std::time::Duration;

use anyhow::{Context as _, bail};
use client::process::Process;
use client::run_file::RunFile;
use client::streams::Streams;
use contracts::choreography::MURMURATION;
use contracts::service;
use engine::database;
use engine::healing::{Plan, Refusal, plan};
use protocol::{Cause, Headers, Row, Service};
use runtime::healing::{Reaction, Stores, neighbours_in};
use runtime::nats::Connection;
use runtime::seal_keys;
use serde_json::{Value, json};
use supervisor::readiness;
use supervisor::redundancy::{self, Loss, Permit};
use terminal::table;
use terminal::verdict::Verdict;
use terminal::{hint, line, note};

use crate::aside::set_aside;
use crate::global::Global;

/// How long is waited for a stream that another process of the service may be publishing.
const WITHIN: Duration = Duration::from_secs(60);

/// What to heal, and how far to go.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// customer, product, order, inventory, payment or shipping.
    #[arg(value_parser = service::named)]
    service: Service,
    /// Show what only this database holds, and whether it may go.
    #[arg(long)]
    discard_local: bool,
    /// Do it: set the database aside, and let the service restore itself from its stream.
    #[arg(long, requires = "discard_local")]
    yes: bool,
}

/// Exit code 0: there is nothing to heal, or it was healed; 1: it was shown, or refused.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    running.started_here()?;
    let streams = Streams::open(&running).await?;
    let stores = stores(&running, streams.connection(), args.service);
    let plan = plan_for(&stores).await?;
    show(global, &stores, &plan)?;
    match plan {
        Plan::Nothing => Ok(Verdict::Clean),
        Plan::Discard { .. } if args.yes => {
            let permit = redundancy::wait(&running, Loss::Aside(args.service), WITHIN, |text| {
                note!("waits until the stream holds all that was read of it: {text}");
            })
            .await?;
            discard(global, &running, &stores, &plan, permit).await?;
            Ok(Verdict::Clean)
        }
        Plan::Discard { .. } | Plan::Refuse(_) => Ok(Verdict::Found),
    }
}

fn stores<'a>(running: &RunFile, connection: &'a Connection, service: Service) -> Stores<'a> {
    let database = database::file_in(&running.data.join(service.name()), service);
    let keys = seal_keys::load(&seal_keys::file_beside(&running.data.join(service.name())));
    let keys = keys.inspect_err(|error| note!("nobody is told a forger: {error:#}")).ok();
    let neighbours = neighbours_in(&running.data, service::ALL);
    Stores { service, choreography: &MURMURATION, connection, database, neighbours, keys }
}

async fn plan_for(stores: &Stores<'_>) -> anyhow::Result<Plan> {
    if !stores.database.exists() {
        bail!(
            "{} has no database: `murmur start {0}`, and it restores itself from its stream",
            stores.service
        );
    }
    Ok(plan(&stores.examine().await?))
}

/// Stops the service, looks once more while nobody can write, and sets the database aside.
async fn discard(
    global: &Global,
    running: &RunFile,
    stores: &Stores<'_>,
    shown: &Plan,
    permit: Permit,
) -> anyhow::Result<()> {
    let is_unchanged = async || Ok(plan_for(stores).await? == *shown);
    let kept = set_aside(running, stores.service, is_unchanged).await?;
    let kept = kept.context("what is held has changed meanwhile: nothing was done; look again")?;
    drop(permit);
    readiness::redundant(running, Process::Service(stores.service)).await?;
    let service = stores.service;
    if global.json {
        line!("{}", json!({ "done": "heal", "service": service, "kept": kept }));
    } else {
        line!(
            "{service} is restored from its stream; its old database is kept in {}",
            kept.display()
        );
    }
    Ok(())
}

fn show(global: &Global, stores: &Stores<'_>, plan: &Plan) -> anyhow::Result<()> {
    let rows = match plan {
        Plan::Discard { first, last } => stores.rows(*first, *last)?,
        Plan::Nothing | Plan::Refuse(_) => Vec::new(),
    };
    let reactions = match plan {
        Plan::Refuse(Refusal::Forged { message, .. }) => stores.reactions_to(*message)?,
        Plan::Nothing | Plan::Discard { .. } | Plan::Refuse(_) => Vec::new(),
    };
    if global.json {
        line!("{}", as_json(plan, &rows, &reactions));
        return Ok(());
    }
    match plan {
        Plan::Nothing => line!(
            "database and stream of {} tell one history: there is nothing to heal",
            stores.service
        ),
        Plan::Discard { .. } => show_rows(stores.service, &rows),
        Plan::Refuse(refusal) => {
            show_refusal(refusal);
            show_reactions(&reactions);
        }
    }
    Ok(())
}

fn show_rows(service: Service, rows: &[Row]) {
    line!("These rows are in {service}'s database only. No service has seen them, and whoever was");
    line!("answered was told `local`:");
    line!();
    let mut table = table::with_header(["row", "subject", "time", "made by", "answered"]);
    for row in rows {
        let (time, cause, answered) = description(row);
        table.add_row([row.sequence.to_string(), row.subject.clone(), time, cause, answered]);
    }
    line!("{table}");
    line!();
    let again = format!("`murmur heal {service} --discard-local --yes`");
    line!("{} sets the database aside (it is kept), and the service", hint::complete(&again));
    line!("restores itself from its stream. Nothing has been changed yet.");
}

fn show_refusal(refusal: &Refusal) {
    line!("nothing can be discarded: {refusal}");
    for choice in refusal.choices() {
        line!("choice: {}", hint::complete(choice));
    }
}

fn show_reactions(reactions: &[Reaction]) {
    if reactions.is_empty() {
        return;
    }
    line!();
    line!("Other services have decided on these messages; people have to make that good:");
    let mut table = table::with_header(["message", "decided by", "its row", "what it says"]);
    for Reaction { by, row, subject, on } in reactions {
        table.add_row([on.to_string(), by.to_string(), row.to_string(), subject.clone()]);
    }
    line!("{table}");
}

/// When, by what, and what its client was told. A row that the stream never held was not answered as
/// replicated.
fn description(row: &Row) -> (String, String, String) {
    let Ok(headers) = Headers::parse(&row.headers) else {
        return ("?".to_owned(), "?".to_owned(), "?".to_owned());
    };
    let (cause, answered) = match &headers.cause {
        Cause::Command(name) => (format!("command {name}"), "local, or not at all"),
        Cause::Event { service, sequence } => {
            (format!("{} {sequence}", service.stream()), "nobody waited")
        }
        Cause::Timer(name) => (format!("timer {name}"), "nobody waited"),
        Cause::Recovery => ("recovery".to_owned(), "nobody waited"),
    };
    (headers.time.to_string(), cause, answered.to_owned())
}

fn as_json(plan: &Plan, rows: &[Row], reactions: &[Reaction]) -> Value {
    match plan {
        Plan::Nothing => json!({ "plan": "nothing" }),
        Plan::Refuse(refusal) => json!({
            "plan": "refuse", "reason": refusal.to_string(), "choices": refusal.choices(),
            "reactions": reactions.iter().map(reaction_as_json).collect::<Vec<_>>(),
        }),
        Plan::Discard { .. } => {
            let row = |row: &Row| {
                let (time, cause, answered) = description(row);
                let (number, subject) = (row.sequence, &row.subject);
                json!({
                    "row": number, "subject": subject, "time": time, "made_by": cause,
                    "answered": answered,
                })
            };
            json!({ "plan": "discard", "rows": rows.iter().map(row).collect::<Vec<_>>() })
        }
    }
}

fn reaction_as_json(reaction: &Reaction) -> Value {
    let Reaction { by, row, subject, on } = reaction;
    json!({ "message": on, "by": by, "row": row, "subject": subject })
}
