//! The check that an outage does not cancel orders whose good news lies unread.

use std::collections::BTreeMap;

use contracts::service;
use engine::Domain;
use engine::process::RequestId;
use protocol::{Row, Timestamp};

use super::Driver;
use crate::env::Env;

/// When a process has asked where shipping's stream ends.
#[derive(Debug, Default)]
pub(super) struct News {
    under_way: BTreeMap<RequestId, Asked>,
    known: Asked,
}

#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    at: u64,
    wall: Timestamp,
}

impl News {
    /// The broker looks at the stream for this request.
    pub(super) fn asked(&mut self, id: RequestId, at: u64, wall: Timestamp) {
        self.under_way.insert(id, Asked { at, wall });
    }

    /// The process hears of it.
    pub(super) fn heard(&mut self, id: RequestId) {
        if let Some(asked) = self.under_way.remove(&id) {
            self.known = asked;
        }
    }

    pub(super) fn forget_what_was_asked(&mut self) {
        self.under_way.clear();
    }
}

impl<D: Domain> Driver<D> {
    /// News that came before this moment has to be read before a timer fires now. Who has not asked for
    /// the streams' ends since a timer was due, may not let it fire at all.
    pub(super) fn news_asked_at(&self, env: &Env) -> u64 {
        let due = self.engine.known().next_timer;
        if due.is_some_and(|due| due <= self.news.known.wall) {
            self.news.known.at
        } else {
            env.now
        }
    }

    pub(super) fn check_deadline(&self, env: &mut Env, row: &Row, asked_at: u64) {
        let Some(order) = row.subject.strip_prefix("order.cancelled.") else { return };
        if !row.headers.contains("timer/deadline") {
            return;
        }
        let decided = self.engine.positions().of(service::SHIPPING).decided.sequence;
        let news = format!("shipping.created.{order}");
        let stream = env.broker.stream(service::SHIPPING);
        let unread = stream.into_iter().flat_map(|stream| stream.all()).find(|message| {
            message.row().sequence > decided
                && message.row().subject == news
                && message.stored_at() < asked_at
        });
        if let Some(sequence) = unread.map(|message| message.row().sequence) {
            let text = format!("{order} was cancelled by its deadline, SHIPPING {sequence} unread");
            env.violation(text);
        }
    }
}
