//! Chooses the ports on which everything listens: those that were asked for, else those of the last
//! time, else, for what is spoken to over HTTP, the usual ones, else free ones.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, bail};
use client::process::Process;
use contracts::service;

/// Ports are chosen below the range from which systems take the local ports of outgoing connections
/// (Linux: from 32768). There, a connection could take the port of a service that is just restarting.
const CHOSEN_FROM: u16 = 20_000;
const CHOSEN_TO: u16 = 32_000;

/// Who listens from here on, each a port further, unless something else is asked for. Query, which serves
/// the page, comes first.
const USUAL_FROM: u16 = 8080;
const USUAL: [Process; 8] = [
    Process::Query,
    Process::Service(service::CUSTOMER),
    Process::Service(service::PRODUCT),
    Process::Service(service::ORDER),
    Process::Service(service::INVENTORY),
    Process::Service(service::PAYMENT),
    Process::Service(service::SHIPPING),
    Process::Composer,
];

/// Which ports were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub nats: Option<u16>,
    pub redis: Option<u16>,
    /// The first of those of the services, query and composer, in the order in which they are listed.
    pub http_base: Option<u16>,
    /// Free ones instead of the usual ones.
    pub free: bool,
}

/// A port for each process; the usual ones only if they may be used.
///
/// # Errors
/// When a port that was asked for is taken, or none is free.
pub fn choose(
    processes: &[Process],
    wanted: Wanted,
    last_time: &BTreeMap<Process, u16>,
    may_be_usual: bool,
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
        let is_allowed = |port: u16| may_be_usual || !is_usual(port);
        let usable = |port: &u16| is_allowed(*port) && !used.contains(port) && is_free(*port);
        let again = last_time.get(&process).copied().filter(usable);
        let usual = usual(process).filter(|port| !wanted.free && usable(port));
        let port = again.or(usual).or_else(|| candidates().find(usable));
        let port = port.context("no port is free")?;
        used.insert(port);
        ports.insert(process, port);
    }
    Ok(ports)
}

/// Whether any of them may come to listen on a usual port.
pub fn needs_usual(
    processes: &[Process],
    wanted: Wanted,
    last_time: &BTreeMap<Process, u16>,
) -> bool {
    let may = |process: &Process| {
        let new = || !wanted.free && usual(*process).is_some();
        last_time.get(process).map_or_else(new, |port| is_usual(*port))
    };
    wanted.http_base.is_none() && processes.iter().any(may)
}

/// Who listens on another port than the usual one, since that was taken, in words; none if nobody.
pub fn displaced(
    ports: &BTreeMap<Process, u16>,
    wanted: Wanted,
    last_time: &BTreeMap<Process, u16>,
) -> Option<String> {
    if wanted.free || wanted.http_base.is_some() {
        return None;
    }
    let moved = USUAL.into_iter().filter_map(|process| {
        let (port, usual) = (ports.get(&process)?, usual(process)?);
        let is_news = *port != usual && last_time.get(&process) != Some(port);
        is_news.then(|| format!("{process} listens on {port} instead"))
    });
    let moved: Vec<_> = moved.collect();
    let more = match moved.len() {
        0 => return None,
        1 => String::new(),
        all => format!(", and {} more elsewhere (`murmur status` shows where)", all - 1),
    };
    Some(format!("ports from {USUAL_FROM} up are taken: {}{more}", moved[0]))
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

/// Where it listens, unless something else is asked for.
fn usual(process: Process) -> Option<u16> {
    let ports = (USUAL_FROM..).zip(USUAL);
    ports.into_iter().find(|(_, usual)| *usual == process).map(|(port, _)| port)
}

fn is_usual(port: u16) -> bool {
    USUAL.into_iter().any(|process| usual(process) == Some(port))
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

    fn chosen(
        wanted: Wanted,
        last: &BTreeMap<Process, u16>,
        is_free: impl Fn(u16) -> bool,
    ) -> BTreeMap<Process, u16> {
        choose(&Process::ALL, wanted, last, true, is_free).unwrap()
    }

    #[test]
    fn every_process_gets_a_port_of_its_own() {
        let ports = chosen(Wanted { free: true, ..Wanted::default() }, &BTreeMap::new(), all_free);
        let different: BTreeSet<_> = ports.values().collect();
        assert_eq!(different.len(), Process::ALL.len());
        assert!(different.iter().all(|port| (CHOSEN_FROM..CHOSEN_TO).contains(port)));
    }

    #[test]
    fn the_ports_of_the_last_time_are_kept_while_they_are_free() {
        for wanted in [Wanted::default(), Wanted { free: true, ..Wanted::default() }] {
            let first = chosen(wanted, &BTreeMap::new(), all_free);
            assert_eq!(chosen(wanted, &first, all_free), first);
            let lost = first[&Process::Query];
            let second = chosen(wanted, &first, |port| port != lost);
            assert_ne!(second[&Process::Query], lost);
        }
    }

    #[test]
    fn a_taken_port_is_named_with_the_flag_that_chooses_another() {
        let squatter = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = squatter.local_addr().unwrap().port();
        let wanted = Wanted { nats: Some(port), ..Wanted::default() };
        let error = choose(&[Process::Nats], wanted, &BTreeMap::new(), true, is_free).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("--nats-port") && text.contains(&port.to_string()), "{text}");
    }

    #[test]
    fn a_port_for_two_is_refused() {
        let wanted = Wanted { redis: Some(20_003), http_base: Some(20_000), ..Wanted::default() };
        let chosen = choose(&Process::ALL, wanted, &BTreeMap::new(), true, all_free);
        let why = chosen.unwrap_err().to_string();
        assert!(why.contains("redis") && why.contains("inventory"), "{why}");
    }

    #[test]
    fn a_base_so_high_that_a_port_overflows_is_refused() {
        let wanted = Wanted { http_base: Some(65_535), ..Wanted::default() };
        assert!(choose(&[Process::Query], wanted, &BTreeMap::new(), true, all_free).is_err());
    }

    #[test]
    fn a_new_folder_gets_the_usual_ports_and_a_taken_one_is_replaced_and_named() {
        let (wanted, new) = (Wanted::default(), BTreeMap::new());
        let ports = chosen(wanted, &new, all_free);
        assert_eq!((ports[&Process::Query], ports[&Process::Composer]), (8080, 8087));
        assert_eq!(displaced(&ports, wanted, &new), None);
        let ports = chosen(wanted, &new, |port| port != 8080);
        assert_eq!(ports[&Process::Service(service::CUSTOMER)], 8081);
        let (said, other) = (displaced(&ports, wanted, &new).unwrap(), ports[&Process::Query]);
        assert_eq!(said, format!("ports from 8080 up are taken: query listens on {other} instead"));
        assert_eq!(displaced(&ports, wanted, &ports), None, "it was told the first time");
    }

    #[test]
    fn the_usual_ports_of_another_system_are_left_alone_even_while_nobody_listens() {
        let (wanted, new) = (Wanted::default(), BTreeMap::new());
        let mine = chosen(wanted, &new, all_free);
        let others = choose(&Process::ALL, wanted, &mine, false, all_free).unwrap();
        assert!(others.values().all(|port| !is_usual(*port)), "{others:?}");
        assert!(
            needs_usual(&Process::ALL, wanted, &new) && needs_usual(&Process::ALL, wanted, &mine)
        );
        assert!(!needs_usual(&Process::ALL, wanted, &others));
        assert!(!needs_usual(&[Process::Nats], wanted, &new));
    }
}
