//! The network of a chaos run: a proxy between each process and the broker, and one between query and
//! Redis.

use std::collections::BTreeMap;

use anyhow::Context as _;
use client::process::Process;
use client::run_file::RunFile;

use crate::proxy::Proxy;

/// All proxies of one system.
#[derive(Debug)]
pub struct Network {
    broker: BTreeMap<Process, Proxy>,
    redis: Proxy,
}

impl Network {
    /// Opens them, before anything runs.
    ///
    /// # Errors
    /// When ports cannot be opened.
    pub async fn open(seed: u64) -> anyhow::Result<Self> {
        let opening = "cannot open a port for a proxy";
        let mut broker = BTreeMap::new();
        for (process, seed) in Process::ALL.into_iter().zip(seed..) {
            if matches!(process, Process::Service(_) | Process::Query) {
                broker.insert(process, Proxy::open(seed).await.context(opening)?);
            }
        }
        Ok(Self { broker, redis: Proxy::open(seed).await.context(opening)? })
    }

    /// What `murmur up` has to be told so that all goes through here.
    pub fn arguments(&self) -> Vec<String> {
        let ways = self.broker.iter();
        let ways = ways
            .map(|(process, proxy)| format!("--broker-at={process}=nats://{}", proxy.address()));
        ways.chain([format!("--redis-at=redis://{}", self.redis.address())]).collect()
    }

    /// Says where the stores are.
    ///
    /// # Errors
    /// When the run file has no ports.
    pub fn aim(&self, running: &RunFile) -> anyhow::Result<()> {
        let nats = port_of(&running.nats)?;
        self.broker.values().for_each(|proxy| proxy.aim(nats));
        self.redis.aim(port_of(&running.redis)?);
        Ok(())
    }

    /// The proxies between those processes and that store; all processes, if none is named.
    ///
    /// # Errors
    /// When there is none.
    pub fn between(&self, processes: &[Process], store: Process) -> anyhow::Result<Vec<&Proxy>> {
        if store == Process::Redis {
            return Ok(vec![&self.redis]);
        }
        if processes.is_empty() {
            return Ok(self.broker.values().collect());
        }
        let proxy = |process: &Process| {
            let proxy = self.broker.get(process);
            proxy.with_context(|| format!("there is no network between {process} and {store}"))
        };
        processes.iter().map(proxy).collect()
    }

    pub fn clear(&self) {
        self.broker.values().for_each(Proxy::clear);
        self.redis.clear();
    }
}

/// The port in `scheme://host:port`.
pub(crate) fn port_of(url: &str) -> anyhow::Result<u16> {
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
    port.with_context(|| format!("{url} names no port"))
}
