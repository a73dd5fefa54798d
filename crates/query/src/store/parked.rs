//! The events that could not be folded, as Redis holds them, and what people have said of them.

use protocol::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OPEN, Store, StoreError};
use crate::fold::Parked;
use crate::keys::{self, Generation};

/// Entries that one step of a scan looks at.
const STEP: usize = 500;

/// A person's word that nothing more is to be done about an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dropped {
    /// The name that stands beside the token; none where nobody has to sign in.
    pub who: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// An event that could not be folded, as it is kept.
pub type Kept = (Parked, Option<Dropped>);

impl Store {
    /// How many events of a generation are parked and not dropped.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn count_parked(&mut self, generation: &Generation) -> Result<u64, StoreError> {
        let mut count = OPEN.prepare_invoke();
        count.arg(generation.key(keys::PARKED)).arg(keys::DROPPED);
        Ok(count.invoke_async(&mut self.connection).await?)
    }

    /// At most so many parked events of a generation, by stream and sequence.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn parked(
        &mut self,
        generation: &Generation,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        let (mut found, mut cursor) = (Vec::new(), 0_u64);
        loop {
            let mut scan = redis::cmd("HSCAN");
            scan.arg(generation.key(keys::PARKED)).arg(cursor).arg("COUNT").arg(STEP);
            let (next, some): (u64, Vec<(String, String)>) =
                scan.query_async(&mut self.connection).await?;
            found.extend(some.iter().filter_map(|(name, text)| understood(name, text)));
            cursor = next;
            if cursor == 0 || found.len() >= most {
                break;
            }
        }
        found.sort_by(|a, b| (&a.stream, a.sequence).cmp(&(&b.stream, b.sequence)));
        // What is scanned while it is written to can be met twice.
        found.dedup_by(|a, b| (&a.stream, a.sequence) == (&b.stream, b.sequence));
        found.truncate(most);
        let dropped = self.dropped(&found).await?;
        Ok(found.into_iter().zip(dropped).collect())
    }

    /// One parked event of a generation, if it is parked there.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn parked_event(
        &mut self,
        generation: &Generation,
        name: &str,
    ) -> Result<Option<Kept>, StoreError> {
        let mut get = redis::cmd("HGET");
        get.arg(generation.key(keys::PARKED)).arg(name);
        let text: Option<String> = get.query_async(&mut self.connection).await?;
        let Some(parked) = text.and_then(|text| understood(name, &text)) else { return Ok(None) };
        let dropped = self.dropped(std::slice::from_ref(&parked)).await?.pop().flatten();
        Ok(Some((parked, dropped)))
    }

    /// Keeps what is said of a parked event. What was said first stays.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn drop_parked(&mut self, name: &str, word: &Dropped) -> Result<(), StoreError> {
        let mut set = redis::cmd("HSETNX");
        set.arg(keys::DROPPED).arg(name).arg(serde_json::to_string(word)?);
        Ok(set.exec_async(&mut self.connection).await?)
    }

    /// What was said of each of these.
    async fn dropped(&mut self, parked: &[Parked]) -> Result<Vec<Option<Dropped>>, StoreError> {
        if parked.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = parked.iter().map(Parked::name).collect();
        let mut get = redis::cmd("HMGET");
        get.arg(keys::DROPPED).arg(names);
        let texts: Vec<Option<String>> = get.query_async(&mut self.connection).await?;
        let word = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(texts.into_iter().map(word).collect())
    }
}

/// A parked event; what a hand has put there instead is told as such. None if its name is none of an event.
fn understood(name: &str, text: &str) -> Option<Parked> {
    if let Ok(parked) = serde_json::from_str(text) {
        return Some(parked);
    }
    let (stream, sequence) = name.split_once('/')?;
    Some(Parked {
        stream: stream.to_owned(),
        sequence: sequence.parse().ok()?,
        subject: String::new(),
        reason: "what Redis holds of it is damaged: build the read model anew".to_owned(),
        attempts: 1,
        time: None,
    })
}
