//! A process as the world sees it: the steps that it takes, how it ends, and what can be asked of it,
//! whichever service's it is.

use std::fmt;

use engine::process::{self, BrokerAnswer, BrokerRequest, ConsumerId, RequestId, Stage};
use engine::relay::Reply;
use engine::{Database, Read};
use protocol::{Position, Service};

use crate::clients::Attempt;
use crate::env::{Env, Response};
use crate::fault::Fault;
use crate::services::Ask;

/// Which process: never used twice in one world.
pub(crate) type Pid = u64;

/// What comes of a request to the broker.
pub(crate) type Answered = Box<Result<BrokerAnswer, String>>;

/// The next thing that happens to a process, or to what it has sent.
#[derive(Debug)]
pub(crate) enum Step {
    /// It tries to connect.
    Connect,
    /// It notices that the connection is gone.
    Disconnected,
    /// It looks what there is to do.
    Wake,
    /// A request arrives at the broker.
    Request {
        /// The request.
        id: RequestId,
        /// The connection that it was sent over.
        connection: u64,
        /// What is asked.
        request: Box<BrokerRequest>,
    },
    /// An answer of the broker arrives, or it is clear that none will.
    Answer(RequestId, Answered),
    /// What came back for a published row arrives.
    Acknowledged {
        /// The window that it was published in.
        window: u64,
        /// The row.
        row: u64,
        /// What came back.
        reply: Box<Reply>,
    },
    /// The wish for a consumer arrives at the broker.
    MakeConsumer {
        /// Of this stream.
        stream: Service,
        /// Which.
        id: ConsumerId,
        /// The first message.
        from: u64,
    },
    /// It hears that messages begin to flow.
    ConsumerBegan(Service, ConsumerId),
    /// Messages arrive.
    Deliver(Service, ConsumerId),
    /// It notices that no messages flow any more.
    ConsumerEnded(Service, ConsumerId, &'static str),
    /// The disk has done what the database waits for.
    Disk,
    /// A consumer of its stream misses rows, or does not believe one.
    Complaint(Option<u64>),
    /// It is told to stop.
    Stop,
}

impl Step {
    /// Whether this happens at the broker, whatever its process does.
    pub(crate) const fn is_at_broker(&self) -> bool {
        matches!(self, Self::Request { .. } | Self::MakeConsumer { .. })
    }
}

/// Why a process is no more.
#[derive(Debug)]
pub(crate) enum End {
    /// It was killed.
    Killed(Fault),
    /// It ended by itself.
    Itself(process::End),
}

impl From<process::End> for End {
    fn from(end: process::End) -> Self {
        Self::Itself(end)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed(fault) => write!(f, "{fault}"),
            Self::Itself(process::End::Stopped) => write!(f, "it has stopped"),
            Self::Itself(process::End::StartAnew(reason)) => {
                write!(f, "it ended, so that its start mends this: {reason}")
            }
            Self::Itself(process::End::Failed(reason)) => write!(f, "it failed: {reason}"),
        }
    }
}

/// What follows from a step.
pub(crate) type Flow = Result<(), End>;

/// A process, whichever service's it is.
pub(crate) trait Shell {
    /// Whose process it is.
    fn service(&self) -> Service;
    /// Does the next thing.
    fn step(&mut self, env: &mut Env, step: Step) -> Flow;
    /// Takes a request, or refuses it at once.
    fn ask(&mut self, env: &mut Env, attempt: Attempt, ask: &Ask) -> Result<(), Response>;
    /// A stream has new messages, or is gone.
    fn wake(&mut self, env: &mut Env, stream: Service);
    /// The stage of its life.
    fn stage(&self) -> Stage;
    /// Whether it has done all that there is to do.
    fn is_quiet(&self, env: &Env) -> bool;
    /// What it waits for, for people.
    fn waits_for(&self, env: &Env) -> String;
    /// What is wrong with the streams that it reads.
    fn alarms(&self) -> Vec<String>;
    /// The end of its outbox.
    fn head(&self) -> Position;
    /// Its database, to read.
    fn read(&self) -> Read<'_>;
    /// Its positions in the streams that it reads.
    fn positions(&self) -> engine::positions::Positions;
    /// Its database's file was replaced: it may notice before it writes, or not.
    fn replace_database(&mut self, notices: bool);
    /// How large its database may grow.
    fn limit_database(&self, bytes_max: u64);
    /// A copy of its database.
    fn image(&mut self) -> Option<Vec<u8>>;
    /// What is left of it.
    fn into_database(self: Box<Self>) -> Database;
}
