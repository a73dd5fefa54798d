//! What must be true in the end: the auditor's invariants over everything, and the properties that
//! only somebody who sees the whole world can check.
//!
//! * P1, each command's effect, P3, P5, P6: the auditor, over streams, outboxes, replicas and journal.
//! * P2 and P4: [`prefixes`]. P6 within a service: [`refold`]. P7: [`fenced`]. P8: the world's end.

mod fenced;
mod journal;
mod prefixes;
pub(crate) mod refold;
mod views;

use auditor::rows::Outbox;
use auditor::{Audit, Finding, Fold, InFlight, Intake, Invariant, replicas};
use contracts::events::{Customer, Product};
use contracts::service;
use engine::{StateError, outbox};
use protocol::{Row, SealKeys};

use crate::process::Shell;
use crate::read_side::Counts;
use crate::services;
use crate::world::World;

/// Findings that are told: one cause makes many of them.
const FINDINGS_TOLD_MAX: usize = 12;

/// How many orders a world had, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Orders that were placed.
    pub(crate) orders: u64,
    /// What is wrong.
    pub(crate) wrong: Vec<String>,
    /// What has gone wrong on the read side.
    pub(crate) reads: Counts,
}

/// Checks a world that has come to its end.
pub(crate) fn check(world: &mut World) -> Verdict {
    let wrong = std::mem::take(&mut world.env.violations);
    let mut verdict = Verdict { wrong, ..Verdict::default() };
    if !verdict.wrong.is_empty() {
        return verdict;
    }
    if world.chaos.is_doubly_lost && world.stands_still() {
        verdict.orders = placed(world);
        fenced::check(world, &mut verdict.wrong);
        return verdict;
    }
    match audit(world, &mut verdict.wrong) {
        Ok(audit) => {
            verdict.orders = audit.examined.orders;
            let unseen = world.chaos.is_doubly_lost;
            let found = audit.findings().filter(|found| !(unseen && is_loss_of_answers(found)));
            verdict.wrong.extend(found.map(ToString::to_string).take(FINDINGS_TOLD_MAX));
        }
        Err(error) => verdict.wrong.push(format!("a database cannot be read: {error}")),
    }
    prefixes::check(world, &mut verdict.wrong);
    prefixes::check_vectors(world, &mut verdict.wrong);
    refold::check(world, &mut verdict.wrong);
    verdict.reads = views::check(world, &mut verdict.wrong);
    verdict
}

/// After a double loss of rows that nobody had read, only those who were told of them can know: no
/// service is fenced, and the audit of the clients' journal tells what was lost. All else must hold.
fn is_loss_of_answers(found: &Finding) -> bool {
    found.invariant == Invariant::Commands
}

fn audit(world: &World, wrong: &mut Vec<String>) -> Result<Audit, StateError> {
    let mut intake = Intake::default();
    for newcomer in world.cast.newcomers() {
        intake.expect_newcomer(newcomer.service(), Some(newcomer.declared()));
    }
    for service in world.cast.services() {
        intake.expect_seals(service, SealKeys::clone(&services::keys()));
        for message in world.env.broker.stream(service).into_iter().flat_map(|s| s.all()) {
            intake.take(service, message.row());
        }
    }
    let mut held = replicas::begin();
    for service in world.cast.services() {
        let Some(shell) = world.shell(service) else { continue };
        intake.compare_outbox(service, &read_outbox(shell)?, usize::MAX);
        let of = |owner| shell.positions().of(owner).folded.sequence;
        if world.cast.replicates(service, service::CUSTOMER) {
            let states = engine::replicas::all::<Customer>(&shell.read())?;
            let folded = of(service::CUSTOMER);
            let replica = replicas::Replica { holder: service, folded, states };
            replicas::compare_customers(&mut held, &intake.fold, replica);
        }
        if world.cast.replicates(service, service::PRODUCT) {
            let states = engine::replicas::all::<Product>(&shell.read())?;
            let folded = of(service::PRODUCT);
            let replica = replicas::Replica { holder: service, folded, states };
            replicas::compare_products(&mut held, &intake.fold, replica);
        }
    }
    let commands = journal::check(world, &intake.fold);
    wrong.extend(by_themselves(world, &intake.fold));
    Ok(Audit::of(intake, InFlight::IsAFinding, vec![held, commands]))
}

/// What services beside the shop's find wrong with their own streams.
fn by_themselves(world: &World, fold: &Fold) -> Vec<String> {
    let mut wrong = Vec::new();
    for newcomer in world.cast.newcomers() {
        let stream = world.env.broker.stream(newcomer.service());
        let messages = stream.into_iter().flat_map(|stream| stream.all());
        let rows: Vec<Row> = messages.map(|message| message.row().clone()).collect();
        let found = newcomer.check(fold, &rows).into_iter();
        wrong.extend(found.map(|what| format!("{}: {what}", newcomer.service())));
    }
    wrong
}

fn read_outbox(shell: &dyn Shell) -> Result<Outbox, StateError> {
    let mut outbox = Outbox::default();
    for row in outbox::rows(&shell.read(), 1, u32::MAX)? {
        outbox.take(&row);
    }
    Ok(outbox)
}

fn placed(world: &World) -> u64 {
    let stream = world.env.broker.stream(service::ORDER);
    let placed = |message: &&std::rc::Rc<crate::broker::Message>| {
        message.row().subject.starts_with("order.placed.")
    };
    stream.map_or(0, |stream| stream.all().filter(placed).count() as u64)
}
