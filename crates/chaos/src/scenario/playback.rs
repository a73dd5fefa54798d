//! Plays one scenario from its first step to its last, or to the first that fails.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use client::timeline::text;
use contracts::OrderId;
use serde::Serialize;
use supervisor::protocol::Act;

use super::actions;
use super::event_log::EventLog;
use super::expectation_failed::ExpectationFailed;
use super::expectations;
use super::file::Scenario;
use super::steps::Step;
use super::world::World;

/// Timelines that a failure shows.
const TIMELINES_SHOWN_MAX: usize = 3;

/// How a scenario went.
#[derive(Debug, Serialize)]
pub struct Played {
    pub file: PathBuf,
    /// What it is about.
    pub scenario: String,
    /// How long it took.
    pub millis: u128,
    /// What was done, and how long it took.
    pub steps: Vec<StepDone>,
    /// What was not as expected.
    pub failure: Option<Failure>,
}

/// A step that was done.
#[derive(Debug, Serialize)]
pub struct StepDone {
    pub step: String,
    /// How long it took.
    pub millis: u128,
}

/// A step that was not.
#[derive(Debug, Serialize)]
pub struct Failure {
    pub step: String,
    pub expected: String,
    pub seen: String,
    /// The timelines of the orders that it is about.
    pub timelines: Vec<String>,
}

/// Plays a scenario, and leaves every process running, whatever happened.
pub async fn play(file: &Path, scenario: &Scenario, mut world: World, log: &EventLog) -> Played {
    let started = Instant::now();
    let mut steps = Vec::new();
    let mut failure = play_all(scenario, &mut world, log, &mut steps).await.err();
    if let Err(error) = world.leave_in_order().await {
        failure.get_or_insert_with(|| failed("afterwards", error.into(), &world, log));
    }
    Played {
        file: file.to_owned(),
        scenario: scenario.scenario.clone(),
        millis: started.elapsed().as_millis(),
        steps,
        failure,
    }
}

async fn play_all(
    scenario: &Scenario,
    world: &mut World,
    log: &EventLog,
    done: &mut Vec<StepDone>,
) -> Result<(), Failure> {
    let given = actions::give(world, &scenario.given).await;
    given.map_err(|unmet| failed("what is given", unmet, world, log))?;
    for step in scenario.when.iter().chain(&scenario.then) {
        let started = Instant::now();
        let played = take(step, world, log).await;
        played.map_err(|unmet| failed(&step.to_string(), unmet, world, log))?;
        done.push(StepDone { step: step.to_string(), millis: millis(started.elapsed()) });
    }
    Ok(())
}

const fn millis(time: Duration) -> u128 {
    time.as_millis()
}

async fn take(step: &Step, world: &mut World, log: &EventLog) -> Result<(), ExpectationFailed> {
    match step {
        Step::Place(place) => actions::place(world, place).await,
        Step::Cancel(cancel) => actions::cancel(world, cancel).await,
        Step::Close(customer) => Ok(actions::close(world, customer).await?),
        Step::Discontinue(product) => Ok(actions::discontinue(world, product).await?),
        Step::Settle(money) => Ok(actions::settle(world, money).await?),
        Step::Kill(process) => Ok(world.act(Act::Kill, *process).await?),
        Step::Stop(process) => Ok(world.act(Act::Stop, *process).await?),
        Step::Pause(process) => Ok(world.act(Act::Pause, *process).await?),
        Step::Start(process) => Ok(world.act(Act::Start, *process).await?),
        Step::Order(_)
        | Step::Stock(_)
        | Step::Owes(_)
        | Step::Charge(_)
        | Step::Shipment(_)
        | Step::Events(_)
        | Step::View(_) => expectations::meet(world, log, step).await,
    }
}

fn failed(step: &str, unmet: ExpectationFailed, world: &World, log: &EventLog) -> Failure {
    let orders = if unmet.orders.is_empty() { world.all_orders() } else { unmet.orders };
    let timeline = |id: &OrderId| text::of_events(id, &log.of(id));
    Failure {
        step: step.to_owned(),
        expected: unmet.expected,
        seen: unmet.seen,
        timelines: orders.iter().take(TIMELINES_SHOWN_MAX).map(timeline).collect(),
    }
}
