//! How Redis is reached: where it is, and as whom.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow, ensure};
use clap::Args;
use redis::{Client, ConnectionAddr, IntoConnectionInfo as _};
use runtime::address::{Address, Secret};
use runtime::exit::Misconfigured;
use runtime::tls::Authorities;

use crate::store;

/// How Redis is reached.
#[derive(Clone, Debug, Args)]
pub struct RedisSettings {
    /// Address of Redis, such as redis://127.0.0.1:6379 or redis://USER:PASSWORD@HOST:PORT/DATABASE;
    /// rediss:// for TLS
    #[arg(
        long = "redis",
        env = "MURMUR_REDIS",
        hide_env_values = true,
        default_value = "redis://127.0.0.1:6379"
    )]
    pub redis_url: Address,
    /// User of Redis: one that may fold, or with --no-projector one that may read
    #[arg(long, env = "MURMUR_REDIS_USER")]
    pub redis_user: Option<String>,
    /// Password of that user
    #[arg(
        long,
        env = "MURMUR_REDIS_PASSWORD",
        hide_env_values = true,
        conflicts_with = "redis_password_file"
    )]
    pub redis_password: Option<Secret>,
    /// File with the password, on its first line
    #[arg(long, env = "MURMUR_REDIS_PASSWORD_FILE", value_name = "FILE")]
    pub redis_password_file: Option<PathBuf>,
    /// File with the authorities in PEM that sign its certificate, instead of those that this machine believes
    #[arg(long, env = "MURMUR_REDIS_CA", value_name = "FILE")]
    pub redis_ca: Option<PathBuf>,
}

impl RedisSettings {
    /// A client that connects as they say.
    ///
    /// # Errors
    /// When the address or a file cannot be used, or they contradict each other.
    pub fn client(&self) -> Result<Client, Misconfigured> {
        self.build().map_err(Misconfigured)
    }

    fn build(&self) -> anyhow::Result<Client> {
        let unusable = || {
            format!(
                "--redis {} is no usable address of Redis: use redis://HOST:PORT",
                self.redis_url
            )
        };
        let info = self.redis_url.expose().into_connection_info().with_context(unusable)?;
        let password = self.password()?;
        let mut said = info.redis_settings().clone();
        let is_named = said.username().is_some() || said.password().is_some();
        let is_named_twice = is_named && (self.redis_user.is_some() || password.is_some());
        ensure!(
            !is_named_twice,
            "--redis {} and --redis-user or its password both say who connects: say it once",
            self.redis_url
        );
        if let Some(user) = &self.redis_user {
            let missing = || anyhow!("--redis-user {user} needs --redis-password-file");
            said = said.set_username(user).set_password(password.ok_or_else(missing)?.expose());
        } else if let Some(password) = password {
            said = said.set_password(password.expose());
        }
        let authorities = self.authorities(info.addr())?;
        store::open(info.set_redis_settings(said), authorities).with_context(unusable)
    }

    fn authorities(&self, address: &ConnectionAddr) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(file) = &self.redis_ca else { return Ok(None) };
        ensure!(
            matches!(address, ConnectionAddr::TcpTls { .. }),
            "--redis-ca is for TLS: write --redis rediss://HOST:PORT"
        );
        // The client says less of what is wrong with it.
        Authorities::load(file)?;
        Ok(Some(std::fs::read(file)?))
    }

    fn password(&self) -> anyhow::Result<Option<Secret>> {
        let Some(file) = &self.redis_password_file else { return Ok(self.redis_password.clone()) };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read --redis-password-file {}", file.display()))?;
        let password = text.lines().next().unwrap_or_default();
        ensure!(!password.is_empty(), "--redis-password-file {} is empty", file.display());
        Ok(Some(password.to_owned().into()))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Query {
        #[command(flatten)]
        redis: RedisSettings,
    }

    fn client(line: &str) -> Result<Client, String> {
        let query = Query::try_parse_from(["query"].into_iter().chain(line.split(' ')));
        let query = query.map_err(|error| error.to_string())?;
        query.redis.build().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn who_connects_is_said_once_in_the_address_or_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "geheim\n").unwrap();
        let named = format!("--redis-user ada --redis-password-file {}", file.display());
        for line in ["--redis redis://ada:geheim@h", &format!("--redis redis://h {named}")] {
            let client = client(line).unwrap();
            let said = client.get_connection_info().redis_settings();
            assert_eq!((said.username(), said.password()), (Some("ada"), Some("geheim")), "{line}");
        }
        for wrong in [
            "--redis redis://h --redis-user ada",
            "--redis http://ada:geheim@h",
            &format!("--redis redis://ada:geheim@h {named}"),
            &format!("--redis redis://h --redis-password geheim {named}"),
            &format!("{named}.not"),
            &format!("--redis redis://ada:geheim@h --redis-ca {}", file.display()),
            &format!("--redis rediss://ada:geheim@h --redis-ca {}.not", file.display()),
        ] {
            let said = client(wrong).unwrap_err();
            assert!(said.contains("redis") || said.contains("password.not"), "{said}");
            assert!(!said.contains("geheim"), "{said}");
        }
    }
}
