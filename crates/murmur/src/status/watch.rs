//! The same again every second: in place where a person looks on, anew where it is written to a file.

use std::io::IsTerminal as _;
use std::time::Duration;

use terminal::interruption;
use terminal::line;
use terminal::verdict::Verdict;

use super::{Layout, Overview};
use crate::global::Global;

/// How often it is shown.
const SHOW_EVERY: Duration = Duration::from_secs(1);
/// Columns of a file, and of a person's terminal, which may be narrower.
const COLUMNS: u16 = 100;

/// To the first line, from which each line is written over the one that was there.
const TO_THE_TOP: &str = "\x1b[H";
/// Deletes what was longer in this line, and what was below the last one.
const TO_THE_END_OF_THE_LINE: &str = "\x1b[K";
const TO_THE_END: &str = "\x1b[J";
const EVERYTHING: &str = "\x1b[2J";

/// Shows it until it is interrupted. What cannot be seen for a while is said in its place.
pub(crate) async fn run(global: &Global) -> anyhow::Result<Verdict> {
    let is_seen = std::io::stdout().is_terminal() && !global.json;
    let mut looks = tokio::time::interval(SHOW_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    if is_seen {
        line!("{EVERYTHING}");
    }
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            // Its usual end.
            _ = interruption::asked() => return Ok(Verdict::Clean),
        }
        let text = look(global, is_seen).await;
        match (is_seen, global.json) {
            (true, _) => line!("{}", in_place(&text)),
            (false, true) => line!("{text}"),
            (false, false) => line!("{text}\n"),
        }
    }
}

async fn look(global: &Global, is_seen: bool) -> String {
    match Overview::of(global).await {
        // The terminal says itself how wide it is.
        Ok(overview) => {
            let columns = (!is_seen).then_some(COLUMNS);
            overview.shown(global, Layout { columns, is_brief: true })
        }
        Err(error) if global.json => {
            serde_json::json!({ "error": format!("{error:#}") }).to_string()
        }
        Err(error) => terminal::hint::complete(&format!("{error:#}")).into_owned(),
    }
}

fn in_place(text: &str) -> String {
    let mut shown = TO_THE_TOP.to_owned();
    for line in text.lines() {
        shown.extend([line, TO_THE_END_OF_THE_LINE, "\n"]);
    }
    shown + TO_THE_END
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_takes_the_place_of_the_one_before() {
        assert_eq!(in_place("a\nbc"), "\x1b[Ha\x1b[K\nbc\x1b[K\n\x1b[J");
    }
}
