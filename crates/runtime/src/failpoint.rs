//! Named points at which a process can be made to die, as if it were killed there, or to panic over one row.
//!
//! Armed only by the environment, for drills: `MURMUR_FAILPOINTS="after-commit=abort@37"` ends the
//! process at the 37th pass of that point; `fold-event=panic@ORDER/7` panics whenever that row comes by.
//! Several are separated by commas. Unarmed, a pass costs one relaxed load.
//!
//! Deliberately absent: any other action, and any way to arm a point while the process runs. What a
//! service does about errors and delays is tried with real ones.

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
    /// The read side is about to fold one event.
    FoldEvent,
}

/// A point that is armed.
#[derive(Debug)]
struct Armed {
    point: Point,
    action: Action,
    passes: AtomicU64,
}

/// What is done, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    /// The process dies at this pass.
    AbortAtPass(u64),
    /// Whatever handles this row panics, each time.
    PanicAtRow { stream: String, sequence: u64 },
}

/// Why the points cannot be armed as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotArmed {
    /// It is not of the form that is understood.
    #[error(
        "{VARIABLE}: {0:?} is neither POINT=abort@N with N from 1, such as after-commit=abort@37, nor \
         POINT=panic@STREAM/N, such as fold-event=panic@ORDER/7"
    )]
    Form(String),
    /// There is no such point.
    #[error("{VARIABLE}: there is no point {0:?}; there are {names}", names = names())]
    Unknown(String),
}

impl Point {
    /// Every point.
    pub const ALL: [Self; 12] = [
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
        Self::FoldEvent,
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
            Self::FoldEvent => "fold-event",
        }
    }

    /// The process comes by here, and dies if this pass is the one that was asked for.
    pub fn pass(self) {
        if ARMED.load(Ordering::Relaxed) {
            self.pass_armed();
        }
    }

    /// The same, with a row of a stream in hand.
    ///
    /// # Panics
    /// If that was asked for of this row.
    pub fn pass_row(self, stream: &str, sequence: u64) {
        if ARMED.load(Ordering::Relaxed) {
            self.pass_armed();
            self.pass_row_armed(stream, sequence);
        }
    }

    #[cold]
    fn pass_armed(self) {
        for armed in PLAN.get().into_iter().flatten().filter(|armed| armed.point == self) {
            let Action::AbortAtPass(at) = armed.action else { continue };
            if armed.passes.fetch_add(1, Ordering::Relaxed) + 1 == at {
                tracing::error!(point = %self, pass = at, "the process dies at a failpoint");
                std::process::abort();
            }
        }
    }

    #[cold]
    #[expect(clippy::panic, reason = "it is armed for that")]
    fn pass_row_armed(self, stream: &str, sequence: u64) {
        let row = Action::PanicAtRow { stream: stream.to_owned(), sequence };
        let mut plan = PLAN.get().into_iter().flatten();
        if plan.any(|armed| armed.point == self && armed.action == row) {
            panic!("failpoint {self} at {stream}/{sequence}");
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
    for Armed { point, action, .. } in &plan {
        tracing::warn!(%point, ?action, "ARMED: this process is going to fail on purpose");
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
        let action = action.parse().map_err(|()| form())?;
        let found = Point::ALL.into_iter().find(|point| point.name() == name);
        let point = found.ok_or_else(|| NotArmed::Unknown(name.to_owned()))?;
        Ok(Self { point, action, passes: AtomicU64::new(0) })
    }
}

impl FromStr for Action {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0).ok_or(());
        if let Some(pass) = text.strip_prefix("abort@") {
            return Ok(Self::AbortAtPass(number(pass)?));
        }
        let row = text.strip_prefix("panic@").and_then(|row| row.split_once('/')).ok_or(())?;
        Ok(Self::PanicAtRow { stream: row.0.to_owned(), sequence: number(row.1)? })
    }
}

fn names() -> String {
    Point::ALL.map(Point::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Result<Vec<(Point, Action)>, NotArmed> {
        Ok(parse(text)?.into_iter().map(|armed| (armed.point, armed.action)).collect())
    }

    #[test]
    fn several_points_are_armed_by_name_and_pass() {
        let asked = "after-commit=abort@37, mid-rebuild=abort@1";
        let expected = vec![
            (Point::AfterCommit, Action::AbortAtPass(37)),
            (Point::MidRebuild, Action::AbortAtPass(1)),
        ];
        assert_eq!(points(asked).unwrap(), expected);
        assert_eq!(points("").unwrap(), []);
        for point in Point::ALL {
            let expected = [(point, Action::AbortAtPass(2))];
            assert_eq!(points(&format!("{point}=abort@2")).unwrap(), expected);
        }
    }

    #[test]
    fn a_panic_is_armed_by_the_row_that_it_comes_with() {
        let row = Action::PanicAtRow { stream: "ORDER".to_owned(), sequence: 7 };
        assert_eq!(points("fold-event=panic@ORDER/7").unwrap(), [(Point::FoldEvent, row)]);
    }

    #[test]
    fn what_is_not_understood_is_refused_and_named() {
        for text in [
            "after-commit",
            "after-commit=abort",
            "after-commit=abort@0",
            "a=sleep@1",
            "fold-event=panic@ORDER",
            "fold-event=panic@ORDER/0",
        ] {
            assert_eq!(points(text).unwrap_err(), NotArmed::Form(text.to_owned()));
        }
        let unknown = points("after-lunch=abort@1").unwrap_err().to_string();
        assert!(unknown.contains("after-lunch") && unknown.contains("mid-pipeline"), "{unknown}");
    }
}
