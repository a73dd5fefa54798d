//! The accounts as a file that a nats-server's configuration includes.

use protocol::choreography::Choreography;

use super::{Account, Export, Import, OPERATOR, Way, accounts, operator_in};

/// Connections of an account at once. A process has one, its replacement another, and each command of an operator
/// one or two: whoever opens more has stopped closing them.
const CONNECTIONS_MAX: u32 = 64;

/// Subscriptions of one connection. A process has one for answers, one for each stream that it reads and one for what
/// it is asked.
const SUBSCRIPTIONS_MAX: u32 = 256;

/// Streams of an account that has any: its events, its claims, and two more for an operator who measures the broker or tries
/// something out.
const STREAMS_MAX: u32 = 4;

/// Readers of the streams of an account at once. Each has one, and leaves one behind for some seconds when its
/// connection ends: there is room for some hundred readers, and none for one that begins anew without end.
const CONSUMERS_MAX: u32 = 1_000;

/// Bytes of a message of an account that has no stream: it sends requests, of less than a kilobyte each.
const REQUEST_BYTES_MAX: u32 = 64 << 10;

const HEAD: &str = "\
# One account for each service, one for the read side and one for the operator. A server's configuration
# includes it:
#
#   include \"accounts.conf\"
#
# The passwords come from the server's environment: ORDER_PASSWORD and so on. Let each begin with a letter:
# the server reads what begins with a digit as a number. What each process is started with stands in
# accounts.md.

";

/// The file.
#[must_use]
pub fn file(choreography: &Choreography) -> String {
    format!("{HEAD}{}", block(&accounts(choreography, &[])))
}

/// The part of a server's configuration that makes these accounts.
#[must_use]
pub fn block(accounts: &[Account]) -> String {
    let mut text = "accounts {\n".to_owned();
    accounts.iter().for_each(|account| write_account(&mut text, account));
    text.push_str("}\n");
    text
}

/// The variable that holds an account's password, in the server's environment or before the accounts.
#[must_use]
pub fn password_variable(account: &str) -> String {
    format!("{}_PASSWORD", account.to_uppercase())
}

fn write_account(text: &mut String, account: &Account) {
    let name = &account.name;
    push_line!(text, "  {} {{", name.to_uppercase());
    let mut limits =
        format!("max_connections: {CONNECTIONS_MAX}, max_subscriptions: {SUBSCRIPTIONS_MAX}");
    if account.owns_streams {
        let streams = format!("max_streams: {STREAMS_MAX}, max_consumers: {CONSUMERS_MAX}");
        push_line!(text, "    jetstream: {{ {streams} }}");
    } else {
        limits += &format!(", max_payload: {REQUEST_BYTES_MAX}");
    }
    push_line!(text, "    limits: {{ {limits} }}");
    text.push_str("    users = [{\n");
    push_line!(text, "      user: {name}, password: ${}", password_variable(name));
    text.push_str("      permissions {\n");
    write_list(text, "        publish", account.publishes.iter().map(|subject| quoted(subject)));
    write_list(text, "        subscribe", account.subscribes.iter().map(|subject| quoted(subject)));
    text.push_str("      }\n    }");
    if account.is_open_to_operator {
        let (user, password) = (operator_in(name), password_variable(OPERATOR));
        text.push_str(&format!(", {{ user: {user}, password: ${password} }}"));
    }
    text.push_str("]\n");
    write_list(text, "    exports", account.exports.iter().map(export));
    write_list(text, "    imports", account.imports.iter().map(import));
    text.push_str("  }\n");
}

fn write_list(text: &mut String, name: &str, entries: impl Iterator<Item = String>) {
    let indent: String = name.chars().take_while(|c| *c == ' ').collect();
    let entries: Vec<String> = entries.map(|entry| format!("{indent}  {entry}\n")).collect();
    if !entries.is_empty() {
        push_line!(text, "{name} = [\n{}{indent}]", entries.concat());
    }
}

fn export(export: &Export) -> String {
    let subject = quoted(&export.subject);
    let to: Vec<String> = export.to.iter().map(|account| account.to_uppercase()).collect();
    let what = match export.way {
        Way::Request => format!("service: {subject}"),
        Way::Pull => format!("service: {subject}, response_type: stream"),
        Way::Messages => format!("stream: {subject}"),
    };
    format!("{{ {what}, accounts: [{}] }}", to.join(", "))
}

fn import(import: &Import) -> String {
    let (from, subject) = (import.from.stream(), quoted(&import.subject));
    let source = format!("{{ account: {from}, subject: {subject} }}");
    match import.way {
        Way::Request | Way::Pull => {
            format!("{{ service: {source}, to: {} }}", quoted(&import.as_subject))
        }
        Way::Messages => format!("{{ stream: {source} }}"),
    }
}

fn quoted(subject: &str) -> String {
    format!("\"{subject}\"")
}
