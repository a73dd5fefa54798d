//! Chooses the ports on which everything listens: those that were asked for, else those of the last
//! time, else free ones.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, bail};
use client::process::Process;

/// Ports are chosen below the range from which systems take the local ports of outgoing connections
/// (Linux: from 32768). There, a connection could take the port of a service that is just restarting.
const CHOSEN_FROM: u16 = 20_000;
const CHOSEN_TO: u16 = 32_000;

/// Which ports were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub nats: Option<u16>,
    pub redis: Option<u16>,
    /// The first of those of the services, query and composer, in the order in which they are listed.
    pub http_base: Option<u16>,
}

/// A port for each process.
///
/// # Errors
/// When a port that was asked for is taken, or none is free.
pub fn choose(
    processes: &[Process],
    wanted: Wanted,
    last_time: &BTreeMap<Process, u16>,
    is_free: impl Fn(u16) -> bool,
) -> anyhow::Result<BTreeMap<Process, u16>> {
    let mut ports = BTreeMap::new();
    for process in processes.iter().copied() {
        if let Some(port) = wanted.of(process)? {
            if let Some((other, _)) = ports.iter().find(|(_, chosen)| **chosen == port) {
                bail!("port {port} is asked for twice: for {other} and for {process}");
            }
            if !is_free(port) {
                bail!(taken(process, port));
            }
            ports.insert(process, port);
        }
    }
    let mut used: BTreeSet<u16> = ports.values().copied().collect();
    for process in processes.iter().copied() {
        if ports.contains_key(&process) {
            continue;
        }
        let usable = |port: &u16| !used.contains(port) && is_free(*port);
        let again = last_time.get(&process).copied().filter(usable);
        let port = again.or_else(|| candidates().find(usable)).context("no port is free")?;
        used.insert(port);
        ports.insert(process, port);
    }
    Ok(ports)
}

/// Whether nobody listens there.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

impl Wanted {
    fn of(self, process: Process) -> anyhow::Result<Option<u16>> {
        let http = Process::ALL.iter().filter(|process| !process.is_store());
        match process {
            Process::Nats => Ok(self.nats),
            Process::Redis => Ok(self.redis),
            Process::Service(_) | Process::Query | Process::Composer => {
                let Some(base) = self.http_base else { return Ok(None) };
                let nth = http.take_while(|other| **other != process).count();
                let port = u16::try_from(nth).ok().and_then(|nth| base.checked_add(nth));
                port.map(Some).with_context(|| format!("--http-port-base {base} is too high"))
            }
        }
    }
}

fn taken(process: Process, port: u16) -> String {
    let flag = match process {
        Process::Nats => "--nats-port",
        Process::Redis => "--redis-port",
        Process::Service(_) | Process::Query | Process::Composer => "--http-port-base",
    };
    format!(
        "port {port} for {process} is taken: end what listens there (`ss -ltnp sport = :{port}` \
         shows it), choose another with {flag}, or leave {flag} out to get a free one"
    )
}

/// Starts at a place that differs between processes, so that two `up`s at once rarely meet.
fn candidates() -> impl Iterator<Item = u16> {
    let span = u32::from(CHOSEN_TO - CHOSEN_FROM);
    let start = std::process::id().wrapping_mul(97) % span;
    let places = (0..span).filter_map(move |nth| u16::try_from((start + nth) % span).ok());
    places.map(|place| CHOSEN_FROM + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_free(_: u16) -> bool {
        true
    }

    #[test]
    fn every_process_gets_a_port_of_its_own() {
        let ports = choose(&Process::ALL, Wanted::default(), &BTreeMap::new(), all_free).unwrap();
        let different: BTreeSet<_> = ports.values().collect();
        assert_eq!(different.len(), Process::ALL.len());
        assert!(different.iter().all(|port| (CHOSEN_FROM..CHOSEN_TO).contains(port)));
    }

    #[test]
    fn the_ports_of_the_last_time_are_kept_while_they_are_free() {
        let wanted = Wanted::default();
        let first = choose(&Process::ALL, wanted, &BTreeMap::new(), all_free).unwrap();
        assert_eq!(choose(&Process::ALL, wanted, &first, all_free).unwrap(), first);
        let lost = first[&Process::Query];
        let second = choose(&Process::ALL, wanted, &first, |port| port != lost).unwrap();
        assert_ne!(second[&Process::Query], lost);
    }

    #[test]
    fn a_taken_port_is_named_with_the_flag_that_chooses_another() {
        let squatter = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = squatter.local_addr().unwrap().port();
        let wanted = Wanted { nats: Some(port), ..Wanted::default() };
        let error = choose(&[Process::Nats], wanted, &BTreeMap::new(), is_free).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("--nats-port") && text.contains(&port.to_string()), "{text}");
    }

    #[test]
    fn a_port_for_two_is_refused() {
        let wanted = Wanted { redis: Some(20_003), http_base: Some(20_000), nats: None };
        let chosen = choose(&Process::ALL, wanted, &BTreeMap::new(), all_free);
        let why = chosen.unwrap_err().to_string();
        assert!(why.contains("redis") && why.contains("inventory"), "{why}");
    }

    #[test]
    fn a_base_so_high_that_a_port_overflows_is_refused() {
        let wanted = Wanted { http_base: Some(65_535), ..Wanted::default() };
        assert!(choose(&[Process::Query], wanted, &BTreeMap::new(), all_free).is_err());
    }
}
