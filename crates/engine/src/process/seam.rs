//! What goes into a process and what comes out of it: all that its driver has to know.

use std::time::Duration;

use protocol::{ForeignRows, HistoryId, Position, Row, Service, Timestamp};

use super::standing::Stage;
use crate::batch::{Answer, Batch, Fatal, QueuedInput, Request};
use crate::domain::Domain;
use crate::promise::Durability;
use crate::reading::Extent;
use crate::relay;
use crate::starting::{Claim, Fence};

/// This moment, by the two clocks of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The time of day. It may jump, and two hosts seldom agree on it.
    pub wall: Timestamp,
    /// Time since some moment before the process began. Never goes back.
    pub monotonic: Duration,
}

/// Numbers a request to the broker or the database: its answer carries the same. Never used twice by
/// one process.
pub type RequestId = u64;

/// Numbers the consumers of a process. Never used twice by one process.
pub type ConsumerId = u64;

/// What has happened. `T` is whoever waits for the answer to a command: the process only hands it back.
#[derive(Debug)]
pub enum Input<D: Domain, T> {
    /// The broker is connected to.
    Connected(BrokerLimits),
    /// The connection is gone. No answer is awaited from it: requests under way are over.
    Disconnected,
    /// Somebody asks for something.
    Command {
        /// What is asked.
        command: D::Command,
        /// What comes with it.
        request: Request,
        /// Who waits for the answer.
        ticket: T,
    },
    /// What came of [`Effect::Commit`].
    Committed(Result<Batch<D::Refusal, D::Event>, Fatal>),
    /// What came of [`Effect::Database`].
    Database(RequestId, Result<DatabaseAnswer, Fatal>),
    /// What came of [`Effect::Broker`], or why nothing did.
    Broker(RequestId, Result<BrokerAnswer, String>),
    /// What came back for a published row, in any order.
    Acknowledged {
        /// The window that it was published in.
        window: u64,
        /// The row.
        row: u64,
        /// What the broker said of it, or why it was not even sent.
        reply: relay::Reply,
    },
    /// Messages begin to flow to a consumer.
    ConsumerBegan(Service, ConsumerId),
    /// The next message that the broker delivers to a consumer.
    Delivered {
        /// Of this stream.
        stream: Service,
        /// To this consumer.
        consumer: ConsumerId,
        /// The message, as the row that it says it is.
        row: Row,
        /// Messages that the stream holds behind it.
        pending: u64,
    },
    /// A consumer gets nothing any more.
    ConsumerEnded {
        /// Of this stream.
        stream: Service,
        /// Which.
        consumer: ConsumerId,
        /// Why.
        reason: String,
    },
    /// A consumer of the own stream misses rows, or does not believe one.
    Complaint(Option<u64>),
    /// The process is to finish what it has begun, and to end.
    Stop,
}

/// What is to be done next. Effects are carried out in the order in which they come.
#[derive(Debug)]
pub enum Effect<D: Domain, T> {
    /// Run these inputs in one transaction, with [`crate::Engine::commit`]. Not before what was asked of the database
    /// earlier is done.
    Commit(Inputs<D::Command, D::Event>),
    /// Ask the database, with [`crate::Engine::answer`].
    Database(RequestId, DatabaseRequest),
    /// Ask the broker.
    Broker(RequestId, BrokerRequest),
    /// Publish a row, expecting the stream to end just before it. What comes back is told.
    Publish {
        /// The window: goes back with the acknowledgement.
        window: u64,
        /// The row.
        row: Row,
    },
    /// Deliver the messages of a stream from this number on. A former consumer of that stream is given up.
    Consume {
        /// The stream.
        stream: Service,
        /// The consumer's number.
        consumer: ConsumerId,
        /// The first message.
        from: u64,
    },
    /// Give up the consumer of a stream.
    StopConsuming(Service),
    /// Ask the owner of a stream to look at it: at this message, where it is one.
    Complain(Service, Option<u64>),
    /// Connect to the broker anew: it says its limits only to who connects.
    Reconnect,
    /// Answer a command.
    Reply {
        /// Who waits.
        ticket: T,
        /// The answer.
        answer: Answer<D::Refusal, D::Event>,
        /// Where what it says is kept.
        durability: Durability,
        /// The outbox's end that the stream has acknowledged by then, if it has.
        acknowledged: Option<u64>,
    },
    /// Tell who waits that the command was not taken.
    TurnAway(T),
    /// Say to people what has happened.
    Report(Report),
    /// The process is over: nothing comes after this.
    End(End),
}

/// The inputs of one transaction.
#[derive(Debug)]
pub struct Inputs<C, E> {
    /// The queued inputs, in order.
    pub queued: Vec<QueuedInput<C, E>>,
    /// Timers that are due by then fire, too. None does without it.
    pub timers_due: Option<Timestamp>,
    /// Bytes that a row of a command may have.
    pub row_bytes_max: usize,
}

/// Why a process is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to stop, and has finished what it had begun.
    Stopped,
    /// It has to start anew, so that the start mends what was seen.
    StartAnew(String),
    /// Its database cannot be used.
    Failed(String),
}

/// What a broker says of itself to who connects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerLimits {
    /// Why this broker cannot be used, if it cannot.
    pub unfit: Option<String>,
    /// Bytes that a message may have.
    pub payload_bytes_max: usize,
    /// Bytes that a row may have to be taken.
    pub row_bytes_max: usize,
    /// Why not every row will be taken, if so.
    pub too_small: Option<String>,
}

