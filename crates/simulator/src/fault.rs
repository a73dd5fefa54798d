//! The faults that are modelled, and how often each of them really happened.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! faults {
    ($($fault:ident $name:literal;)*) => {
        /// Something that goes wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $(#[doc = $name] $fault,)* }

        impl Fault {
            /// Every fault of the services, the broker, the network and the clocks.
            pub const ALL: &'static [Self] = &[$(Self::$fault,)*];

            /// Its name, for people.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }
        }
    };
}

faults! {
    Crash "process: killed at any moment";
    CrashBeforeCommit "process: killed before the commit";
    CrashAfterCommit "process: killed after the commit, before publishing";
    CrashMidPipeline "process: killed amid publishing";
    CrashAfterAcknowledgement "process: killed after the acknowledgement, before the reply";
    CrashBeforeReply "process: killed while the reply leaves";
    CrashWhileReplicaLoads "process: killed while a lost replica is read again";
    CrashWhileStarting "process: killed while it starts";
    CrashWhileRestoring "process: killed amid restoring";
    CrashBeforeRecovered "process: killed after restoring, before `recovered`";
    CrashAfterRecovered "process: killed with `recovered` published and not stored";
    CrashWhileRebuilding "process: killed between deleting its stream and creating it";
    CrashAnywhere "process: killed between any two effects";
    CrashLoop "process: killed at each of several starts";
    Stopped "process: told to stop";
    Paused "process: stopped and resumed";
    ZombieWithoutFile "process: goes on after its database was replaced, beside its replacement";
    ZombieElsewhere "process: goes on with its own copy of the database, beside its replacement";
    ReplacedStartsAnew "process: replaced, and started anew while its stream is rebuilt";
    ReplacedIsRestarted "process: replaced, and started anew between its stream's deletion and its first row";
    LateBytes "process: killed, and what it sent arrives later";
    BrokerRestarted "broker: killed and started again";
    BrokerAway "broker: away for minutes";
    BrokerFull "broker: disk full, silence";
    AnswerLost "broker: an acknowledgement is lost";
    AnswerLate "broker: an acknowledgement is slow";
    AnswerDuplicate "broker: acknowledges a duplicate of something else";
    RefusedButStored "broker: refuses a row and stores it";
    RefusedAndRemoved "broker: refuses a row, removes it and counts it";
    TailCut "broker: a stream's tail is lost";
    TailCutAndLied "broker: a stream's tail is lost, its counter is not";
    MessageLost "broker: a message is lost";
    BitFlipped "broker: a message is unreadable, and no counter says so";
    StreamPurged "broker: a stream is purged";
    StreamPurgedBeyond "broker: a stream is purged beyond its end";
    StreamDeleted "broker: a stream is deleted";
    StreamRecreated "broker: a stream is deleted and created by another";
    BrokerWiped "broker: its folder is wiped";
    BrokerRestored "broker: restored from an older copy";
    StreamMisconfigured "broker: a stream's configuration is edited";
    ConsumersLost "broker: consumers are deleted";
    ConsumerClamped "broker: a consumer beyond the end is clamped to it";
    ConsumerWaits "broker: a consumer beyond the end waits silently";
    DatabaseDeleted "database: deleted";
    DatabaseRestored "database: restored from an older copy";
    DatabaseFailed "database: a commit fails";
    DatabaseFailedLate "database: a commit is reported as failed and was done";
    DatabaseFull "database: full";
    Disconnected "network: a connection is reset";
    PartitionedOut "network: what a service sends is lost";
    PartitionedIn "network: what is sent to a service is lost";
    Partitioned "network: a service and the broker are parted";
    Slow "network: slow";
    ReconnectStorm "network: connections come and go";
    ClockForward "clock: jumps an hour forward";
    ClockBack "clock: jumps an hour back";
    ClockSkewed "clock: runs apart from the others";
    KeyRepeated "input: a request is repeated with its key";
    KeyRepeatedAtOnce "input: a request is sent many times at once";
    KeyReused "input: a key is used for another request";
    ForeignMessage "double loss: a foreign message is put into a stream";
    RowForged "attack: a row that follows the chain is put into a stream";
    RowForgedAndDatabaseLost "attack: the same, and the database of its owner is lost";
    WitnessForged "attack: such a row names rows of others that never were, and one of them starts";
    ClaimForged "attack: a stream is claimed by somebody else, and its owner starts";
    DatabaseAndMessage "double loss: a row of an outbox and a message of its stream";
    DatabaseAndStream "double loss: a database is lost or an older copy, and its stream is deleted";
    DatabaseAndTail "double loss: a database and the tail of its stream";
}

/// How often something was planned, and how often it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Planned.
    pub planned: u64,
    /// Really happened.
    pub fired: u64,
}

/// How often each fault was planned and happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Fault, Count>);

impl Tally {
    /// A fault is planned.
    pub(crate) fn plan(&mut self, fault: Fault) {
        self.0.entry(fault).or_default().planned += 1;
    }

    /// A fault has happened.
    pub(crate) fn fire(&mut self, fault: Fault) {
        self.0.entry(fault).or_default().fired += 1;
    }

    /// Adds what another world counted.
    pub fn add(&mut self, other: &Self) {
        for (fault, count) in &other.0 {
            let sum = self.0.entry(*fault).or_default();
            sum.planned += count.planned;
            sum.fired += count.fired;
        }
    }

    /// The count of a fault.
    #[must_use]
    pub fn of(&self, fault: Fault) -> Count {
        self.0.get(&fault).copied().unwrap_or_default()
    }

    /// The faults that have never happened.
    #[must_use]
    pub fn never_fired(&self) -> Vec<Fault> {
        Fault::ALL.iter().copied().filter(|fault| self.of(*fault).fired == 0).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
