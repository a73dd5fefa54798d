//! Why Redis cannot be used, in words: what it says, and what can be done about it.

use redis::RedisError;

/// How to say who connects.
const WHO: &str =
    "say who with --redis-user and --redis-password-file, or redis://USER:PASSWORD@HOST:PORT";

/// The error, and what can be done about it where that can be told.
pub(crate) fn explained(error: &RedisError) -> String {
    with_hint(&error.to_string())
}

fn with_hint(error: &str) -> String {
    let has = |part: &str| error.to_lowercase().contains(part);
    let hint = if has("connection refused") {
        "nothing listens there: does Redis run, and is the port right?"
    } else if has("noauth") || has("authentication required") {
        return format!("{error}; it refuses who says not who it is: {WHO}");
    } else if has("wrongpass") || has("invalid username-password") || has("authentication failed") {
        return format!("{error}; it does not know this user and password: {WHO}");
    } else if has("noperm") || has("no permissions") || has("the user executing") {
        "this user may not do that: query's is `projector`, and with --no-projector `reader`, as \
         docs/reference.md has them"
    } else if has("certificate") {
        "its certificate is not trusted: it has to name this host, and --redis-ca to name a file with \
         the authority that signed it"
    } else if has("corrupt message") || has("handshake") {
        "TLS fails: write redis:// for a Redis without TLS and leave --redis-ca out, and rediss:// for one with it"
    } else if has("timed out") {
        "it does not answer: does it hang, or does it speak no TLS? Then write redis://"
    } else if has("end of file") || has("connection reset") || has("broken pipe") || has("dropped")
    {
        "it closes the connection: does it ask for TLS? Then write rediss://"
    } else {
        return error.to_owned();
    };
    format!("{error}; {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_says_comes_with_what_can_be_done() {
        for (said, hint) in [
            ("Connection refused (os error 111)", "is the port right"),
            ("NOAUTH Authentication required.", "--redis-user"),
            ("WRONGPASS invalid username-password pair", "--redis-password-file"),
            ("invalid peer certificate: UnknownIssuer", "--redis-ca"),
            ("received corrupt message of type InvalidContentType", "rediss://"),
            ("timed out", "write redis://"),
            ("The user executing the script can't run this command", "docs/reference.md"),
            ("unexpected end of file", "rediss://"),
            ("NOPERM this user has no permissions to run", "docs/reference.md"),
        ] {
            let text = with_hint(said);
            assert!(text.starts_with(said) && text.contains(hint), "{text}");
        }
        assert_eq!(with_hint("OOM command not allowed"), "OOM command not allowed");
    }
}
