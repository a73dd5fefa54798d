//! `murmur simulate`: the whole choreography under one seed, with every fault that can be modelled.
//!
//! The same seeds give the same worlds to the byte. Deliberately absent: real processes, real disks and
//! a real broker; those are what `murmur chaos` is for.

mod exhaustive;

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use simulator::read_side::ReadFault;
use simulator::{Episode, Fault, Plan, Played};
use terminal::interruption;
use terminal::table;
use terminal::verdict::Verdict;
use terminal::{line, note};

use crate::global::Global;

/// How long is played if nobody says how long or how much.
const MINUTES_USUAL: u64 = 1;

/// Seeds of a run that is bounded by time or orders: more than anybody plays.
const SEEDS_MANY: u64 = 1 << 40;

/// What `murmur simulate` takes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The worlds to play, such as 1..1000; without, they begin with a fresh seed, which is printed.
    #[arg(long, value_name = "A..B", value_parser = parse_seeds)]
    seeds: Option<Range<u64>>,
    /// Play this one world and tell its story.
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "minutes", "sagas"])]
    seed: Option<u64>,
    /// Stop after so many minutes.
    #[arg(long, value_name = "M")]
    minutes: Option<u64>,
    /// Stop after so many orders.
    #[arg(long, value_name = "N")]
    sagas: Option<u64>,
    /// Threads that play; as many as there are processors, if not given.
    #[arg(long, value_name = "J", conflicts_with = "seed")]
    jobs: Option<NonZeroUsize>,
    /// Orders that the clients of one world try to place.
    #[arg(long, value_name = "N", default_value_t = 40)]
    orders: u64,
    /// Instead of playing, walk every interleaving of one order.
    #[arg(long, conflicts_with_all = ["seeds", "seed", "minutes", "sagas", "jobs", "orders"])]
    exhaustive: bool,
    /// With so many databases lost on the way, each at any moment.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "exhaustive",
          value_parser = clap::value_parser!(u8).range(0..=2))]
    wipes: u8,
}

/// Plays, and prints what happened. Something that must never happen is a finding. Interrupted, it
/// says what it has played until then.
pub(crate) async fn run(global: Global, args: Args) -> anyhow::Result<Verdict> {
    // The processors are for the worlds; signals are heard beside them.
    let playing = tokio::task::spawn_blocking(move || run_here(&global, &args));
    playing.await.context("the simulation was cut off")?
}

fn run_here(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    if args.exhaustive {
        return Ok(verdict(exhaustive::run(global.json, args.wipes)));
    }
    if let Some(seed) = args.seed {
        let episode = simulator::play(seed, args.orders, true);
        if global.json {
            line!("{}", as_json(&episode));
        } else {
            show(&episode);
        }
        return Ok(verdict(episode.violations.is_empty()));
    }
    let seeds = args.seeds.clone().unwrap_or_else(fresh_seeds);
    // Said at once, so that a run that does not end can be repeated.
    if global.json {
        note!("seed {}", seeds.start);
    } else {
        line!("seed {}", seeds.start);
    }
    let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok());
    let jobs = jobs.map_or(1, NonZeroUsize::get);
    let plan = Plan { seeds, jobs, orders: args.orders };
    let began = Instant::now();
    let played = play(&plan, args, began);
    if played.episodes == 0 {
        bail!("there is nothing to play: --seeds names no world");
    }
    report(global, &plan, &played, began.elapsed());
    Ok(verdict(played.failure.is_none()))
}

fn play(plan: &Plan, args: &Args, began: Instant) -> Played {
    let minutes = args.minutes.unwrap_or(MINUTES_USUAL);
    let bounded = args.seeds.is_some() || args.sagas.is_some();
    let ends = (args.minutes.is_some() || !bounded).then(|| Duration::from_secs(60 * minutes));
    let bar = progress_bar(args.sagas);
    let played = simulator::run(plan, |played| {
        bar.set_position(played.sagas);
        let rate = per_second(played.sagas, began.elapsed());
        bar.set_message(format!("{} worlds, {rate:.0} orders a second", played.episodes));
        interruption::cause().is_none()
            && ends.is_none_or(|ends| began.elapsed() < ends)
            && args.sagas.is_none_or(|sagas| played.sagas < sagas)
    });
    bar.finish_and_clear();
    played
}

