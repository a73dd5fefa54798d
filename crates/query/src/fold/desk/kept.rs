//! What one batch leaves for the next.

use super::tables::Tables;

/// What is kept of the last batches, in bytes of JSON: some seconds of many orders. As much again may be
/// left of those before.
const BYTES_MAX: usize = 32 << 20;

/// What a kept record takes besides its contents, roughly; also one of which it is known that there is
/// none.
const OVERHEAD_BYTES: usize = 256;

/// The records that batches have touched, as the last of them has left them: the next batch need not
/// read them, provided that it is folded from where that one leads to. Those of the last batch are
/// always among them. Whoever finds Redis anywhere else keeps nothing, and begins with
/// [`Kept::default`].
#[derive(Debug, Default)]
pub struct Kept {
    pub(super) tables: Tables,
    pub(super) bytes: usize,
}

impl Kept {
    /// What is kept after a batch that writes these records.
    pub(super) fn after(mut tables: Tables, before: usize, written: &[(String, Vec<u8>)]) -> Self {
        let touched: usize = tables.shelves().into_iter().map(|shelf| shelf.keep()).sum();
        let contents: usize = written.iter().map(|(name, json)| name.len() + json.len()).sum();
        let bytes = before + contents + touched * OVERHEAD_BYTES;
        if bytes <= BYTES_MAX {
            return Self { tables, bytes };
        }
        tables.shelves().into_iter().for_each(|shelf| shelf.age());
        Self { tables, bytes: 0 }
    }
}
