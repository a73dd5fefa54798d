//! Named points at which a process can be made to die, as if it were killed there.
//!
//! Armed only by the environment, for drills: `MURMUR_FAILPOINTS="after-commit=abort@37"` ends the
//! process at the 37th pass of that point; several are separated by commas. Unarmed, a pass costs one
//! relaxed load.
//!
//! Deliberately absent: any action but the end of the process, and any way to arm a point while it
//! runs. What a service does about errors and delays is tried with real ones.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The environment variable that arms points.
pub const VARIABLE: &str = "MURMUR_FAILPOINTS";

static ARMED: AtomicBool = AtomicBool::new(false);
static PLAN: OnceLock<Vec<Armed>> = OnceLock::new();

/// A place in the life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A batch is about to run and to be committed.
    BeforeCommit,
    /// A batch is committed, and nothing of it was handed to the relay.
    AfterCommit,
    /// A row is about to be published.
    BeforePublish,
    /// A row was sent while the ones before it are still unacknowledged.
    MidPipeline,
    /// A row is acknowledged, and the answers that wait for it are not released.
    AfterAck,
    /// An answer is released, and nobody has got it.
    BeforeReply,
    /// Rows of a lost database were taken over from the stream, or their `recovered` row is in the
    /// stream and not yet here.
    MidRestore,
    /// A damaged stream is deleted, and not yet created again.
    MidRebuild,
    /// A damaged stream is created again, empty.
    AfterRebuild,
    /// A lost replica has folded some of what decisions were already made by.
    MidReplicaLoad,
    /// The read side has folded events, and has not stored them.
    MidProjection,
}

/// A point that is armed.
#[derive(Debug)]
struct Armed {
    point: Point,
    at: u64,
    passes: AtomicU64,
}

/// Why the points cannot be armed as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotArmed {
    /// It is not of the form that is understood.
    #[error("{VARIABLE}: {0:?} is not POINT=abort@N with N from 1, such as after-commit=abort@37")]
    Form(String),
    /// There is no such point.
    #[error("{VARIABLE}: there is no point {0:?}; there are {names}", names = names())]
    Unknown(String),
}

impl Point {
    /// Every point.
    pub const ALL: [Self; 11] = [
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforePublish,
        Self::MidPipeline,
        Self::AfterAck,
        Self::BeforeReply,
        Self::MidRestore,
        Self::MidRebuild,
        Self::AfterRebuild,
        Self::MidReplicaLoad,
        Self::MidProjection,
    ];

    /// Its name, as the environment spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeCommit => "before-commit",
            Self::AfterCommit => "after-commit",
            Self::BeforePublish => "before-publish",
            Self::MidPipeline => "mid-pipeline",
            Self::AfterAck => "after-ack",
            Self::BeforeReply => "before-reply",
            Self::MidRestore => "mid-restore",
            Self::MidRebuild => "mid-rebuild",
            Self::AfterRebuild => "after-rebuild",
            Self::MidReplicaLoad => "mid-replica-load",
            Self::MidProjection => "mid-projection",
        }
    }

    /// The process comes by here, and dies if this pass is the one that was asked for.
    pub fn pass(self) {
        if ARMED.load(Ordering::Relaxed) {
            self.pass_armed();
        }
    }

    #[cold]
    fn pass_armed(self) {
        for armed in PLAN.get().into_iter().flatten().filter(|armed| armed.point == self) {
            if armed.passes.fetch_add(1, Ordering::Relaxed) + 1 == armed.at {
                tracing::error!(point = %self, pass = armed.at, "the process dies at a failpoint");
                std::process::abort();
            }
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Arms what the environment asks for, if it asks.
///
/// # Errors
/// When it asks for what is not there. A drill that silently does not happen would show nothing.
pub fn arm_from_environment() -> Result<(), NotArmed> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let plan = parse(&text.to_string_lossy())?;
    if plan.is_empty() {
        return Ok(());
    }
    for Armed { point, at, .. } in &plan {
        tracing::warn!(%point, pass = at, "ARMED: this process is going to die on purpose");
    }
    // Armed once for the whole process; a second time would change nothing.
    if PLAN.set(plan).is_ok() {
        ARMED.store(true, Ordering::Relaxed);
    }
    Ok(())
}

fn parse(text: &str) -> Result<Vec<Armed>, NotArmed> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::parse).collect()
}

impl FromStr for Armed {
    type Err = NotArmed;

    fn from_str(text: &str) -> Result<Self, NotArmed> {
        let form = || NotArmed::Form(text.to_owned());
        let (name, action) = text.split_once('=').ok_or_else(form)?;
        let at = action.strip_prefix("abort@").and_then(|at| at.parse().ok());
        let at = at.filter(|at| *at > 0).ok_or_else(form)?;
        let found = Point::ALL.into_iter().find(|point| point.name() == name);
        let point = found.ok_or_else(|| NotArmed::Unknown(name.to_owned()))?;
        Ok(Self { point, at, passes: AtomicU64::new(0) })
    }
}

fn names() -> String {
    Point::ALL.map(Point::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Result<Vec<(Point, u64)>, NotArmed> {
        Ok(parse(text)?.iter().map(|armed| (armed.point, armed.at)).collect())
    }

    #[test]
    fn several_points_are_armed_by_name_and_pass() {
        let asked = "after-commit=abort@37, mid-rebuild=abort@1";
        let expected = vec![(Point::AfterCommit, 37), (Point::MidRebuild, 1)];
        assert_eq!(points(asked).unwrap(), expected);
        assert_eq!(points("").unwrap(), []);
        for point in Point::ALL {
            assert_eq!(points(&format!("{point}=abort@2")).unwrap(), [(point, 2)]);
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_and_named() {
        for text in ["after-commit", "after-commit=abort", "after-commit=abort@0", "a=sleep@1"] {
            assert_eq!(points(text).unwrap_err(), NotArmed::Form(text.to_owned()));
        }
        let unknown = points("after-lunch=abort@1").unwrap_err().to_string();
        assert!(unknown.contains("after-lunch") && unknown.contains("mid-pipeline"), "{unknown}");
    }
}
