//! All records that batches touch, and what of them one batch leaves for the next.

use std::sync::Arc;

use runtime::failpoint::Point;

use super::Item;
use super::changes::{Changes, Parked};
use super::family::{AnyFamily, Damaged};
use super::stories::Stories;
use super::view::View;
use crate::projections::{self, is_about_one_order};

/// What is cached of the last batches, in bytes of JSON: some seconds of many orders. As much again may be
/// left of those before.
const BYTES_MAX: usize = 32 << 20;

/// The records that batches have touched, as the last of them has left them: the next batch need not
/// read them, provided that it is folded from where that one leads to. Those of the last batch are
/// always among them. Whoever finds Redis anywhere else caches nothing, and begins with
/// [`RecordCache::default`].
#[derive(Debug)]
pub struct RecordCache {
    stories: Stories,
    views: Vec<Box<dyn View>>,
    bytes: usize,
}

impl Default for RecordCache {
    fn default() -> Self {
        Self { stories: Stories::default(), views: projections::all(), bytes: 0 }
    }
}

impl RecordCache {
    /// Wants the records of all orders that the events are about.
    pub(super) fn want_stories(&mut self, items: &[Arc<Item>]) {
        for event in items.iter().filter_map(|item| item.foldable().ok()) {
            if is_about_one_order(event.headers.kind) {
                self.stories.want(&event.headers.id);
            }
        }
    }

    /// Folds the events into the records of their orders, and has each view take what they change.
    /// Says which contradict what was told before.
    pub(super) fn fold(&mut self, items: &[Arc<Item>]) -> Result<Vec<Parked>, Damaged> {
        let mut parked = Vec::new();
        for (nth, item) in items.iter().enumerate() {
            let event = match item.foldable() {
                Ok(event) => event,
                Err((reason, attempts)) => {
                    parked.push(Parked::of(item, reason, attempts));
                    continue;
                }
            };
            Point::FoldEvent.pass_row(item.service.stream(), item.row.sequence);
            let folded = match self.stories.fold(event)? {
                Ok(folded) => folded,
                Err(contradiction) => {
                    parked.push(Parked::of(item, &contradiction.0, 1));
                    continue;
                }
            };
            self.views.iter_mut().for_each(|view| view.take(&folded, nth));
        }
        Ok(parked)
    }

    /// Changes the records of all views, and says what must be written.
    pub(super) fn finish(&mut self, items: &[Arc<Item>]) -> Result<Changes, Damaged> {
        let mut changes = Changes::default();
        self.stories.list_unsettled(&mut changes.indexes);
        self.views.iter_mut().try_for_each(|view| view.apply(items))?;
        self.families().into_iter().try_for_each(|family| family.list_changed(&mut changes))?;
        self.end_batch();
        Ok(changes)
    }

    /// The names of the records that are to be read.
    pub(super) fn wanted(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        self.families().into_iter().for_each(|family| family.list_wanted(&mut names));
        names
    }

    /// Takes a value for each of them.
    pub(super) fn fill(&mut self, values: Vec<Option<Vec<u8>>>) -> Result<(), Damaged> {
        let mut values = values.into_iter();
        self.families().into_iter().try_for_each(|family| family.fill(&mut values))
    }

    fn end_batch(&mut self) {
        self.stories.end_batch();
        let more: usize = self.families().into_iter().map(AnyFamily::end_batch).sum();
        self.bytes += more;
        if self.bytes > BYTES_MAX {
            self.families().into_iter().for_each(AnyFamily::let_go);
            self.bytes = 0;
        }
    }

    fn families(&mut self) -> Vec<&mut dyn AnyFamily> {
        let mut families: Vec<_> = self.stories.families().into();
        families.extend(self.views.iter_mut().flat_map(|view| view.families()));
        families
    }
}
