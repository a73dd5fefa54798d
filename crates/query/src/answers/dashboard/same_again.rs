//! The same dashboard again, without working it out again.
//!
//! Each dashboard is read from Redis, whole. What was read is compared with what the last one was
//! made from, byte by byte: where nothing differs, neither does what is made from it. Only stuck
//! orders tell of the time, so with any of them every dashboard is worked out anew. The freshness
//! is never a part of what is remembered.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use contracts::Timestamp;

use super::{Dashboard, look, stuck_page, too_little};
use crate::answers::NoAnswer;
use crate::answers::freshness::{Freshness, content_of, tag_of};
use crate::reader::{Look, ReadError, Reader};

/// Remembers the last dashboard.
#[derive(Default)]
pub struct SameAgain {
    last: Mutex<Option<Arc<Worked>>>,
}

/// A dashboard as JSON, all but how fresh it is.
#[derive(Clone, Debug)]
pub struct Content {
    /// The JSON up to the freshness, which stands last.
    pub json: Bytes,
    /// Its tag.
    pub tag: String,
}

/// What was worked out, and from what.
struct Worked {
    look: Look,
    stuck_after: Duration,
    content: Content,
}

impl SameAgain {
    /// Reads the dashboard.
    ///
    /// # Errors
    /// As [`super::dashboard`].
    pub async fn dashboard(
        &self,
        reader: &Reader,
        stuck_after: Duration,
        now: Timestamp,
    ) -> Result<(Content, Freshness), NoAnswer> {
        let look = look(reader, stuck_after, now).await?;
        let freshness = Freshness::of(&look.positions, &reader.standing());
        Ok((self.content(look, stuck_after, now, &freshness)?, freshness))
    }

    fn content(
        &self,
        look: Look,
        stuck_after: Duration,
        now: Timestamp,
        freshness: &Freshness,
    ) -> Result<Content, ReadError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(last) = last.filter(|last| last.says_the_same(&look, stuck_after)) {
            return Ok(last.content.clone());
        }
        let dashboard = Dashboard::of(&look, stuck_after, now, freshness.clone())?;
        let content = Content::of(&dashboard)?;
        let worked = Arc::new(Worked { look, stuck_after, content: content.clone() });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(worked);
        Ok(content)
    }
}

impl Worked {
    fn says_the_same(&self, look: &Look, stuck_after: Duration) -> bool {
        self.stuck_after == stuck_after
            && stuck_page(look).is_some_and(|stuck| stuck.entries.is_empty())
            && self.look.parked == look.parked
            && self.look.pages == look.pages
            && self.look.records == look.records
    }
}

impl Content {
    fn of(dashboard: &Dashboard) -> Result<Self, ReadError> {
        let json = serde_json::to_vec(dashboard)
            .map_err(|error| ReadError::Damaged(format!("the dashboard is no JSON: {error}")))?;
        let json = content_of(&json.into()).ok_or_else(too_little)?;
        Ok(Self { tag: tag_of(&json), json })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::answers::dashboard::names;
    use crate::keys::{Generation, TOTALS, record};
    use crate::positions::Positions;
    use crate::reader::page::{Entry, Page};
    use crate::standing::Standing;

    const STUCK_AFTER: Duration = Duration::from_secs(30);

    fn read() -> Look {
        Look {
            generation: Generation::after(None, Timestamp::default()),
            positions: Positions::default(),
            records: names().iter().map(|_| None).collect(),
            pages: vec![Page::default(), Page::default(), Page::default()],
            parked: 0,
        }
    }

    fn told(same: &SameAgain, look: Look, stuck_after: Duration, micros: i64) -> (Content, Value) {
        let freshness = Freshness::of(&look.positions, &Standing::default());
        let now = Timestamp::from_micros(micros);
        let content = same.content(look, stuck_after, now, &freshness).unwrap();
        let whole = [&content.json[..], b"null}"].concat();
        let value = serde_json::from_slice(&whole).unwrap();
        (content, value)
    }

    fn is_the_very_same(one: &Content, other: &Content) -> bool {
        one.json.as_ptr() == other.json.as_ptr()
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
        let same = SameAgain::default();
        let (first, _) = told(&same, read(), STUCK_AFTER, 0);
        let (second, _) = told(&same, read(), STUCK_AFTER, 60_000_000);
        assert!(is_the_very_same(&first, &second));
    }

    #[test]
    fn one_record_or_count_that_differs_is_seen() {
        let same = SameAgain::default();
        let (first, before) = told(&same, read(), STUCK_AFTER, 0);
        assert_eq!(before["customers"]["live"], 0);
        let mut look = read();
        let nth = names().iter().position(|name| *name == record(TOTALS, "CUSTOMER")).unwrap();
        look.records[nth] = Some(br#"{"at":1,"record":{"made":3,"ended":1}}"#.to_vec());
        let changed = told(&same, look, STUCK_AFTER, 0);
        assert!(!is_the_very_same(&first, &changed.0));
        assert_eq!(changed.1["customers"]["live"], 2);
        let parked = told(&same, Look { parked: 2, ..read() }, STUCK_AFTER, 0);
        assert_eq!((&parked.1["parked"], &before["parked"]), (&2.into(), &0.into()));
        let mut look = read();
        look.pages[1].all = 5;
        assert_eq!(told(&same, look, STUCK_AFTER, 0).1["sagas"]["in_flight"], 5);
        let (_, bound) = told(&same, read(), Duration::from_secs(1), 0);
        assert_eq!(bound["sagas"]["stuck_after_ms"], 1_000);
    }

    #[test]
    fn with_a_stuck_order_the_time_goes_on() {
        let same = SameAgain::default();
        let with_stuck = || {
            let mut look = read();
            look.pages[1] = stuck();
            look
        };
        for millis in [40_000, 40_001] {
            let (_, told) = told(&same, with_stuck(), STUCK_AFTER, millis * 1_000);
            assert_eq!(told["sagas"]["oldest_stuck"][0]["for_ms"], millis);
        }
    }
}
