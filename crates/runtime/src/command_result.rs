//! What became of a command, and what its answer promises.

pub use engine::promise::Durability;
use protocol::StoredEvent;

use crate::token::Token;

/// What became of a command.
#[derive(Debug)]
pub enum CommandResult<R, E> {
    /// This happened: now, or when the same request came first.
    Accepted {
        /// The event. Make the answer from it alone, so that a repeat gets the same one.
        event: Box<StoredEvent<E>>,
        /// Whether the request had been accepted before.
        repeated: bool,
        /// What the answer promises.
        promise: Promise,
    },
    /// It was so already; nothing changed.
    Unchanged {
        /// What the answer promises.
        promise: Promise,
    },
    /// It is refused, and nothing changed.
    Refused(R),
}

/// Where what is answered is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// In the stream, too, or only here.
    pub durability: Durability,
    /// For reads that have to see it. Names only rows that the stream has acknowledged.
    pub token: Option<Token>,
}

impl Promise {
    /// The durability, as the header says it.
    #[must_use]
    pub const fn durability_name(&self) -> &'static str {
        durability_name(self.durability)
    }
}

/// A durability, as headers and `/status` say it.
#[must_use]
pub const fn durability_name(durability: Durability) -> &'static str {
    match durability {
        Durability::Replicated => "replicated",
        Durability::Local => "local",
    }
}
