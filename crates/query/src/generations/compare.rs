//! Two generations beside each other: what is the same, what differs, what only one of them has.
//!
//! Both go on being folded meanwhile. A record says how far it has folded its stream, so two
//! records that differ and have folded the same really differ; two that have not are looked at
//! again, and told as moving if that does not help.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::Refused;
use super::json::same;
use crate::keys::{self, Generation};
use crate::positions::Positions;
use crate::store::StoreError;

/// Differences that are shown of each view.
const SAMPLES_MAX: usize = 3;

/// Names that are compared in one round trip.
const STEP: usize = 500;

/// How often what differs is looked at again, and the wait before.
const LOOKS: usize = 5;
const LOOK_WAIT: Duration = Duration::from_millis(200);

#[derive(Debug, Serialize, JsonSchema)]
pub struct Comparison {
    /// The live one.
    pub old: String,
    /// The other one.
    pub new: String,
    /// Whether nothing differs.
    pub same: bool,
    pub views: BTreeMap<String, ViewComparison>,
}

/// One view in two generations. A view is what the names of its records begin with.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ViewComparison {
    /// Records that are the same.
    pub same: u64,
    /// Records that differ though they have folded the same.
    pub different: u64,
    /// Records that changed whenever they were looked at.
    pub moving: u64,
    /// Records that only the old one has.
    pub only_old: u64,
    /// Records that only the new one has.
    pub only_new: u64,
    /// Some of the differences.
    pub samples: Vec<Sample>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Sample {
    /// The record's name in its generation.
    pub name: String,
    /// What the old one has.
    #[schemars(with = "Option<serde_json::Value>")]
    pub old: Option<Box<RawValue>>,
    /// What the new one has.
    #[schemars(with = "Option<serde_json::Value>")]
    pub new: Option<Box<RawValue>>,
}

/// How two values of one name stand to each other.
enum Pair {
    Same,
    Different(Box<Sample>),
    Moving,
    OnlyOld,
    OnlyNew,
    /// Neither has it any more.
    Gone,
}

/// A value as JSON, with its numbers as they are written.
type Held = Option<Box<RawValue>>;

/// How far a record has folded its stream.
#[derive(Deserialize)]
struct FoldedTo {
    at: u64,
}

/// Compares two generations, or one view of them.
///
/// # Errors
/// When Redis fails.
pub async fn compare(
    client: &redis::Client,
    old: &Generation,
    new: &Generation,
    view: Option<&str>,
) -> Result<Comparison, Refused> {
    let mut reading = Reading { connection: connect(client).await?, old, new };
    let mut views: BTreeMap<String, ViewComparison> = BTreeMap::new();
    let mut names = reading.names(view).await?;
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(LOOK_WAIT).await;
        }
        let is_last = look + 1 == LOOKS;
        names = reading.settle(names, is_last, &mut views).await?;
        if names.is_empty() {
            break;
        }
    }
    let same = views.values().all(ViewComparison::is_same);
    Ok(Comparison { old: old.to_string(), new: new.to_string(), same, views })
}

async fn connect(client: &redis::Client) -> Result<MultiplexedConnection, StoreError> {
    Ok(client.get_multiplexed_async_connection().await?)
}

struct Reading<'a> {
    connection: MultiplexedConnection,
    old: &'a Generation,
    new: &'a Generation,
}

impl Reading<'_> {
    /// The names of everything that either has.
    async fn names(&mut self, view: Option<&str>) -> Result<BTreeSet<String>, StoreError> {
        let mut names = BTreeSet::new();
        for prefix in [self.old.key(""), self.new.key("")] {
            let mut cursor = 0_u64;
            loop {
                let mut scan = redis::cmd("SCAN");
                scan.arg(cursor).arg("MATCH").arg(format!("{prefix}*")).arg("COUNT").arg(STEP);
                let (next, keys): (u64, Vec<String>) =
                    scan.query_async(&mut self.connection).await?;
                let found = keys.iter().filter_map(|key| key.strip_prefix(&prefix));
                let wanted =
                    |name: &&str| is_compared(name) && view.is_none_or(|v| view_of(name) == v);
                names.extend(found.filter(wanted).map(str::to_owned));
                if next == 0 {
                    break;
                }
                cursor = next;
            }
        }
        Ok(names)
    }

    /// Compares these names, counts what is certain, and gives back what has to be looked at again.
    async fn settle(
        &mut self,
        names: BTreeSet<String>,
        is_last: bool,
        views: &mut BTreeMap<String, ViewComparison>,
    ) -> Result<BTreeSet<String>, StoreError> {
        let names: Vec<String> = names.into_iter().collect();
        let mut again = BTreeSet::new();
        for names in names.chunks(STEP) {
            let same = self.equal(names).await?;
            for (name, same) in names.iter().zip(same) {
                let pair = if same { Pair::Same } else { self.pair(name).await? };
                if !is_last && !matches!(pair, Pair::Same | Pair::Different(_)) {
                    again.insert(name.clone());
                } else {
                    views.entry(view_of(name).to_owned()).or_default().count(pair);
                }
            }
        }
        Ok(again)
    }

    /// Which of these are the same to the byte.
    async fn equal(&mut self, names: &[String]) -> Result<Vec<bool>, StoreError> {
        let mut dumps = redis::pipe();
        for name in names {
            dumps.cmd("DUMP").arg(self.old.key(name)).cmd("DUMP").arg(self.new.key(name));
        }
        let dumps: Vec<Option<Vec<u8>>> = dumps.query_async(&mut self.connection).await?;
        Ok(dumps.chunks(2).map(|pair| pair[0].is_some() && pair[0] == pair[1]).collect())
    }

    /// Looks closely at one name, at one moment of both generations.
    async fn pair(&mut self, name: &str) -> Result<Pair, StoreError> {
        let (old, new) = (self.old.key(name), self.new.key(name));
        let kind: String = redis::cmd("TYPE").arg(&old).query_async(&mut self.connection).await?;
        let kind = if kind == "none" {
            redis::cmd("TYPE").arg(&new).query_async(&mut self.connection).await?
        } else {
            kind
        };
        let mut both = redis::pipe();
        both.atomic().cmd("MGET").arg(self.old.position_key()).arg(self.new.position_key());
        for key in [&old, &new] {
            match kind.as_str() {
                "zset" => both.cmd("ZRANGE").arg(key).arg(0).arg(-1).arg("WITHSCORES"),
                "hash" => both.cmd("HGETALL").arg(key),
                _ => both.cmd("MGET").arg(key),
            };
        }
        type Answer = (Vec<Option<String>>, Vec<Option<String>>, Vec<Option<String>>);
        let (positions, old, new): Answer = both.query_async(&mut self.connection).await?;
        let reach = Reach::of(&positions);
        Ok(Pair::of(name, held(&kind, old), held(&kind, new), reach))
    }
}

