//! The whole view against a fold, from zero, of the prefix of the streams at its position.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contracts::service;
use query::fold::{Fold, Item, Kept};
use query::keys::POSITION;
use query::projector::batch;

use super::Streams;
use super::redis::{Live, Redis, Write, Written};
use crate::Random;

/// Differences that are told, at most.
const TOLD_MAX: usize = 8;

/// Whether the view has folded all that the streams hold.
pub(super) fn is_caught_up(redis: &Redis, streams: &Streams<'_>) -> bool {
    redis.find().is_some_and(|live| {
        service::ALL
            .into_iter()
            .all(|service| live.positions.of(service).sequence == streams(service).len() as u64)
    })
}

/// Compares, and says how many values are right.
pub(super) fn compare(redis: &Redis, streams: &Streams<'_>) -> Result<usize, Vec<String>> {
    let Some(live) = redis.find() else { return Err(vec!["there is no view".to_owned()]) };
    let fresh = fold_from_zero(&live, streams).map_err(|wrong| vec![wrong])?;
    let begun = fresh.find().ok_or_else(|| vec!["nothing was folded".to_owned()])?;
    let (mut held, mut expected) =
        (redis.of_generation(&live.generation), fresh.of_generation(&begun.generation));
    held.remove(POSITION);
    expected.remove(POSITION);
    let wrong = differences(&held, &expected);
    if wrong.is_empty() { Ok(expected.len()) } else { Err(wrong) }
}

fn differences(held: &BTreeMap<&str, &[u8]>, expected: &BTreeMap<&str, &[u8]>) -> Vec<String> {
    let mut names: Vec<&str> = held.keys().chain(expected.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let differing = names.into_iter().filter(|name| held.get(name) != expected.get(name));
    let texts = differing.map(|name| {
        let (held, expected) = (shown(held.get(name)), shown(expected.get(name)));
        format!("{}: the view holds {held}, a fold from zero {expected}", name.replace('\0', "/"))
    });
    texts.take(TOLD_MAX).collect()
}

fn shown(value: Option<&&[u8]>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| String::from_utf8_lossy(value).into_owned())
}

/// Folds the prefix at `live`'s position into an empty Redis, in batches as large as can be.
fn fold_from_zero(live: &Live, streams: &Streams<'_>) -> Result<Redis, String> {
    let mut fresh = Redis::default();
    fresh.begin_anew();
    let mut waiting = VecDeque::new();
    for service in service::ALL {
        let at = live.positions.of(service);
        let rows = streams(service);
        let prefix = usize::try_from(at.sequence).ok().and_then(|at| rows.get(..at));
        let Some(prefix) = prefix.filter(|rows| rows.last().is_none_or(|r| r.chain == at.chain))
        else {
            return Err(format!("the view has folded what is not in {}", service.stream()));
        };
        waiting.extend(prefix.iter().map(|row| Arc::new(Item::of(service, row.clone()))));
    }
    while !waiting.is_empty() {
        write_next(&mut fresh, &mut waiting)?;
    }
    Ok(fresh)
}

fn write_next(fresh: &mut Redis, waiting: &mut VecDeque<Arc<Item>>) -> Result<(), String> {
    let live = fresh.find().ok_or("nothing was begun")?;
    let batch = batch::take(&live.positions, waiting).map_err(|misfit| misfit.to_string())?;
    let mut fold = Fold::start(batch.items, Kept::default());
    loop {
        let wanted = fold.wanted();
        if wanted.is_empty() {
            break;
        }
        let found = wanted.iter().map(|name| fresh.read(&live.generation, name)).collect();
        fold.fill(found).map_err(|damaged| damaged.to_string())?;
    }
    let (changes, _) = fold.finish().map_err(|damaged| damaged.to_string())?;
    let (position, next) = (live.clone(), batch.next.clone());
    match fresh.write(Write { live, next: batch.next, changes }, &mut Random::new(0)) {
        Written::Done => fresh.write_position(&position, &next),
        Written::Moved | Written::Failed => return Err("a fold from zero was refused".to_owned()),
    }
    Ok(())
}
