//! Where the broker is and as whom it is used: what flags and addresses say, put together.
//!
//! The client is given addresses without users and passwords: it uses them from nowhere but its
//! options, and it logs addresses.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

use crate::address::{Address, Secret};
use crate::settings::NatsSettings;
use crate::tls::Authorities;

/// Schemes of a broker's address; WebSockets are not built in.
const SCHEMES: [&str; 2] = ["nats", "tls"];

/// Where to connect to, and as whom.
pub(super) struct Login {
    /// The addresses, with nothing in them that is not for others.
    pub(super) servers: Vec<ServerAddr>,
    identity: Identity,
    /// Whose certificates are believed.
    authorities: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    Nobody,
    User(String, Secret),
    Token(Secret),
    Credentials(PathBuf),
}

impl Login {
    /// What the settings say.
    ///
    /// # Errors
    /// When an address cannot be used, or they contradict each other.
    pub(super) fn of(settings: &NatsSettings) -> anyhow::Result<Self> {
        let mut identity = identity_of(settings);
        let mut servers = Vec::new();
        for text in settings.url.expose().split(',').map(str::trim) {
            let (server, named) = parse(text)?;
            servers.push(server);
            match (&identity, named) {
                (_, Identity::Nobody) => {}
                (Identity::Nobody, named) => identity = named,
                (known, named) if *known == named => {}
                (_, _) => bail!(
                    "{} names another user or password than the other addresses, --nats-user, \
                     --nats-password or --nats-credentials: name one, once",
                    Address::from(text)
                ),
            }
        }
        Ok(Self { servers, identity, authorities: settings.nats_ca.clone() })
    }

    /// The options of a client that connects as this.
    ///
    /// # Errors
    /// When the credentials file or that of authorities cannot be used.
    pub(super) fn options(&self) -> anyhow::Result<ConnectOptions> {
        let options = self.identified()?;
        let Some(file) = &self.authorities else { return Ok(options) };
        // The client would find out at each attempt.
        Authorities::load(file)?;
        Ok(options.add_root_certificates(file.clone()).require_tls(true))
    }

    fn identified(&self) -> anyhow::Result<ConnectOptions> {
        Ok(match &self.identity {
            Identity::Nobody => ConnectOptions::new(),
            Identity::User(user, password) => {
                ConnectOptions::with_user_and_password(user.clone(), password.expose().to_owned())
            }
            Identity::Token(token) => ConnectOptions::with_token(token.expose().to_owned()),
            Identity::Credentials(path) => {
                let text = std::fs::read_to_string(path).with_context(|| {
                    format!("cannot read the credentials file {}", path.display())
                })?;
                ConnectOptions::with_credentials(&text)
                    .with_context(|| format!("{} holds no credentials", path.display()))?
            }
        })
    }
}

fn identity_of(settings: &NatsSettings) -> Identity {
    match (&settings.nats_credentials, &settings.nats_user, &settings.nats_password) {
        (Some(path), _, _) => Identity::Credentials(path.clone()),
        (None, Some(user), Some(password)) => Identity::User(user.clone(), password.clone()),
        (None, _, _) => Identity::Nobody,
    }
}

/// An address without what is not for others, and who it names.
fn parse(text: &str) -> anyhow::Result<(ServerAddr, Identity)> {
    let unusable = || {
        format!(
            "{} is no usable address of a broker: use nats://HOST:PORT or \
             nats://USER:PASSWORD@HOST:PORT, with %XX for the signs that addresses are made of",
            Address::from(text)
        )
    };
    let address: ServerAddr = text.parse().with_context(unusable)?;
    if address.host().is_empty() || !SCHEMES.contains(&address.scheme()) {
        bail!(unusable());
    }
    let identity = match (address.username(), address.password()) {
        (Some(user), Some(password)) => Identity::User(decoded(user)?, decoded(password)?.into()),
        (Some(token), None) => Identity::Token(decoded(token)?.into()),
        (None, Some(_)) => bail!("{} names a password and no user", Address::from(text)),
        (None, None) => Identity::Nobody,
    };
    let mut url = address.into_inner();
    let stripped = url.set_username("").and_then(|()| url.set_password(None));
    // Where a sign in a password is not encoded, the rest of it stands in what follows the host.
    let more =
        !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some();
    if stripped.is_err() || more {
        bail!(unusable());
    }
    Ok((ServerAddr::from_url(url)?, identity))
}

fn decoded(text: &str) -> anyhow::Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.context("what %XX stands for in the broker's address is not UTF-8")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(url: &str) -> anyhow::Result<Login> {
        Login::of(&NatsSettings::at(url))
    }

    fn user(name: &str, password: &str) -> Identity {
        Identity::User(name.to_owned(), password.to_owned().into())
    }

    #[test]
    fn an_address_says_who_connects_and_is_connected_to_without_it() {
        for (url, servers, identity) in [
            ("nats://h:4", "nats://h:4", Identity::Nobody),
            ("h", "nats://h", Identity::Nobody),
            ("nats://ada:a%40b%2F%3A@h:4", "nats://h:4", user("ada", "a@b/:")),
            ("tls://t%20k@h", "tls://h", Identity::Token("t k".to_owned().into())),
            ("nats://a:b@h1, nats://a:b@h2", "nats://h1 nats://h2", user("a", "b")),
            ("nats://a:b@h1,h2", "nats://h1 nats://h2", user("a", "b")),
        ] {
            let login = login(url).unwrap();
            let all: Vec<_> = login.servers.iter().map(ServerAddr::as_url_str).collect();
            assert_eq!((all.join(" ").as_str(), &login.identity), (servers, &identity));
        }
    }

    #[test]
    fn addresses_and_flags_that_contradict_each_other_are_refused_without_a_secret_in_the_text() {
        let flags = |password: &str| NatsSettings {
            nats_user: Some("ada".to_owned()),
            nats_password: Some(password.to_owned().into()),
            ..NatsSettings::at("nats://ada:geheim@h")
        };
        assert!(Login::of(&flags("geheim")).is_ok());
        let file = NatsSettings {
            nats_credentials: Some("file".into()),
            ..NatsSettings::at("nats://geheim@h")
        };
        let refused = [
            Login::of(&flags("another")).err(),
            Login::of(&file).err(),
            login("nats://a:geheim@h1,nats://b:geheim@h2").err(),
            login("http://a:geheim@h").err(),
            login("nats://a:geheim/@h:1").err(),
            login("nats://a/x:geheim@h:1").err(),
            login("nats:/a:geheim@h:1").err(),
            login("nats://h:1?password=geheim").err(),
            login("a/b:geheim@h").err(),
            login("nats://:geheim@h").err(),
            login("nats://a:%FFgeheim@h").err(),
        ];
        for error in refused {
            let text = format!("{:#}", error.unwrap());
            assert!(!text.contains("geheim") && !text.contains("another@"), "{text}");
        }
    }
}
