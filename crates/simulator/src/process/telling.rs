//! What a process says to people, as lines of the story.

use engine::Domain;
use engine::process::Report;

use super::Driver;
use crate::env::Env;

impl<D: Domain> Driver<D> {
    /// Tells it. No input may be beyond handling: one that is held is a violation.
    pub(super) fn tell(&self, env: &mut Env, report: &Report) {
        let who = D::SERVICE;
        match report {
            Report::Starting(step) => env.tell(who, || step),
            Report::Disbelieved(of) => {
                env.tell(who, || format!("does not believe {of}, who names a row that never was"));
            }
            Report::Waiting(why) => env.tell(who, || format!("waits: {why}")),
            Report::Stage(stage, None) => env.tell(who, || format!("is {}", stage.name())),
            Report::Stage(stage, Some(why)) => {
                env.tell(who, || format!("is {}: {why}", stage.name()));
            }
            Report::Fenced(fence) => env.tell(who, || format!("FENCED: {fence}")),
            Report::Doubt(why) => env.tell(who, || format!("reads its stream back: {why}")),
            Report::Alarm(stream, what) => {
                env.tell(who, || format!("ALARM: {}: {what}", stream.stream()));
            }
            Report::Held(stream, why) => {
                env.violation(format!("{who} holds {}: {why}", stream.stream()));
            }
            Report::TimerHeld(why) => env.violation(format!("{who} holds a timer: {why}")),
            Report::Note(what) => env.tell(who, || what),
        }
    }
}
