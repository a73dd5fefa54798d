//! Addresses and other settings that may hold a password: taken as they are given, shown without it.
//!
//! Deliberately absent: what makes an address usable. Who connects says that, and says it of the
//! address as it is shown here.

use std::borrow::Cow;
use std::fmt;

/// What stands where a secret was.
const HIDDEN: &str = "***";

/// What separates the scheme of an address from the rest.
const SCHEME_END: &str = "://";

/// Parameters of an address that are secrets, as Redis' client has them for Unix sockets.
const SECRET_PARAMETERS: [&str; 3] = ["pass=", "password=", "token="];

/// An address as it was given, which may name a user and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

/// A password or a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Address {
    /// All of it, for who connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether something in it is not for others.
    #[must_use]
    pub fn holds_a_secret(&self) -> bool {
        self.to_string() != self.0
    }
}

impl Secret {
    /// It, for who connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The text without what addresses in it hold before their `@`, nor in parameters that are secrets.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    if !text.contains(SCHEME_END) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(SCHEME_END);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str(SCHEME_END);
        // An address ends before a space or a quotation mark; a password may hold all else.
        let end = part.find(|c: char| c.is_whitespace() || "\"'`".contains(c));
        let (address, rest) = part.split_at(end.unwrap_or(part.len()));
        push_redacted(&mut shown, address);
        shown.push_str(rest);
    }
    Cow::Owned(shown)
}

/// Adds what follows the scheme of an address.
fn push_redacted(shown: &mut String, address: &str) {
    let host = match address.rfind('@') {
        Some(at) => {
            shown.push_str(HIDDEN);
            &address[at..]
        }
        None => address,
    };
    for (nth, parameter) in host.split('&').enumerate() {
        if nth > 0 {
            shown.push('&');
        }
        let secret = SECRET_PARAMETERS.iter().filter_map(|name| {
            let at = parameter.find(name)?;
            let begins = at == 0 || parameter[..at].ends_with('?');
            begins.then_some(at + name.len())
        });
        match secret.min() {
            Some(value) => {
                shown.push_str(&parameter[..value]);
                shown.push_str(HIDDEN);
            }
            None => shown.push_str(parameter),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(SCHEME_END) {
            return f.write_str(&redacted(&self.0));
        }
        // Brokers' addresses may do without a scheme.
        let mut shown = String::new();
        push_redacted(&mut shown, &self.0);
        f.write_str(&shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_user_password_and_token() {
        for (given, shown) in [
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("nats://ada:geheim@h:4222", "nats://***@h:4222"),
            ("nats://t0k3n@h", "nats://***@h"),
            ("ada:geheim@h:4222", "***@h:4222"),
            ("nats://a:geheim@h1,tls://b:geheim@h2", "nats://***@h1,tls://***@h2"),
            ("nats://a:ge@heim/geheim#1@h", "nats://***@h"),
            ("redis://:geheim@h:6379/2", "redis://***@h:6379/2"),
            ("redis+unix:///s?db=1&pass=geheim&user=a", "redis+unix:///s?db=1&pass=***&user=a"),
            ("redis+unix:///s?pass=geheim", "redis+unix:///s?pass=***"),
        ] {
            let address = Address::from(given);
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("{shown:?}"));
            assert_eq!((address.expose(), address.holds_a_secret()), (given, given != shown));
        }
        assert_eq!(format!("{:?}", Secret::from("geheim".to_owned())), "***");
    }

    #[test]
    fn an_address_inside_a_message_is_shown_without_its_secret() {
        let text = "error: unexpected argument 'nats://a:geheim@h' found, write to b@c.example";
        let shown = "error: unexpected argument 'nats://***@h' found, write to b@c.example";
        assert_eq!(redacted(text), shown);
        assert_eq!(redacted("no address, a@b"), "no address, a@b");
    }
}
