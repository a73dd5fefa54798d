//! The same dashboard again, without working it out again.
//!
//! Each dashboard is read from Redis, whole. What was read is compared with what the last one was
//! made from, byte by byte: where nothing differs, neither does what is made from it. Only stuck
//! orders tell of the time, so with any of them every dashboard is worked out anew. The freshness
//! is never a part of what is remembered.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::Timestamp;

use super::{Dashboard, stuck_page};
use crate::query::{Answer, Content, NoAnswer};
use crate::reader::Look;
use crate::reader::page::{Page, Values};

/// Remembers the last dashboard.
#[derive(Default)]
pub(super) struct DashboardMemo {
    last: Mutex<Option<Arc<Remembered>>>,
}

/// What was worked out, and from what.
struct Remembered {
    records: Values,
    pages: Vec<Page>,
    parked: u64,
    stuck_after: Duration,
    content: Content,
}

impl DashboardMemo {
    /// The dashboard that is made from a look.
    pub(super) fn answer(
        &self,
        mut look: Look,
        stuck_after: Duration,
        now: Timestamp,
    ) -> Result<Answer, NoAnswer> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(last) = last.filter(|last| last.says_the_same(&look, stuck_after)) {
            return Ok(Answer::of(look, last.content.clone()));
        }
        let content = Content::json(&Dashboard::of(&look, stuck_after, now)?)?.tagged();
        let remembered = Arc::new(Remembered {
            records: std::mem::take(&mut look.records),
            pages: std::mem::take(&mut look.pages),
            parked: look.parked,
            stuck_after,
            content: content.clone(),
        });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(remembered);
        Ok(Answer::of(look, content))
    }
}

impl Remembered {
    fn says_the_same(&self, look: &Look, stuck_after: Duration) -> bool {
        self.stuck_after == stuck_after
            && stuck_page(look).is_some_and(|stuck| stuck.entries.is_empty())
            && self.parked == look.parked
            && self.pages == look.pages
            && self.records == look.records
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::names;
    use super::*;
    use crate::freshness::Freshness;
    use crate::keys::{TOTALS, record};
    use crate::positions::Positions;
    use crate::projector_status::ProjectorStatus;
    use crate::query::answer::Stamp;
    use crate::reader::page::Entry;

    const STUCK_AFTER: Duration = Duration::from_secs(30);

    fn read() -> Look {
        Look {
            positions: Positions::default(),
            dependencies: Vec::new(),
            records: names().iter().map(|_| None).collect(),
            pages: vec![Page::default(), Page::default(), Page::default()],
            parked: 0,
        }
    }

    fn answered(
        memo: &DashboardMemo,
        look: Look,
        stuck_after: Duration,
        micros: i64,
    ) -> (Content, Value) {
        let freshness = Freshness::of(&look.positions, &ProjectorStatus::default());
        let now = Timestamp::from_micros(micros);
        let content = memo.answer(look, stuck_after, now).unwrap().content;
        let body = content.render(&Stamp::of(&freshness).unwrap()).body;
        (content, serde_json::from_slice(&body).unwrap())
    }

    fn stuck() -> Page {
        let address = json!({ "street": "Mill Lane 1", "city": "Bath", "country": "GB" });
        let limit = json!({ "minor": 1, "currency": "GBP" });
        let customer = json!({
            "version": 1, "id": "c-1", "name": "Ada", "address": address, "credit_limit": limit, "closed": false,
        });
        let order = json!({ "at": 1, "record": {
            "customer": customer,
            "lines": [],
            "total": limit,
            "business_date": "2026-01-31",
            "deadline": Timestamp::default(),
            "hand_over_ms": 0,
            "until": null,
            "end": null,
            "steps": [],
        }});
        let records = vec![Some(serde_json::to_vec(&order).unwrap()), None, None, None];
        let entry = Entry { member: "o-1".into(), score: "0".into(), records };
        Page { all: 1, within: 1, entries: vec![entry] }
    }

    #[test]
    fn what_is_read_again_as_it_was_is_not_worked_out_again() {
        let memo = DashboardMemo::default();
        let (first, _) = answered(&memo, read(), STUCK_AFTER, 0);
        let (second, _) = answered(&memo, read(), STUCK_AFTER, 60_000_000);
        assert!(first.is_the_very_same(&second));
    }

    #[test]
    fn one_record_or_count_that_differs_is_seen() {
        let memo = DashboardMemo::default();
        let (first, before) = answered(&memo, read(), STUCK_AFTER, 0);
        assert_eq!(before["customers"]["live"], 0);
        let mut look = read();
        let nth = names().iter().position(|name| *name == record(TOTALS, "CUSTOMER")).unwrap();
        look.records[nth] = Some(br#"{"at":1,"record":{"made":3,"ended":1}}"#.to_vec());
        let changed = answered(&memo, look, STUCK_AFTER, 0);
        assert!(!first.is_the_very_same(&changed.0));
        assert_eq!(changed.1["customers"]["live"], 2);
        let parked = answered(&memo, Look { parked: 2, ..read() }, STUCK_AFTER, 0);
        assert_eq!((&parked.1["parked"], &before["parked"]), (&2.into(), &0.into()));
        let mut look = read();
        look.pages[1].all = 5;
        assert_eq!(answered(&memo, look, STUCK_AFTER, 0).1["sagas"]["in_flight"], 5);
        let (_, bound) = answered(&memo, read(), Duration::from_secs(1), 0);
        assert_eq!(bound["sagas"]["stuck_after_ms"], 1_000);
    }

    #[test]
    fn with_a_stuck_order_the_time_goes_on() {
        let memo = DashboardMemo::default();
        let with_stuck = || {
            let mut look = read();
            look.pages[1] = stuck();
            look
        };
        for millis in [40_000, 40_001] {
            let (_, answered) = answered(&memo, with_stuck(), STUCK_AFTER, millis * 1_000);
            assert_eq!(answered["sagas"]["oldest_stuck"][0]["for_ms"], millis);
        }
    }
}