/// Which of two generations has folded all that the other has: both, if they stand at one.
#[derive(Clone, Copy, Debug, Default)]
struct Reach {
    old: bool,
    new: bool,
}

impl Reach {
    fn of(positions: &[Option<String>]) -> Self {
        let parsed: Option<Vec<Positions>> =
            positions.iter().map(|text| Positions::parse(text.as_ref()?).ok()).collect();
        match parsed.as_deref() {
            Some([old, new]) => Self { old: old.covers(new), new: new.covers(old) },
            _ => Self::default(),
        }
    }
}

fn held(kind: &str, values: Vec<Option<String>>) -> Held {
    match kind {
        "zset" => (!values.is_empty()).then(|| to_raw_value(&values).ok()).flatten(),
        "hash" => {
            let pairs: BTreeMap<_, _> = values
                .chunks(2)
                .filter_map(|pair| Some((pair[0].clone()?, pair[1].clone())))
                .collect();
            (!pairs.is_empty()).then(|| to_raw_value(&pairs).ok()).flatten()
        }
        _ => {
            let text = values.into_iter().next().flatten()?;
            serde_json::from_str(&text).or_else(|_| to_raw_value(&text)).ok()
        }
    }
}

fn folded_to(held: &RawValue) -> Option<u64> {
    serde_json::from_str(held.get()).ok().map(|FoldedTo { at }| at)
}

impl Pair {
    fn of(name: &str, old: Held, new: Held, reach: Reach) -> Self {
        let at_one = reach.old && reach.new;
        match (old, new) {
            (None, None) => Self::Gone,
            // One that has folded less may lack it for that reason.
            (Some(_), None) if !reach.new => Self::Moving,
            (None, Some(_)) if !reach.old => Self::Moving,
            (Some(_), None) => Self::OnlyOld,
            (None, Some(_)) => Self::OnlyNew,
            (Some(old), Some(new)) if same(&old, &new) => Self::Same,
            (Some(old), Some(new)) => {
                let old_to = folded_to(&old);
                let folded_same = old_to.is_some() && old_to == folded_to(&new);
                if !at_one && !folded_same {
                    return Self::Moving;
                }
                let name = name.to_owned();
                Self::Different(Box::new(Sample { name, old: Some(old), new: Some(new) }))
            }
        }
    }
}

impl ViewComparison {
    fn count(&mut self, pair: Pair) {
        match pair {
            Pair::Same => self.same += 1,
            Pair::Moving => self.moving += 1,
            Pair::OnlyOld => self.only_old += 1,
            Pair::OnlyNew => self.only_new += 1,
            Pair::Gone => {}
            Pair::Different(sample) => {
                self.different += 1;
                if self.samples.len() < SAMPLES_MAX {
                    self.samples.push(*sample);
                }
            }
        }
    }

    const fn is_same(&self) -> bool {
        self.different == 0 && self.only_old == 0 && self.only_new == 0
    }
}

/// Positions differ whenever anything is folded, and marks only say how far the building is.
fn is_compared(name: &str) -> bool {
    name != keys::POSITION && name != keys::BUILT
}

fn view_of(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_a_generation_which_is_behind_lacks_is_moving() {
        let pair = |old: Option<u8>, new: Option<u8>, reach| {
            let held = |value: Option<u8>| value.and_then(|value| to_raw_value(&value).ok());
            Pair::of("day:ORDER:2026-01-31", held(old), held(new), reach)
        };
        let lacking = |reach| pair(Some(1), None, reach);
        assert!(matches!(lacking(Reach { old: true, new: false }), Pair::Moving));
        assert!(matches!(lacking(Reach { old: false, new: true }), Pair::OnlyOld));
        let more = |reach| pair(None, Some(1), reach);
        assert!(matches!(more(Reach { old: false, new: true }), Pair::Moving));
        assert!(matches!(more(Reach { old: true, new: true }), Pair::OnlyNew));
    }
}