/// Asked of the broker. Each is one look or one change: what follows from it is decided here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerRequest {
    /// What there is to see of a stream: [`BrokerAnswer::Stream`].
    Find(Service),
    /// The last readable message of a stream: [`BrokerAnswer::Message`].
    Tail(Service),
    /// The last readable row with which a service has taken the end of its stream:
    /// [`BrokerAnswer::Message`].
    Recovered(Service),
    /// One message of the own stream: [`BrokerAnswer::Message`].
    Message(u64),
    /// What of the own stream can be read from that number on, holes or not: [`BrokerAnswer::Messages`].
    /// At most [`SCAN_MESSAGES_MAX`]; none at what the broker takes for the end.
    Scan(u64),
    /// Create the own stream: [`BrokerAnswer::Done`].
    Create,
    /// Set its configuration right, if the broker lets it: [`BrokerAnswer::Done`].
    Configure,
    /// Delete it: [`BrokerAnswer::Done`].
    Delete,
    /// Publish one row by itself: [`BrokerAnswer::Published`].
    Publish(Row),
    /// The last claim to the own stream before that number, of all where it is none, from the small stream
    /// of claims: [`BrokerAnswer::Claim`].
    Claim(Option<u64>),
    /// Claim the own stream, if the last claim is still the one of that number (0 for none):
    /// [`BrokerAnswer::Done`]. The small stream is created where there is none.
    WriteClaim(u64, Claim),
}

/// Messages of one [`BrokerRequest::Scan`] at most.
pub const SCAN_MESSAGES_MAX: usize = 1_000;

/// The broker's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerAnswer {
    /// The stream; none if there is none.
    Stream(Option<StreamInfo>),
    /// The message as the row that it says it is; none if it cannot be read.
    Message(Option<Row>),
    /// Messages, in order.
    Messages(Vec<Row>),
    /// It was done.
    Done,
    /// What came of the row.
    Published(relay::Reply),
    /// The last claim, with its number in the small stream; none if there is none. What is no claim at all
    /// is none with its number.
    Claim(Option<(u64, Option<Claim>)>),
}

/// What there is to see of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// When it was created: tells it from another one of its name.
    pub created: Timestamp,
    /// Its extent by the broker's counters.
    pub extent: Extent,
    /// Where its configuration is not as its owner wants it, if it is not.
    pub difference: Option<String>,
}

/// Asked of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseRequest {
    /// What a start has to know: [`DatabaseAnswer::Notes`].
    Notes,
    /// Rows of the outbox from a number on, so many at most: [`DatabaseAnswer::Rows`].
    Rows {
        /// The first number.
        from: u64,
        /// How many at most.
        limit: u32,
    },
    /// Verify the outbox from row 1: [`DatabaseAnswer::Verified`].
    Verify,
    /// Begin this history: [`DatabaseAnswer::Done`].
    BeginHistory(HistoryId),
    /// Take these rows over from the stream: [`DatabaseAnswer::Restored`].
    Restore(Vec<Row>),
    /// Take over the `recovered` row that concludes the restoring: [`DatabaseAnswer::Restored`].
    ConcludeRestoring(Row),
    /// Note which message of the own stream is corrupt; 0 for none: [`DatabaseAnswer::Done`].
    NoteCorrupt(u64),
    /// Go back in a stream behind rows that its owner has taken out of it: [`DatabaseAnswer::Rewound`].
    Rewind(Service, Vec<ForeignRows>),
    /// Write a copy of the whole database beside it, named after this moment:
    /// [`DatabaseAnswer::Copied`].
    Copy(Timestamp),
}

/// The database's answer.
#[derive(Debug)]
pub enum DatabaseAnswer {
    /// What a start has to know.
    Notes(Notes),
    /// Rows, in order.
    Rows(Vec<Row>),
    /// The outbox's end, or what is wrong with it.
    Verified(Result<Position, String>),
    /// Why the rows cannot be taken over, if they cannot.
    Restored(Result<(), Fence>),
    /// Whether a copy was written, or why not.
    Copied(Result<(), String>),
    /// In which stream, and behind which row decisions go on in it.
    Rewound(Service, Position),
    /// It was done.
    Done,
}

/// What of a database its process keeps in mind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// What a running process has to know, too.
    pub known: crate::batch::Known,
    /// Whether rows were restored, and the `recovered` row that has to follow them is still missing.
    pub restoring: bool,
    /// The last `recovered` row; 0 for none. The stream had it before the outbox.
    pub recovered: u64,
    /// The message of the own stream that was found corrupt.
    pub corrupt: Option<u64>,
}

/// Something that people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The start takes its next step.
    Starting(String),
    /// The start waits.
    Waiting(String),
    /// The stage has changed.
    Stage(Stage, Option<String>),
    /// A person has to choose.
    Fenced(Fence),
    /// What the stream holds is read back.
    Doubt(String),
    /// A foreign stream cannot be read on.
    Alarm(Service, String),
    /// The last event of a service names a row of this one that never was. It is no witness.
    Disbelieved(Service),
    /// A stream is held until somebody has mended why.
    Held(Service, String),
    /// A timer is held.
    TimerHeld(String),
    /// Something else that is worth a line.
    Note(String),
}
