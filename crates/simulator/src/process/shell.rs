//! A process as the world sees it: the stages of its life, the steps that it takes, how it ends, and
//! what can be asked of it, whichever service's it is.

use std::fmt;

use contracts::{Chain, Position, Service};
use engine::batch::Fatal;
use engine::relay::Reply;
use engine::starting::Step as StartStep;
use engine::{Database, Read, StateError};

use crate::clients::Attempt;
use crate::env::{Env, Told};
use crate::fault::Fault;
use crate::services::Ask;

/// Which process: never used twice in one world.
pub(crate) type Pid = u64;

/// The stage of a process's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It looks at what its stores hold; commands are refused.
    Starting,
    /// It takes commands.
    Ready,
    /// It takes commands without the broker.
    Alone,
    /// It refuses commands until a person has chosen.
    Fenced(String),
}

/// The next thing that a process does.
#[derive(Debug)]
pub(crate) enum Step {
    /// Tries to connect.
    Connect,
    /// Notices that the connection is gone.
    Disconnected,
    /// Starts: looks at its stream.
    Gather,
    /// Starts: asks the witnesses, and judges.
    Judge,
    /// Starts: does what follows.
    Act(StartStep),
    /// Starts: takes over rows.
    Restore,
    /// Starts: creates the stream that it has deleted.
    Recreate,
    /// Starts: hears what became of its `recovered` row.
    HearRecovered(Chain, Reply),
    /// The writer takes what has queued up.
    Write,
    /// The relay takes what was committed.
    Committed,
    /// The relay hears what became of a row, if the window is still the same.
    Hear {
        /// The window.
        window: u64,
        /// The row.
        row: u64,
        /// What became of it.
        reply: Reply,
    },
    /// Looks at the stream because it is time to.
    Verify,
    /// A consumer asks to look at the stream, and perhaps at one row of it.
    Question(Option<u64>),
    /// Looks after doubts and silence.
    Tick,
    /// A look: the stream's counters.
    LookAtExtent(u64),
    /// A look: the stream's end.
    LookAtTail(u64),
    /// A look: the own end, and what follows.
    LookAtOwn(u64),
    /// A look has taken too long.
    LookFailed(u64),
    /// A reading begins anew: looks at the stream.
    ReadBegin(Service, u64),
    /// A reading makes its consumer.
    ReadFrom(Service, u64, u64),
    /// A reading gets messages.
    Receive(Service, u64),
    /// Looks whether timers are due.
    Timers,
    /// Asks for the streams' ends.
    TimerGoal,
    /// Looks whether these ends are reached.
    TimerPoll,
}

/// Why a process is no more.
#[derive(Debug)]
pub(crate) enum End {
    /// It was killed.
    Killed(Fault),
    /// It ended by itself, so that its start can mend what it saw.
    Itself(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed(fault) => write!(f, "{fault}"),
            Self::Itself(reason) => write!(f, "it ended by itself: {reason}"),
        }
    }
}

/// What follows from a step.
pub(crate) type Flow = Result<(), End>;

impl From<Fatal> for End {
    fn from(fatal: Fatal) -> Self {
        Self::Itself(fatal.to_string())
    }
}

impl From<StateError> for End {
    fn from(error: StateError) -> Self {
        Self::Itself(error.to_string())
    }
}

/// A process, whichever service's it is.
pub(crate) trait Shell {
    /// Whose process it is.
    fn service(&self) -> Service;
    /// Does the next thing.
    fn step(&mut self, env: &mut Env, step: Step) -> Flow;
    /// Takes a request, or refuses it at once.
    fn ask(&mut self, env: &mut Env, attempt: Attempt, ask: &Ask) -> Result<(), Told>;
    /// A stream has new messages.
    fn wake(&mut self, env: &mut Env, stream: Service);
    /// The stage of its life.
    fn stage(&self) -> &Stage;
    /// Whether it has done all that there is to do.
    fn is_quiet(&self, env: &Env) -> bool;
    /// What it waits for, for people.
    fn waits_for(&self, env: &Env) -> String;
    /// Alarms of its readings.
    fn alarms(&self) -> Vec<String>;
    /// The end of its outbox.
    fn head(&self) -> Position;
    /// Its database, to read.
    fn read(&self) -> Read<'_>;
    /// Its engine's positions.
    fn positions(&self) -> &engine::positions::Positions;
    /// Its database's file was replaced: it may notice before it writes, or not.
    fn replace_database(&mut self, notices: bool);
    /// How large its database may grow.
    fn limit_database(&self, bytes_max: u64);
    /// A copy of its database.
    fn image(&mut self) -> Option<Vec<u8>>;
    /// What is left of it.
    fn into_database(self: Box<Self>) -> Database;
}
