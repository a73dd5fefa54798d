//! `murmur verify`: reads a service's rows in its database and in its stream, and says whether they are
//! chained, sealed by their owner, and the same. Nothing is changed.

use client::process::Process;
use contracts::service;
use evidence::verification::{RowCopy, Trouble, Verification, verify};
use protocol::Service;
use serde_json::{Value, json};
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// Whose rows to read.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// customer, product, order, inventory, payment or shipping; without one, all of them.
    #[arg(value_parser = service::named, value_name = "SERVICE")]
    services: Vec<Service>,
}

/// Exit code 0: both copies are sound and the same; 1: something is not; 3: not everything could be looked at.
pub(crate) async fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let services = if args.services.is_empty() { service::ALL.to_vec() } else { args.services };
    let mut verdict = Verdict::Clean;
    for service in services {
        let verified = verify(&running, service).await?;
        if global.json {
            line!("{}", as_json(&verified));
        } else {
            show(&verified);
        }
        verdict = worse(verdict, verified.verdict());
    }
    Ok(verdict)
}

/// What was found weighs more than what could not be looked at.
const fn worse(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Found, _) | (_, Verdict::Clean) => one,
        (_, other) => other,
    }
}

fn show(verified: &Verification) {
    let Verification { service, stream, database, between, unknown } = verified;
    let (process, name) = (Process::Service(*service), service.stream());
    line!("{process}: the stream {name} {}", in_words(stream));
    if let Some(database) = database {
        line!("{process}: the database {}", in_words(database));
    }
    let copies = [("stream", Some(stream)), ("database", database.as_ref())];
    for (store, copy) in copies {
        for Trouble { row, what } in copy.into_iter().flat_map(|copy| &copy.troubles) {
            line!("{process}: row {row} of the {store}: {what}");
        }
    }
    between.iter().for_each(|Trouble { row, what }| line!("{process}: row {row}: {what}"));
    unknown.iter().for_each(|why| line!("{process}: {why}"));
    if database.is_some() && verified.verdict() == Verdict::Clean {
        line!("{process}: both hold the same rows");
    }
}

fn in_words(copy: &RowCopy) -> String {
    let rows = copy.rows();
    let sealed = match copy.sealed {
        Some(sealed) => format!("{sealed} of them sealed by its owner"),
        None => "whose seals are not looked at".to_owned(),
    };
    format!("holds {rows} rows that follow each other, {sealed}")
}

fn as_json(verified: &Verification) -> Value {
    let Verification { service, stream, database, between, unknown } = verified;
    json!({
        "service": service,
        "stream": copy_as_json(stream),
        "database": database.as_ref().map(copy_as_json),
        "between": troubles(between),
        "unknown": unknown,
        "verdict": match verified.verdict() {
            Verdict::Clean => "clean",
            Verdict::Incomplete => "unknown",
            Verdict::Found | Verdict::Partial(_) | Verdict::Process(_) => "broken",
        },
    })
}

fn copy_as_json(copy: &RowCopy) -> Value {
    json!({ "rows": copy.rows(), "sealed": copy.sealed, "troubles": troubles(&copy.troubles) })
}

fn troubles(all: &[Trouble]) -> Vec<Value> {
    all.iter().map(|Trouble { row, what }| json!({ "row": row, "what": what })).collect()
}
