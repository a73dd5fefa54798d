//! `murmur up`: starts the broker, Redis and all services, and keeps them running.
//!
//! An option that could do nothing, or that would leave somebody without what it needs, is refused
//! before anything is started.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::bail;
use client::process::{Process, UnknownProcess};
use contract_docs::accounts::OPERATOR;
use contracts::service;
use protocol::Service;
use supervisor::plan::Endpoints;
use supervisor::ports::Wanted;
use supervisor::{store_address, up};
use terminal::verdict::{Misuse, Verdict};

use crate::global::Global;

/// Broker and services give way: a fifth of a processor that the read side wants as well is theirs. At 500
/// orders a second on two processors the slowest reads take about half the time then; with more than
/// this, orders wait noticeably where the processors are full.
const NICENESS: u8 = 7;

/// What `murmur up` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Go on in the background, and return when everything is ready.
    #[arg(long)]
    detach: bool,
    /// Open the page in the browser once everything is ready.
    #[arg(long, conflicts_with = "in_background")]
    open: bool,
    /// Port of the broker; without it, a free one.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    nats_port: Option<u16>,
    /// Port of Redis; without it, a free one.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    redis_port: Option<u16>,
    /// First of the ports of the services, query and composer; without it, those of the last time, or
    /// 8080 (query, which serves the page) and up, as far as they are free.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    http_port_base: Option<u16>,
    /// Free ports instead of those from 8080 up.
    #[arg(long, conflicts_with = "http_port_base")]
    free_ports: bool,
    /// Processes that are not started; Redis only if query is not, or has another one.
    #[arg(long, value_name = "PROCESS", value_delimiter = ',')]
    without: Vec<Process>,
    /// The folder with the `murmur` that the services are run by; without it, this one.
    #[arg(long, value_name = "DIR", visible_alias = "release-dir")]
    programs: Option<PathBuf>,
    /// Milliseconds for which an order can still be cancelled when all is taken; said to order.
    #[arg(long, value_name = "MS")]
    hand_over_ms: Option<u32>,
    /// Milliseconds after which an order that is not confirmed is cancelled; said to order.
    #[arg(long, value_name = "MS")]
    deadline_ms: Option<u32>,
    /// A country that nobody delivers to; repeatable; said to shipping [default: Atlantis]
    #[arg(long, value_name = "COUNTRY")]
    not_served: Vec<String>,
    /// One more argument for a process, such as `order=--log-format=json`; repeatable.
    #[arg(long = "argument", value_name = "PROCESS=ARGUMENT", value_parser = extra_argument)]
    arguments: Vec<(Process, String)>,
    /// Where a process finds the broker, if not directly, such as `order=nats://127.0.0.1:4333`:
    /// through a proxy; repeatable. `order=env:NAME` takes the address from that variable.
    #[arg(long, value_name = "PROCESS=ADDRESS", value_parser = extra_argument)]
    broker_at: Vec<(Process, String)>,
    /// Where query finds Redis, if not directly; `env:NAME` takes the address from that variable.
    #[arg(long, value_name = "ADDRESS", value_parser = store_address::revealed)]
    redis_at: Option<String>,
    /// A service beside the shop's that takes part, and the streams that it reads, such as
    /// `loyalty=order`: it gets an account at the broker, and what it is to be started with is written to
    /// `loyalty.env` in the data folder; repeatable. The folder remembers it.
    #[arg(long, value_name = "NAME=STREAM,…", value_parser = newcomer)]
    also: Vec<(Service, Vec<Service>)>,
    /// All speak TLS, over HTTP, to the broker and to Redis, and are known by what is in this folder: ca.pem,
    /// certificate.pem and key.pem, as scripts/test-certificates makes them. It is said at each start.
    #[arg(long, value_name = "FOLDER")]
    tls: Option<PathBuf>,
    /// How far broker and services give way to Redis, query and composer where processors are short:
    /// their nice level, 0 for not at all.
    #[arg(long, value_name = "LEVEL", default_value_t = NICENESS,
        value_parser = clap::value_parser!(u8).range(0..=19))]
    nice: u8,
    /// Said by `--detach` to itself.
    #[arg(long, hide = true)]
    in_background: bool,
    /// Said by a command that starts a system for as long as it lives itself.
    #[arg(long, hide = true, conflicts_with = "detach")]
    until_stdin_closes: bool,
}

/// Where nobody delivers unless something else is said: a country to try that with.
const NOT_SERVED: &str = "Atlantis";

