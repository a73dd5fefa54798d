//! What was found, for people.

use terminal::output::plain;
use terminal::table::{self, judged};

use super::{Difference, Reconciliation};

/// Differences that are shown, and as many of what is left. All are counted.
const SHOWN_MAX: usize = 20;

impl Reconciliation {
    pub fn text(&self) -> String {
        let mut table = table::with_header(["", "old database", "services", ""]);
        for figure in &self.figures {
            // With nothing that differs, a figure that does is of what is left.
            let may_differ = self.differences.is_empty() && !self.left.is_empty();
            let verdict = if figure.is_equal() {
                judged("equal", Some(true))
            } else if may_differ {
                judged("not yet", None)
            } else {
                judged("differs", Some(false))
            };
            let [what, old, services] =
                [&figure.what, &figure.old, &figure.services].map(|text| plain(text).into());
            table.add_row(vec![what, old, services, verdict]);
        }
        let mut lines = vec![table.to_string()];
        lines.extend(shown("differs", &self.differences));
        lines.extend(shown("left", &self.left));
        lines.join("\n")
    }
}

fn shown(word: &str, all: &[Difference]) -> Vec<String> {
    let line = |one: &Difference| plain(&format!("{word}: {}: {}", one.thing, one.what));
    let mut lines: Vec<_> = all.iter().take(SHOWN_MAX).map(line).collect();
    if all.len() > SHOWN_MAX {
        lines.push(format!("{word}: and {} more: --json lists all", all.len() - SHOWN_MAX));
    }
    lines
}
