//! What a process says to people, as lines of the story.

use engine::Domain;
use engine::process::Report;

use super::Driver;
use crate::env::Env;

impl<D: Domain> Driver<D> {
    /// Tells it. No input may be beyond handling: one that is held is a violation.
    pub(super) fn narrate(&self, env: &mut Env, report: &Report) {
        let who = D::SERVICE;
        match report {
            Report::Starting(step) => env.record(who, || step),
            Report::Disbelieved(of) => {
                env.record(who, || {
                    format!("does not believe {of}, who names a row that never was")
                });
            }
            Report::Waiting(why) => env.record(who, || format!("waits: {why}")),
            Report::Stage(stage, None) => env.record(who, || format!("is {}", stage.name())),
            Report::Stage(stage, Some(why)) => {
                env.record(who, || format!("is {}: {why}", stage.name()));
            }
            Report::Fenced(fence) => env.record(who, || format!("FENCED: {fence}")),
            Report::Doubt(why) => env.record(who, || format!("reads its stream back: {why}")),
            Report::Alarm(stream, what) => {
                env.record(who, || format!("ALARM: {}: {what}", stream.stream()));
            }
            Report::Held(stream, why) => {
                env.violation(format!("{who} holds {}: {why}", stream.stream()));
            }
            Report::TimerHeld(why) => env.violation(format!("{who} holds a timer: {why}")),
            Report::Note(what) => env.record(who, || what),
        }
    }
}
