//! The scripts, and the arguments of the one that writes.

use std::sync::LazyLock;

use redis::{Script, ScriptInvocation};

use crate::fold::{Changes, IndexChange};
use crate::keys::Generation;

/// Writes one folded batch.
pub(super) static WRITE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("write.lua")));

/// Begins a generation.
pub(super) static BEGIN: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("begin.lua")));

/// Marks a generation as built.
pub(super) static BUILT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("built.lua")));

/// Makes another generation the live one.
pub(super) static ACTIVATE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("activate.lua")));

/// Takes a generation away.
pub(super) static DROP: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("drop.lua")));

/// Reads values and pages of indexes at one moment.
pub(crate) static LIST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("list.lua")));

/// Counts the parked events that nobody has dropped.
pub(crate) static OPEN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("open.lua")));

/// Adds the keys and arguments of what a batch changed, in the order in which the script has them.
pub(super) fn add_changes(
    call: &mut ScriptInvocation<'_>,
    generation: &Generation,
    changes: &Changes,
) -> Result<(), serde_json::Error> {
    let prefix = generation.prefix();
    let key = |name: &str| [prefix.as_str(), name].concat();
    call.arg(changes.records.len()).arg(changes.indexes.len()).arg(changes.parked.len());
    for (name, contents) in &changes.records {
        call.key(key(name)).arg(contents);
    }
    for IndexChange { index, member, score } in &changes.indexes {
        call.key(key(index)).arg(member);
        match score {
            Some(score) => call.arg(score),
            None => call.arg(""),
        };
    }
    for parked in &changes.parked {
        call.arg(parked.name()).arg(serde_json::to_string(parked)?);
    }
    Ok(())
}