fn report(global: &Global, plan: &Plan, played: &Played, took: Duration) {
    if global.json {
        line!("{}", played_as_json(plan, played, took));
        return;
    }
    line!("{}", faults(played));
    line!(
        "{} orders in {} worlds, {:.0} orders a second; digest {:016x}",
        played.sagas,
        played.episodes,
        per_second(played.sagas, took),
        played.digest
    );
    if let Some(failure) = &played.failure {
        show(failure);
        line!("play it again: murmur simulate --seed {} --orders {}", failure.seed, plan.orders);
    } else {
        line!("nothing was lost, nothing was doubled, all came to rest");
    }
    if interruption::cause().is_some() {
        line!("interrupted: this is what was played until then");
    }
}

fn played_as_json(plan: &Plan, played: &Played, took: Duration) -> Value {
    let fired = |fault: &Fault| (fault.name().to_owned(), json!(played.tally.of(*fault).fired));
    let read = |fault: &ReadFault| (fault.name().to_owned(), json!(played.reads.of(*fault)));
    let faults: serde_json::Map<_, _> =
        Fault::ALL.iter().map(fired).chain(ReadFault::ALL.iter().map(read)).collect();
    json!({
        "seed": plan.seeds.start, "worlds": played.episodes, "orders": played.sagas,
        "orders_a_second": per_second(played.sagas, took),
        "digest": format!("{:016x}", played.digest),
        "failed_seed": played.failure.as_ref().map(|failure| failure.seed),
        "failure": played.failure.as_deref().map(as_json),
        "faults": faults, "interrupted": interruption::cause().is_some(),
    })
}

/// One world and its story.
fn as_json(episode: &Episode) -> Value {
    let story: Vec<_> = episode.story.iter().map(ToString::to_string).collect();
    let violations: Vec<_> = episode.violations.iter().map(ToString::to_string).collect();
    json!({
        "seed": episode.seed, "orders": episode.sagas, "digest": format!("{:016x}", episode.digest),
        "story": story, "violations": violations,
    })
}

fn faults(played: &Played) -> comfy_table::Table {
    let mut table = table::with_header(["planned", "fired", "fault"]);
    for fault in Fault::ALL {
        let count = played.tally.of(*fault);
        let fired = table::judged(count.fired, (count.fired > 0).then_some(true));
        table.add_row([count.planned.into(), fired, fault.name().into()]);
    }
    for fault in ReadFault::ALL {
        let fired = played.reads.of(fault);
        let cell = table::judged(fired, (fired > 0).then_some(true));
        // Where the read side is hit follows from the world's own course: nothing is planned.
        table.add_row(["-".into(), cell, fault.name().into()]);
    }
    table
}

fn show(episode: &Episode) {
    for line in &episode.story {
        line!("{line}");
    }
    line!("world {}: {} orders, digest {:016x}", episode.seed, episode.sagas, episode.digest);
    for violation in &episode.violations {
        line!("VIOLATION {violation}");
    }
}

fn verdict(clean: bool) -> Verdict {
    match interruption::cause() {
        Some(cause) => Verdict::Partial(cause),
        None if clean => Verdict::Clean,
        None => Verdict::Found,
    }
}

fn progress_bar(orders: Option<u64>) -> ProgressBar {
    let bar = match orders {
        Some(orders) => ProgressBar::new(orders),
        None => ProgressBar::no_length(),
    };
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let template = "{elapsed_precise} {wide_bar} {pos} orders, {msg}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn per_second(count: u64, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let count = count as f64;
    count / took.as_secs_f64().max(f64::EPSILON)
}

fn fresh_seeds() -> Range<u64> {
    // Short enough to be typed again.
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    let start = high >> 32;
    start..start + SEEDS_MANY
}

fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("{text:?} is no range of seeds: use A..B, such as 1..1000");
    let (first, end) = text.split_once("..").ok_or_else(wrong)?;
    let (first, end) = (first.parse::<u64>(), end.parse::<u64>());
    match (first, end) {
        (Ok(first), Ok(end)) if first < end => Ok(first..end),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_that_holds_something() {
        assert_eq!(parse_seeds("3..7"), Ok(3..7));
        for wrong in ["", "3", "7..3", "3..3", "a..b"] {
            assert!(parse_seeds(wrong).is_err(), "{wrong}");
        }
    }
}
