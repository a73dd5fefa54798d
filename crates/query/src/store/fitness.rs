//! Whether a Redis server is fit to hold the read model, and what to do if it is not.

use std::time::Duration;

/// The oldest version that is served: what the scripts rely on, and what is tested.
pub const VERSION_MIN: (u32, u32) = (7, 0);

/// How often a server is asked again that is used: what makes it unfit is done by hand or by a failover, and
/// the answer takes it a tenth of a millisecond.
pub const CHECK_EVERY: Duration = Duration::from_secs(2);

/// Why a server is not fit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unfit {
    /// It would throw records away when its memory is full.
    #[error(
        "Redis would throw records away when its memory is full (maxmemory-policy is {policy}): \
         run `redis-cli config set maxmemory-policy noeviction`, write it into redis.conf, and give \
         Redis the memory that it needs"
    )]
    Evicts { policy: String },
    /// It is too old.
    #[error("Redis is version {found}, at least {}.{} is needed: upgrade it", VERSION_MIN.0, VERSION_MIN.1)]
    TooOld { found: String },
    /// It only follows another server.
    #[error("this Redis only follows {master}, and takes no writes: name the primary with --redis")]
    Replica {
        /// Whom it follows.
        master: String,
    },
    /// It runs as a cluster, which this build has no client for.
    #[error(
        "this Redis runs as a cluster, which is not supported yet: name a single server with --redis"
    )]
    Cluster,
    /// It does not say what it is.
    #[error("the server does not say its {field}: is it Redis, and may this user run INFO?")]
    Silent {
        /// What is missing in its answer.
        field: &'static str,
    },
}

/// Checks a server by its answer to `INFO`.
///
/// # Errors
/// When the server is not fit.
pub fn check(info: &str) -> Result<(), Unfit> {
    let version = field(info, "redis_version")?;
    if !is_new_enough(version) {
        return Err(Unfit::TooOld { found: version.to_owned() });
    }
    if field(info, "cluster_enabled")? == "1" {
        return Err(Unfit::Cluster);
    }
    if field(info, "role")? != "master" {
        let master = field(info, "master_host").unwrap_or("another server").to_owned();
        return Err(Unfit::Replica { master });
    }
    let policy = field(info, "maxmemory_policy")?;
    if policy != "noeviction" {
        return Err(Unfit::Evicts { policy: policy.to_owned() });
    }
    Ok(())
}

fn field<'a>(info: &'a str, name: &'static str) -> Result<&'a str, Unfit> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
    info.lines().find_map(value).map(str::trim).ok_or(Unfit::Silent { field: name })
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= VERSION_MIN,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str, role: &str, policy: &str) -> String {
        format!(
            "# Server\r\nredis_version:{version}\r\nrole:{role}\r\nmaster_host:10.0.0.1\r\n\
             maxmemory_policy:{policy}\r\ncluster_enabled:0\r\n"
        )
    }

    #[test]
    fn a_plain_primary_that_never_evicts_is_fit() {
        assert_eq!(check(&info("7.0.15", "master", "noeviction")), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_do() {
        let evicts = check(&info("7.0.15", "master", "allkeys-lru")).unwrap_err().to_string();
        assert!(evicts.contains("allkeys-lru") && evicts.contains("config set"), "{evicts}");
        let old = check(&info("6.2.6", "master", "noeviction")).unwrap_err().to_string();
        assert!(old.contains("6.2.6") && old.contains("upgrade"), "{old}");
        let replica = check(&info("7.2.0", "slave", "noeviction")).unwrap_err().to_string();
        assert!(replica.contains("10.0.0.1") && replica.contains("--redis"), "{replica}");
        assert!(matches!(check("nonsense"), Err(Unfit::Silent { .. })));
    }
}