/// Starts everything, and runs until it is stopped.
pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Verdict> {
    args.check().map_err(Misuse)?;
    up::run(&global.data, global.json, args.options())
}

impl Args {
    fn options(self) -> up::Options {
        up::Options {
            processes: self.processes(),
            ports: self.wanted_ports(),
            arguments: self.for_processes(),
            endpoints: self.endpoints(),
            tls: self.tls.clone(),
            newcomers: self.also.iter().cloned().collect(),
            programs: self.programs,
            nice: self.nice,
            // The file says the same to what goes on in the background.
            detach: self.detach && !self.in_background && !self.until_stdin_closes,
            open: self.open && !self.in_background,
            in_background: self.in_background,
            until_stdin_closes: self.until_stdin_closes,
        }
    }

    /// What is started, in order.
    fn processes(&self) -> Vec<Process> {
        Process::ALL.into_iter().filter(|process| self.starts(*process)).collect()
    }

    const fn wanted_ports(&self) -> Wanted {
        Wanted {
            nats: self.nats_port,
            redis: self.redis_port,
            http_base: self.http_port_base,
            // The system of a run leaves the usual ports to the one that people look at.
            free: self.free_ports || self.until_stdin_closes,
        }
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints { broker: self.broker_at.iter().cloned().collect(), redis: self.redis_at.clone() }
    }

    /// What is said to single processes.
    fn for_processes(&self) -> BTreeMap<Process, Vec<String>> {
        let (order, shipping) = (service::ORDER, service::SHIPPING);
        let hand_over = self.hand_over_ms.map(|ms| (order, format!("--hand-over-ms={ms}")));
        let deadline = self.deadline_ms.map(|ms| (order, format!("--deadline-ms={ms}")));
        let usual = self.not_served.is_empty().then(|| NOT_SERVED.to_owned());
        let not_served = self.not_served.iter().chain(&usual);
        let not_served = not_served.map(|country| (shipping, format!("--not-served={country}")));
        let named = hand_over.into_iter().chain(deadline).chain(not_served);
        let named = named.map(|(service, argument)| (Process::Service(service), argument));
        let mut all = BTreeMap::<_, Vec<_>>::new();
        for (process, argument) in named.chain(self.arguments.iter().cloned()) {
            all.entry(process).or_default().push(argument);
        }
        all
    }

    /// Whether all that was said can be done.
    ///
    /// # Errors
    /// What cannot, and what to say instead.
    fn check(&self) -> anyhow::Result<()> {
        if !self.starts(Process::Nats) {
            bail!("the broker cannot be left out: all that happens goes through it");
        }
        let query_is_alone = self.starts(Process::Query) && self.redis_at.is_none();
        if !self.starts(Process::Redis) && query_is_alone {
            bail!(
                "query needs Redis: leave it out as well (--without redis,query), or say with \
                 --redis-at where another Redis is"
            );
        }
        if let Some((option, process)) =
            self.named().into_iter().find(|(_, process)| !self.starts(*process))
        {
            bail!("{option} is for {process}, which is left out by --without");
        }
        if self.http_port_base.is_some() && self.processes().into_iter().all(Process::is_store) {
            bail!("--http-port-base is for services, and all are left out by --without");
        }
        self.check_endpoints()
    }

    fn check_endpoints(&self) -> anyhow::Result<()> {
        let mut named = BTreeSet::new();
        for (process, _) in &self.broker_at {
            if !matches!(process, Process::Service(_) | Process::Query) {
                bail!("--broker-at: {process} does not use the broker");
            }
            if !named.insert(process) {
                bail!("--broker-at names {process} twice: it takes one way");
            }
        }
        Ok(())
    }

    fn starts(&self, process: Process) -> bool {
        !self.without.contains(&process)
    }

    /// The options that are for one process, and that one.
    fn named(&self) -> Vec<(&'static str, Process)> {
        let (order, shipping) = (service::ORDER.into(), service::SHIPPING.into());
        let single = [
            ("--redis-port", Process::Redis, self.redis_port.is_some()),
            ("--open", Process::Query, self.open),
            ("--redis-at", Process::Query, self.redis_at.is_some()),
            ("--hand-over-ms", order, self.hand_over_ms.is_some()),
            ("--deadline-ms", order, self.deadline_ms.is_some()),
            ("--not-served", shipping, !self.not_served.is_empty()),
        ];
        let single = single.into_iter().filter(|(_, _, is_said)| *is_said);
        let named = |option| move |(process, _): &(Process, String)| (option, *process);
        single
            .map(|(option, process, _)| (option, process))
            .chain(self.arguments.iter().map(named("--argument")))
            .chain(self.broker_at.iter().map(named("--broker-at")))
            .collect()
    }
}

