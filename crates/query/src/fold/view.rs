//! A view in the folding of a batch: takes what events change, reads it, changes it, and says what must
//! be written.

use std::fmt;
use std::sync::Arc;

use super::Item;
use super::family::{AnyFamily, Damaged, Family, Handle};
use crate::projection::{EventContext, Projection};

/// Some families of records that are folded together.
pub(crate) trait View: fmt::Debug + Send {
    /// Takes what the event of the item `nth` changes.
    fn take(&mut self, context: &EventContext<'_>, nth: usize);

    /// Changes the records, once they are read.
    fn apply(&mut self, items: &[Arc<Item>]) -> Result<(), Damaged>;

    fn families(&mut self) -> Vec<&mut dyn AnyFamily>;
}

/// The view that a projection makes.
#[derive(Debug)]
pub(crate) struct Projected<P: Projection> {
    family: Family<P::State>,
    changes: Vec<(Handle, usize, P::Change)>,
}

impl<P: Projection> Default for Projected<P> {
    fn default() -> Self {
        Self { family: Family::new(P::FAMILY, P::index), changes: Vec::new() }
    }
}

impl<P: Projection> View for Projected<P> {
    fn take(&mut self, context: &EventContext<'_>, nth: usize) {
        let Self { family, changes } = self;
        P::changes(context, &mut |id, change| changes.push((family.want(id), nth, change)));
    }

    fn apply(&mut self, items: &[Arc<Item>]) -> Result<(), Damaged> {
        for (handle, nth, change) in self.changes.drain(..) {
            let Ok(event) = &items[nth].event else { continue };
            let at = P::IS_OF_ONE_STREAM.then_some(event.headers.sequence);
            P::apply(self.family.edit(handle, at)?, change, event);
        }
        Ok(())
    }

    fn families(&mut self) -> Vec<&mut dyn AnyFamily> {
        vec![&mut self.family]
    }
}
