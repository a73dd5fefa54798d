//! The steps of a chaos file. Each one either really happens, or fails: a fault that did not fire
//! shows nothing.

use std::fmt;

use client::process::Process;
use contracts::service;
use protocol::Service;
use serde::{Deserialize, Serialize, Serializer};
use supervisor::redundancy::Loss;

use crate::values::Span;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// SIGKILL; it is restarted.
    Kill(Process),
    /// SIGKILL for one of the services or query, chosen by chance; it is restarted.
    KillAny,
    /// SIGKILL; it stays down.
    Halt(Process),
    /// SIGTERM; it stays down.
    Stop(Process),
    /// SIGSTOP.
    Pause(Process),
    /// Starts what is down, thaws what is frozen. Does not wait until it is ready.
    Start(Process),
    /// Lets time pass, as part of the fault.
    Wait(#[serde(serialize_with = "as_text")] Span),
    /// The process dies at a named point of its work.
    Dies(Death),
    /// Deletes what a process keeps while it runs, kills it and starts it again.
    Wipe(Process),
    /// Takes a copy of what a process keeps. It must be down.
    KeepCopy(Process),
    /// Puts the copy in the place of what a process keeps. It must be down.
    BringBack(Process),

    /// Cuts the end off a stream's newest file. The broker must be down.
    CutTail(Cut),
    /// Flips one bit in the middle of a stream's file. The broker must be down.
    FlipBit(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Deletes a stream with the broker's own tool.
    DeleteStream(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Limits a stream to its newest messages for a moment.
    TrimStream(Trim),
    /// Puts a stream in its place that allows it, and purges it beyond its end. The service is down.
    PurgeBeyond(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Edits a stream's configuration.
    EditStream(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Deletes a stream and creates another in its place, configured otherwise.
    RecreateStream(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Publishes a message that the owner did not write.
    Inject(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Deletes every consumer of every stream.
    DeleteConsumers,
    /// Gives the broker no more room than it uses, and starts it again.
    NoRoomInBroker,
    /// Gives the broker its room back, and starts it again.
    RoomInBroker,

    /// Says something to Redis.
    Redis(String),
    /// Writes nonsense into a view in Redis.
    EditView,

    /// `rm -rf` of a service's folder while it runs.
    DeleteFolder(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Puts another file in the place of a service's database while it runs.
    ReplaceFile(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Cuts a service's write-ahead log in half. The service must be down.
    CutLog(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Flips one bit in a service's write-ahead log. The service must be down.
    FlipBitInLog(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Gives a service's database so few more bytes, and starts it again.
    NoRoomFor(Room),
    /// Gives it its room back, and starts it again.
    RoomFor(#[serde(deserialize_with = "service::deserialize")] Service),
    /// Puts another service's database in the place of a service's own. Both must be down.
    Swap(Swap),
    /// Tries to start a second process on a service's database: it must be refused.
    SecondOwner(#[serde(deserialize_with = "service::deserialize")] Service),

    /// The network misbehaves from here on.
    Network(Misbehaviour),
    /// The network behaves again.
    ClearNetwork,
    /// A process's clock goes wrong from here on.
    Clock(Jump),
    /// A process's clock is right again.
    RightClock(Process),

    /// Starts a second process for a service or query, with a folder of its own; once more, on what it
    /// has kept, if there was one.
    #[serde(rename = "beside")]
    SecondInstance(Process),
    /// Ends the second process, if it still runs.
    #[serde(rename = "end_beside")]
    EndSecondInstance(Process),

    /// A service must be fenced, and say why and what the choices are, also in `murmur status`.
    Fenced(ReasonExpected),
    /// A process must say that it is not ready, and why.
    NotReady(ReasonExpected),
    /// `murmur heal SERVICE --discard-local`, if the service is fenced.
    DiscardLocal(#[serde(deserialize_with = "service::deserialize")] Service),

    /// A step that takes a store away although what it holds may be nowhere else.
    Forced(Box<Step>),
}

/// A death at a failpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Death {
    /// Who.
    pub process: Process,
    /// Where, as `MURMUR_FAILPOINTS` names it.
    pub at: String,
    /// At which pass.
    #[serde(default = "once")]
    pub pass: u64,
    /// In so many starts, one after the other.
    #[serde(default = "one_start")]
    pub starts: u32,
    /// What makes it start with the failpoint armed.
    #[serde(default)]
    pub after: Before,
}

/// What a process goes through before it dies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Before {
    /// A restart.
    #[default]
    Restart,
    /// The loss of its database.
    Wipe,
    /// The loss of its stream's middle, which it has to rebuild.
    Hole,
}

/// A cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Whose stream.
    #[serde(deserialize_with = "service::deserialize")]
    pub of: Service,
    /// So much.
    pub bytes: u64,
}

/// What is left of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trim {
    /// Whose stream.
    #[serde(deserialize_with = "service::deserialize")]
    pub of: Service,
    /// So many messages.
    pub to: i64,
}

/// How much more a database may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Whose.
    #[serde(deserialize_with = "service::deserialize")]
    pub of: Service,
    /// So much.
    pub bytes: u64,
}

/// A database in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// Whose place.
    #[serde(deserialize_with = "service::deserialize")]
    pub of: Service,
    /// Whose database.
    #[serde(deserialize_with = "service::deserialize")]
    pub by: Service,
}

/// How the network misbehaves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Misbehaviour {
    /// Between these processes; without, between all of them ...
    #[serde(default)]
    pub of: Vec<Process>,
    /// ... and this store.
    #[serde(default = "broker")]
    pub to: Process,
    /// What it does.
    pub is: Behaviour,
}

/// What a network does to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Nothing gets through.
    Partitioned,
    /// Nothing gets to the store; answers get through.
    OneWayFromStore,
    /// Everything gets to the store; no answer gets through.
    OneWayToStore,
    /// Everything is late.
    Slow,
    /// Every piece is cut, and the connection reset in the middle of it.
    Resetting,
    /// One piece in fifty is.
    Lossy,
    /// The process believes in a connection that the store has forgotten.
    HalfOpen,
    /// The store believes in a connection that the process has forgotten.
    HalfOpenAtStore,
}

/// How a clock goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Jump {
    /// Whose clock.
    pub of: Process,
    /// By so much, such as `+1h` or `-1h`.
    pub by: String,
}

/// What must be told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonExpected {
    /// By whom.
    pub process: Process,
    /// What its reason has to contain.
    pub because: String,
}

impl Step {
    /// What it takes away, or what it takes down so that it can be damaged.
    pub const fn takes(&self) -> Option<Loss> {
        match self {
            Self::Wipe(process) | Self::Halt(process) | Self::Stop(process) => Loss::of(*process),
            Self::DeleteFolder(service) | Self::ReplaceFile(service) => {
                Some(Loss::Database(*service))
            }
            Self::DeleteStream(service)
            | Self::RecreateStream(service)
            | Self::TrimStream(Trim { of: service, .. }) => Some(Loss::Stream(*service)),
            Self::Dies(Death { process, after: Before::Wipe, .. }) => Loss::of(*process),
            Self::Dies(Death {
                process: Process::Service(service), after: Before::Hole, ..
            }) => Some(Loss::Stream(*service)),
            _ => None,
        }
    }
}

const fn once() -> u64 {
    1
}

const fn one_start() -> u32 {
    1
}

const fn broker() -> Process {
    Process::Nats
}

fn as_text<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{:?}", span.0))
}

impl fmt::Display for Step {
    /// Much as it stands in its file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        let text = json.replace('"', "").replace(':', ": ").replace(',', ", ");
        let bare = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        f.write_str(bare.unwrap_or(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::service;

    #[test]
    fn a_step_is_shown_much_as_it_stands_in_its_file() {
        let step = |text: &str| serde_saphyr::from_str::<Step>(text).unwrap().to_string();
        assert_eq!(step("kill: order"), "kill: order");
        assert_eq!(step("kill_any"), "kill_any");
        assert_eq!(step("wait: 3s"), "wait: 3s");
        assert_eq!(step("cut_tail: { of: order, bytes: 7 }"), "cut_tail: {of: order, bytes: 7}");
        assert_eq!(step("forced: { wipe: nats }"), "forced: {wipe: nats}");
    }

    #[test]
    fn a_step_that_takes_a_store_away_says_which_unless_it_is_forced() {
        let takes = |text: &str| serde_saphyr::from_str::<Step>(text).unwrap().takes();
        assert_eq!(takes("wipe: nats"), Some(Loss::Broker));
        assert_eq!(takes("halt: order"), Some(Loss::Database(service::ORDER)));
        let dies = "dies: { process: order, at: mid-rebuild, after: hole }";
        assert_eq!(takes(dies), Some(Loss::Stream(service::ORDER)));
        for nothing in ["kill: nats", "wipe: redis", "forced: { wipe: nats }"] {
            assert_eq!(takes(nothing), None, "{nothing}");
        }
    }
}
