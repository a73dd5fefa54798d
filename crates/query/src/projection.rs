//! What a view is: which records an event changes, and how. The views themselves are
//! [`crate::projections`].

use std::fmt;

use contracts::{StoredEvent, kind, service};
use protocol::choreography::State;
use protocol::{Kind, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fold::IndexChange;
use crate::saga::Saga;

/// One view: the records of a family, each the fold of the changes that events make to it.
///
/// An event says once which records it changes and how ([`Projection::changes`]). These are read before
/// the changes are applied, and no others can be changed.
pub(crate) trait Projection: fmt::Debug + Send + 'static {
    type State: Serialize + DeserializeOwned + fmt::Debug + Send;
    /// What one event does to one record, beside what it says itself.
    type Change: fmt::Debug + Send;

    /// What the names of its records begin with.
    const FAMILY: &'static str;

    /// Whether its records are folds of one stream, so that each says how far it has folded it.
    const IS_OF_ONE_STREAM: bool = true;

    /// Says of each record that the event changes its id, and how.
    fn changes(context: &EventContext<'_>, change: &mut impl FnMut(&str, Self::Change));

    fn apply(record: &mut Option<Self::State>, change: Self::Change, event: &StoredEvent);

    /// The entries of indexes that a record has after a batch that changed it.
    fn index(changed: &Changed<'_, Self::State>, entries: &mut Vec<IndexChange>) {
        _ = (changed, entries);
    }
}

/// An event, and the order that it is about as it is right after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventContext<'a> {
    pub(crate) event: &'a StoredEvent,
    /// What the four streams say of its order; nothing for an event that is not about one.
    pub(crate) saga: Saga<'a>,
    /// The state in which ORDER had the order before; empty if it had not told of it.
    pub(crate) from: State,
}

/// A record after a batch that changed it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed<'a, S> {
    pub(crate) id: &'a str,
    pub(crate) record: &'a S,
    /// Whether there was none before the batch.
    pub(crate) is_new: bool,
}

impl EventContext<'_> {
    /// The stream that the event is of.
    pub(crate) const fn service(&self) -> Service {
        self.event.headers.kind.service()
    }

    /// The id of what the event is about.
    pub(crate) fn id(&self) -> &str {
        self.event.headers.id.as_str()
    }
}

/// Whether events of this kind have an order's id, and are a part of its story.
pub(crate) fn is_about_one_order(kind: Kind) -> bool {
    let is_of_entity = matches!(kind.service(), service::CUSTOMER | service::PRODUCT);
    let is_of_other = matches!(kind, kind::INVENTORY_STOCKED | kind::PAYMENT_SETTLED);
    !is_of_entity && !is_of_other && !kind.is_recovered()
}
