//! A soak: one system under load for a long time, and faults one after the other, chosen by chance.
//! Each is healed before the next; the audit comes at the end, and in between.

use std::time::Duration;

use terminal::interruption::unless_asked;
use terminal::note;
use tokio::time::Instant;
use workload::dice::Dice;

use crate::audit;
use crate::fault::Fault;
use crate::fault_run::{Fixture, Outcome, Settings};

/// Faults between two audits.
const AUDIT_EVERY: u32 = 10;
/// Calm between two faults at most, in milliseconds.
const CALM_MS_MAX: u64 = 3_000;

/// Runs faults for that long; one outcome for each kind of fault that was chosen.
///
/// # Errors
/// When the system does not start or cannot be judged.
pub async fn soak(
    settings: &Settings,
    faults: &[Fault],
    lasts: Duration,
) -> anyhow::Result<Vec<Outcome>> {
    let faults: Vec<_> = faults.iter().filter(|fault| !fault.not_in_soak).collect();
    let mut fixture = Fixture::prepare(settings, "soak", true).await?;
    let mut dice = Dice::new(settings.seed);
    let mut outcomes: Vec<Outcome> = faults.iter().map(|fault| named(fault)).collect();
    let begun = Instant::now();
    let say = |text: &str| {
        if settings.verbose {
            note!("  {text}");
        }
    };
    for number in 1.. {
        if begun.elapsed() >= lasts {
            break;
        }
        let nth = usize::try_from(dice.below(faults.len() as u64))?;
        let (fault, outcome) = (faults[nth], &mut outcomes[nth]);
        note!("{:>6.0} s  {}", begun.elapsed().as_secs_f64(), fault.chaos);
        let injecting = fixture.inject(fault, Dice::new(dice.next()), outcome, &say);
        // The system ends with the command.
        let Some(injected) = unless_asked(injecting).await else { return Ok(chosen(outcomes)) };
        let wrong = match injected {
            Ok(healed) => {
                outcome.note_healed(healed);
                audit_now_and_then(&fixture, number).await?
            }
            Err(error) => vec![format!("{error:#}")],
        };
        if !wrong.is_empty() {
            outcome.wrong = wrong;
            fixture.abandon().await?;
            return Ok(chosen(outcomes));
        }
        tokio::time::sleep(Duration::from_millis(dice.below(CALM_MS_MAX))).await;
    }
    let mut verdict = named_total();
    verdict.fired = outcomes.iter().map(|outcome| outcome.fired).sum();
    fixture.conclude(settings, &mut verdict).await?;
    outcomes.push(verdict);
    Ok(chosen(outcomes))
}

/// What an audit in between finds.
async fn audit_now_and_then(fixture: &Fixture, number: u32) -> anyhow::Result<Vec<String>> {
    if !number.is_multiple_of(AUDIT_EVERY) {
        return Ok(Vec::new());
    }
    // What is answered while the audit reads would be in the journal and not in what it has read.
    let _calm = fixture.load.calm().await?;
    let wrong = audit::audit(&fixture.system, &fixture.journal).await?;
    let is = if wrong.is_empty() { "clean so far" } else { "NOT clean" };
    note!("          audited: {is}, {} accepted", fixture.load.tracker.counts().ok);
    Ok(wrong)
}

fn named(fault: &Fault) -> Outcome {
    Outcome { fault: fault.chaos.clone(), ..Outcome::default() }
}

fn named_total() -> Outcome {
    Outcome { fault: "all of them together".to_owned(), is_total: true, ..Outcome::default() }
}

/// Those that chance has chosen.
fn chosen(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    outcomes.retain(|outcome| outcome.fired > 0 || !outcome.wrong.is_empty());
    outcomes
}
