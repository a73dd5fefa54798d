//! The accounts as a page.

use protocol::Service;
use protocol::choreography::Choreography;

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
pub fn page(choreography: &Choreography) -> String {
    let mut page = HEAD.to_owned();
    for account in accounts(choreography) {
        let name = &account.name;
        push_line!(page, "\n## {name}\n\n```\n{}\n```", command(choreography, name));
        write_table(&mut page, &account);
    }
    page
}

/// What the process is started with, beside what it always needs.
fn command(choreography: &Choreography, name: &str) -> String {
    let of_service = |service| foreign_streams(choreography, service);
    let streams: Vec<Service> = match name {
        QUERY => choreography.services().collect(),
        name => name.parse().map(of_service).unwrap_or_default(),
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
