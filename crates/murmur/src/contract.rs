//! `murmur contract`: the choreography, checked, shown, compared and documented.

mod check;
mod diff;
mod docs;

use contracts::choreography::MURMURATION;
use protocol::choreography::Reaction;
use serde_json::{Value, json};
use terminal::line;
use terminal::table;
use terminal::verdict::Verdict;

use crate::global::Global;

/// What `murmur contract` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    subcommand: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Walk the choreography and report what would leave an order without its end, and by which run.
    Check,
    /// Show who reacts to what, and with which event.
    Show,
    /// Say what changed since another contract, which changes break whom, and which are safe.
    Diff(diff::Args),
    /// Write what follows from the choreography: AsyncAPI, diagrams, a page for each event, accounts.
    Docs(docs::Args),
}

/// Checks, shows, compares or documents.
pub(crate) fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    match &args.subcommand {
        Subcommand::Check => Ok(check::run(global)),
        Subcommand::Show => {
            show(global);
            Ok(Verdict::Clean)
        }
        Subcommand::Diff(args) => diff::run(global, args),
        Subcommand::Docs(args) => docs::run(global, args),
    }
}

fn show(global: &Global) {
    if global.json {
        let reactions: Vec<_> = MURMURATION.reactions.iter().map(as_json).collect();
        line!("{}", json!({ "reactions": reactions }));
        return;
    }
    let mut table = table::with_header(["service", "in state", "on", "emits"]);
    for reaction in &MURMURATION.reactions {
        table.add_row([
            reaction.service.to_string(),
            reaction.states.join(", "),
            reaction.on.to_string(),
            emitted(reaction).join(" | "),
        ]);
    }
    line!("{table}");
}

fn as_json(reaction: &Reaction) -> Value {
    json!({
        "service": reaction.service,
        "states": reaction.states,
        "on": reaction.on.to_string(),
        "emits": emitted(reaction),
    })
}

fn emitted(reaction: &Reaction) -> Vec<String> {
    reaction.emits.iter().map(ToString::to_string).collect()
}
