//! The accounts as a page.

use contracts::Service;
use contracts::choreography::Choreography;

use super::{Account, accounts, foreign_prefix, foreign_streams, inbox};
use crate::readers::QUERY;

const HEAD: &str = "\
# The broker's accounts

One account for each service, and one for the read side, so that only its owner can write into a stream.
Everything that is not listed is refused. [accounts.conf](accounts.conf) is the same for nats-server.
Requests to JetStream for another account's stream are imported under a prefix of its own, which the
process is told.
";

/// The page.
#[must_use]
pub fn page(choreography: &Choreography<'_>) -> String {
    let mut page = HEAD.to_owned();
    for account in accounts(choreography) {
        let name = &account.name;
        push_line!(page, "\n## {name}\n\n```\n{}\n```", command(choreography, name));
        write_table(&mut page, &account);
    }
    page
}

/// What the process is started with, beside what it always needs.
fn command(choreography: &Choreography<'_>, name: &str) -> String {
    let streams: Vec<Service> = match name.parse() {
        Ok(service) => foreign_streams(choreography, service),
        Err(_) if name == QUERY => Service::ALL.to_vec(),
        Err(_) => Vec::new(),
    };
    let login = format!("--nats-user {name} --nats-inbox {}", inbox(name));
    let mut lines = vec![format!("murmur serve {name} {login}")];
    lines.extend(
        streams.into_iter().map(|stream| {
            format!("--foreign-prefix {}={}", stream.stream(), foreign_prefix(stream))
        }),
    );
    lines.join(" \\\n  ")
}

fn write_table(page: &mut String, account: &Account) {
    page.push_str("\n| may | subject |\n|---|---|\n");
    let mut row = |may: &str, subject: &str| {
        push_line!(page, "| {may} | `{subject}` |");
    };
    account.publishes.iter().for_each(|subject| row("publish", subject));
    if account.replies {
        row("publish", "_R_.>");
    }
    account.subscribes.iter().for_each(|subject| row("subscribe", subject));
}
