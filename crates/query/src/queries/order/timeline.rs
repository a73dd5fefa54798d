//! The timeline of an order: every event of every service, with what made it and how long it took.

use contracts::choreography::MURMURATION;
use protocol::choreography::Compensation;
use protocol::{Cause, Kind, Service};
use schemars::JsonSchema;
use serde::Serialize;

use crate::projections::OrderRecord;
use crate::records::Step;
use crate::saga::Saga;

/// One event in the timeline.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Moment {
    /// The service that took the step.
    pub service: Service,
    /// Its stream.
    pub stream: String,
    /// The event.
    #[serde(flatten)]
    pub step: Step,
    /// The event of another service that made it, if it was one of this order.
    pub caused_by: Option<Kind>,
    /// Microseconds since its cause, by the clocks of the two services; none if a command or a timer
    /// made it.
    pub latency_us: Option<i64>,
    /// Milliseconds since the order was placed, by the clocks of the two services.
    pub after_ms: i64,
    /// Whether it undoes an earlier step.
    pub compensation: bool,
    /// The step that it undoes.
    pub undoes: Option<Kind>,
    /// Whether it ends the order.
    pub end: bool,
}

/// All events of an order: causes before their effects, and otherwise by time.
pub(super) fn timeline(saga: &Saga<'_>, order: &OrderRecord) -> Vec<Moment> {
    let steps = saga.timeline();
    steps.iter().map(|step| Moment::of(step, &steps, order)).collect()
}

impl Moment {
    fn of(step: &Step, steps: &[&Step], order: &OrderRecord) -> Self {
        let cause = steps.iter().find(|other| is_cause_of(other, step));
        let undoes = undone_by(step.kind).filter(|undone| steps.iter().any(|s| s.kind == *undone));
        Self {
            service: step.service(),
            stream: step.service().stream().to_owned(),
            step: step.clone(),
            caused_by: cause.map(|cause| cause.kind),
            latency_us: cause.map(|cause| step.time.micros().saturating_sub(cause.time.micros())),
            after_ms: step.time.millis_since(order.placed_at()),
            compensation: undoes.is_some(),
            undoes,
            end: MURMURATION.ends.contains(&step.kind),
        }
    }
}

fn is_cause_of(other: &Step, step: &Step) -> bool {
    let Cause::Event { service, sequence } = &step.cause else { return false };
    other.service() == *service && other.sequence == *sequence
}

/// The step that an event of this kind undoes, if that step was taken. Where it was not, the event
/// is a tombstone: it keeps the step from being taken.
fn undone_by(kind: Kind) -> Option<Kind> {
    let undoes = |compensation: &&Compensation| compensation.undone_by == kind;
    MURMURATION.compensations.iter().find(undoes).map(|compensation| compensation.step)
}
