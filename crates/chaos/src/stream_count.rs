//! What was lost and what happened twice, counted in the streams alone.
//!
//! This is the second opinion beside the audit: it knows nothing of orders but that each step of one
//! happens once, and that what was promised with a key is there once.

use std::collections::{BTreeMap, BTreeSet};

use client::streams::Streams;
use contracts::{kind, service};
use protocol::{Headers, Id, Kind, Service};
use workload::mixed::order_tracker::{Effect, OrderTracker, Promised};

/// What the streams say of what was promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Keys of which a promised effect is missing.
    pub lost: BTreeSet<String>,
    /// Keys, or steps of orders, that happened more than once.
    pub doubled: BTreeSet<String>,
}

/// What the streams hold, as far as it is counted.
#[derive(Debug, Default)]
struct Observation {
    by_key: BTreeMap<(Service, String), u32>,
    steps: BTreeMap<(Kind, Id), u32>,
}

/// Reads all streams and counts.
///
/// # Errors
/// When a stream cannot be read.
pub async fn count(streams: &Streams, tracker: &OrderTracker) -> anyhow::Result<Counted> {
    // Before the streams: what is promised meanwhile may stand behind what was read.
    let promised = tracker.promised();
    let mut seen = Observation::default();
    for service in service::ALL {
        for row in streams.rows(service).await? {
            let headers = Headers::parse(&row.headers)?;
            let key = headers.idempotency.map(|asked| asked.key.to_string());
            seen.note(headers.kind, headers.id, key);
        }
    }
    Ok(seen.judge(&promised))
}

impl Observation {
    fn note(&mut self, kind: Kind, id: Id, key: Option<String>) {
        if let Some(key) = key {
            *self.by_key.entry((kind.service(), key)).or_default() += 1;
        }
        if is_step_of_an_order(kind) {
            *self.steps.entry((kind, id)).or_default() += 1;
        }
    }

    fn judge(&self, promised: &BTreeMap<String, Promised>) -> Counted {
        let is_there = |key: &String, promised: &Promised| match promised.effect {
            Effect::Event => self.by_key.contains_key(&(promised.service, key.clone())),
            Effect::Cancelled => {
                self.steps.contains_key(&(kind::ORDER_CANCELLED, promised.id.clone()))
            }
        };
        let lost = promised.iter().filter(|(key, promised)| !is_there(key, promised));
        let keys = self.by_key.iter().filter(|(_, times)| **times > 1);
        let keys = keys.map(|((service, key), times)| format!("{service} {key} {times} times"));
        let steps = self.steps.iter().filter(|(_, times)| **times > 1);
        let steps = steps.map(|((kind, id), times)| format!("{kind} of {id} {times} times"));
        Counted {
            lost: lost.map(|(key, _)| key.clone()).collect(),
            doubled: keys.chain(steps).collect(),
        }
    }
}

/// Whether an order goes through this at most once. All but what is about customers, products and
/// the services themselves.
fn is_step_of_an_order(kind: Kind) -> bool {
    let service = kind.service();
    let has_orders = !matches!(service, service::CUSTOMER | service::PRODUCT);
    let others = [kind::INVENTORY_STOCKED, kind::PAYMENT_SETTLED, Kind::recovered(service)];
    has_orders && !others.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        text.parse().unwrap()
    }

    fn promised(effect: Effect) -> Promised {
        Promised { service: service::ORDER, id: id("o-1"), effect }
    }

    #[test]
    fn what_was_promised_and_is_nowhere_is_lost() {
        let mut seen = Observation::default();
        seen.note(kind::ORDER_PLACED, id("o-1"), Some("k-1".into()));
        let promises = BTreeMap::from([
            ("k-1".to_owned(), promised(Effect::Event)),
            ("k-2".to_owned(), promised(Effect::Event)),
            ("k-3".to_owned(), promised(Effect::Cancelled)),
        ]);
        let lost: Vec<_> = seen.judge(&promises).lost.into_iter().collect();
        assert_eq!(lost, ["k-2", "k-3"]);
        seen.note(kind::ORDER_CANCELLED, id("o-1"), None);
        assert_eq!(seen.judge(&promises).lost.len(), 1);
    }

    #[test]
    fn a_key_or_a_step_that_is_there_twice_is_doubled() {
        let mut seen = Observation::default();
        seen.note(kind::PAYMENT_SETTLED, id("c-1"), Some("k-1".into()));
        seen.note(kind::PAYMENT_SETTLED, id("c-1"), Some("k-2".into()));
        assert_eq!(seen.judge(&BTreeMap::new()).doubled.len(), 0);
        seen.note(kind::PAYMENT_SETTLED, id("c-1"), Some("k-2".into()));
        seen.note(kind::PAYMENT_CHARGED, id("o-1"), None);
        seen.note(kind::PAYMENT_CHARGED, id("o-1"), None);
        assert_eq!(seen.judge(&BTreeMap::new()).doubled.len(), 2);
    }
}