fn extra_argument(text: &str) -> Result<(Process, String), String> {
    let (process, argument) =
        text.split_once('=').ok_or("expected PROCESS=ARGUMENT, such as order=--log-format=json")?;
    let process = process.parse().map_err(|error: UnknownProcess| error.to_string());
    Ok((process?, store_address::revealed(argument)?))
}

/// A service of its own name, and what it reads.
fn newcomer(text: &str) -> Result<(Service, Vec<Service>), String> {
    let (name, streams) =
        text.split_once('=').ok_or("expected NAME=STREAM, such as loyalty=order")?;
    let service = name.parse::<Service>().map_err(|error| error.to_string())?;
    let is_taken = name.parse::<Process>().is_ok() || name.ends_with(OPERATOR);
    if is_taken {
        return Err(format!("{name} is a name of the system's own: take another"));
    }
    let streams: Result<BTreeSet<_>, _> = streams.split(',').map(service::named).collect();
    let streams = streams.map_err(|error| error.to_string())?;
    Ok((service, streams.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Up {
        #[command(flatten)]
        args: Args,
    }

    fn said(line: &str) -> Args {
        Up::try_parse_from(["up"].into_iter().chain(line.split_whitespace())).unwrap().args
    }

    fn refused(line: &str) -> String {
        said(line).check().unwrap_err().to_string()
    }

    #[test]
    fn who_is_left_out_is_not_started_and_nobody_is_left_without_what_it_needs() {
        assert_eq!(said("--without order,query").processes().len(), Process::ALL.len() - 2);
        assert!(!said("--without redis,query").processes().contains(&Process::Redis));
        for fine in ["", "--without redis,query", "--without redis --redis-at redis://r:1"] {
            assert!(said(fine).check().is_ok(), "{fine}");
        }
        assert!(refused("--without redis").contains("--redis-at"));
        assert!(refused("--without nats").contains("the broker cannot be left out"));
        assert!(refused("--without broker").contains("the broker cannot be left out"));
    }

    #[test]
    fn what_is_said_to_somebody_who_is_left_out_is_refused() {
        for option in
            ["--deadline-ms 5", "--hand-over-ms 5", "--argument order=--x", "--broker-at order=x"]
        {
            assert!(said(option).check().is_ok(), "{option}");
            let why = refused(&format!("{option} --without order"));
            assert!(why.contains("is for order, which is left out"), "{why}");
        }
        assert!(refused("--redis-at x --without query").contains("is for query"));
        assert!(refused("--not-served Oz --without shipping").contains("is for shipping"));
        assert!(refused("--open --without query").contains("is for query"));
        assert!(refused("--redis-port 7 --without redis,query").contains("is for redis"));
    }

    #[test]
    fn a_way_that_nobody_takes_is_refused() {
        assert!(refused("--broker-at redis=x").contains("does not use the broker"));
        assert!(refused("--broker-at composer=x").contains("does not use the broker"));
        assert!(refused("--broker-at order=x --broker-at order=y").contains("twice"));
    }

    #[test]
    fn a_newcomer_has_a_name_of_its_own_and_reads_streams_that_there_are() {
        let loyalty = Service::named("loyalty");
        let read = vec![service::ORDER, service::PAYMENT];
        assert_eq!(newcomer("loyalty=payment,order,order"), Ok((loyalty, read)));
        for wrong in ["loyalty", "loyalty=", "loyalty=x", "order=payment", "Loyalty=order"] {
            assert!(newcomer(wrong).is_err(), "{wrong}");
        }
        for taken in ["broker=order", "operator=order", "order-operator=order"] {
            assert!(newcomer(taken).unwrap_err().contains("take another"), "{taken}");
        }
    }

    #[test]
    fn a_country_that_is_said_stands_for_the_usual_one() {
        let not_served = |line: &str| said(line).for_processes()[&service::SHIPPING.into()].clone();
        assert_eq!(not_served(""), ["--not-served=Atlantis"]);
        assert_eq!(not_served("--not-served Oz"), ["--not-served=Oz"]);
    }
}
