//! How tables look: no lines, columns two spaces apart, colour only where a person looks on.

use std::io::IsTerminal as _;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, Color, ContentArrangement, Row};

pub use comfy_table::Table;

/// An empty table with this header.
pub fn with_header<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(Row::from(header));
    if !colour() {
        table.force_no_tty();
    }
    table
}

/// A cell that is good news, bad news or neither.
pub fn judged(text: impl ToString, good: Option<bool>) -> Cell {
    let cell = Cell::new(text.to_string());
    match good {
        Some(true) => cell.fg(Color::Green),
        Some(false) => cell.fg(Color::Red),
        None => cell.fg(Color::Yellow),
    }
}

/// Whether standard output may be coloured: it is a terminal, and `NO_COLOR` is not set.
pub fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}
