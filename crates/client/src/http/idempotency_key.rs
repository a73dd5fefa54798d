//! The idempotency keys of all commands that are sent from here, made in one place: of what a command
//! is for, and of all that is asked. Two requests that differ in anything never have the same key.
//!
//! The first half alone finds a command again in a stream, whatever was asked in the end.

use protocol::Chain;

/// What a command is for, as the first half of its key: within that scope it has one effect.
pub fn purpose(scope: &str) -> String {
    let chain = Chain::START.next("purpose", scope, &[]).to_string();
    chain.chars().take(24).collect()
}

/// The key of a request in a scope.
pub fn of(scope: &str, method: &str, url: &str, condition: &str, body: &[u8]) -> String {
    let request = format!("{method} {} {condition}", path_of(url));
    format!("{}-{}", purpose(scope), Chain::START.next("request", &request, body))
}

/// What a key that was made here is for.
pub fn purpose_of(key: &str) -> &str {
    key.split('-').next().unwrap_or_default()
}

/// Another start of the system has other ports: they are no part of what is asked.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_the_whole_request_and_is_the_same_on_another_port() {
        let key = of("raise", "PUT", "http://127.0.0.1:1/customers/a", "", b"{}");
        let again = of("raise", "PUT", "http://127.0.0.1:2/customers/a", "", b"{}");
        assert_eq!(key, again);
        assert!(key.len() <= 64 && purpose_of(&key) == purpose("raise"), "{key}");
        for other in [
            of("other", "PUT", "http://127.0.0.1:1/customers/a", "", b"{}"),
            of("raise", "POST", "http://127.0.0.1:1/customers/a", "", b"{}"),
            of("raise", "PUT", "http://127.0.0.1:1/customers/b", "", b"{}"),
            of("raise", "PUT", "http://127.0.0.1:1/customers/a", "\"7\"", b"{}"),
            of("raise", "PUT", "http://127.0.0.1:1/customers/a", "", b"{ }"),
        ] {
            assert_ne!(key, other);
        }
    }
}
