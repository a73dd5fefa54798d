//! What happened, line by line: told only on request, since a million orders tell a lot.

use std::fmt::Display;

/// The story of one world.
#[derive(Debug, Default)]
pub(crate) struct Story {
    is_kept: bool,
    lines: Vec<String>,
}

impl Story {
    /// A story that is told, or one that keeps no line.
    pub(crate) const fn new(is_kept: bool) -> Self {
        Self { is_kept, lines: Vec::new() }
    }

    /// Tells that `who` does something at the moment `at`.
    pub(crate) fn record<T: Display>(
        &mut self,
        at: u64,
        who: impl Display,
        what: impl FnOnce() -> T,
    ) {
        if self.is_kept {
            let (seconds, micros) = (at / 1_000_000, at % 1_000_000);
            self.lines.push(format!("{seconds:>5}.{micros:06} {who:<9} {}", what()));
        }
    }

    /// All lines.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines
    }
}
