//! The accounts as a page.

use protocol::choreography::Choreography;

use super::{Account, OPERATOR, accounts, foreign_prefix, inbox};

const HEAD: &str = "\
# The broker's accounts

One account for each service, one for the read side and one for the operator, who reads every stream: only
its owner can write into a stream.
Everything that is not listed is refused. [accounts.conf](accounts.conf) is the same for nats-server.
Requests to JetStream for another account's stream are imported under a prefix of its own, which the
process is told.

Connections, subscriptions, streams and consumers of each account are bounded, so that one of them takes nothing from
the others. Room on disk is bounded for all of them together, by the server (`max_file_store`). Do not bound it by account
(`max_file`): 2.9.10 counts a message that it then refuses, and its owner takes that for a loss again and again.
";

/// The page.
#[must_use]
pub fn page(choreography: &Choreography) -> String {
    let mut page = HEAD.to_owned();
    for account in accounts(choreography, &[]) {
        let name = &account.name;
        let said = if name == OPERATOR { deployment(&account) } else { command(&account) };
        push_line!(page, "\n## {name}\n\n```\n{said}\n```");
        write_table(&mut page, &account);
    }
    page
}

/// What the process is started with, beside what it always needs.
fn command(account: &Account) -> String {
    let name = &account.name;
    let login = format!("--nats-user {name} --nats-inbox {}", inbox(name));
    let mut lines = vec![format!("murmur serve {name} {login}")];
    lines.extend(
        account.foreign_streams().into_iter().map(|stream| {
            format!("--foreign-prefix {}={}", stream.stream(), foreign_prefix(stream))
        }),
    );
    lines.join(" \\\n  ")
}

/// What stands in the file that tells `murmur` of the system.
fn deployment(account: &Account) -> String {
    let name = &account.name;
    let mut lines = vec![
        "# deployment.toml, in a folder that `murmur --data` names".to_owned(),
        format!("nats = \"nats://{name}:PASSWORD@HOST:PORT\""),
        format!("nats-inbox = \"{}\"", inbox(name)),
        "[foreign-prefixes]".to_owned(),
    ];
    let prefix = |stream| format!("{stream} = \"{}\"", foreign_prefix(stream));
    lines.extend(account.foreign_streams().into_iter().map(prefix));
    lines.join("\n")
}

fn write_table(page: &mut String, account: &Account) {
    page.push_str("\n| may | subject |\n|---|---|\n");
    let mut row = |may: &str, subject: &str| {
        push_line!(page, "| {may} | `{subject}` |");
    };
    account.publishes.iter().for_each(|subject| row("publish", subject));
    account.subscribes.iter().for_each(|subject| row("subscribe", subject));
}
