//! The one way in which a command says anything: results on standard output, everything else on
//! standard error.
//!
//! A result that cannot be written is a failure of the command, whatever it found. Whoever reads it
//! may have seen enough (`murmur status | head`): then the command ends, quietly. What is said beside
//! it fails nothing: a supervisor goes on when its terminal is gone.

use std::fmt;
use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::hint;
use crate::interruption::{self, Cause};

/// Why standard output cannot be written any more.
static LOST: OnceLock<io::Error> = OnceLock::new();
/// Whether a script reads, and not a person.
static JSON: AtomicBool = AtomicBool::new(false);

/// From here on, all that is said on standard error is JSON, too: an object a line.
pub fn speak_json() {
    JSON.store(true, Ordering::Relaxed);
}

/// Why standard output could not be written, if so.
pub fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

/// Prints a line; see [`line!`](crate::line).
pub fn print_line(text: fmt::Arguments<'_>) {
    if LOST.get().is_some() {
        return;
    }
    let mut output = io::stdout().lock();
    let written = writeln!(output, "{text}").and_then(|()| output.flush());
    if let Err(error) = written {
        LOST.get_or_init(|| error);
        interruption::ask(Cause::OutputLost);
    }
}

/// Says something beside the result; see [`note!`](crate::note).
pub fn print_note(text: fmt::Arguments<'_>) {
    let text = text.to_string();
    let text = hint::complete(&text);
    if JSON.load(Ordering::Relaxed) {
        say(&json!({ "note": text }));
    } else {
        say(&text);
    }
}

/// Says why a command failed, and with which exit code it ends.
pub fn print_error(text: &str, exit: u8) {
    let text = hint::complete(text);
    if JSON.load(Ordering::Relaxed) {
        let error: Value = json!({ "error": text, "exit": exit });
        say(&error);
    } else {
        say(&format_args!("murmur: {text}"));
    }
}

fn say(text: &dyn fmt::Display) {
    // Nobody can be told that nobody can be told.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Others' text as a terminal may be given it: what would move the cursor, change colours or turn the
/// direction of writing is shown as its number.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_direction(c) {
            plain.extend(c.escape_unicode());
        } else {
            plain.push(c);
        }
    }
    plain
}

const fn is_direction(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Prints a line of a result to standard output.
#[macro_export]
macro_rules! line {
    () => { $crate::output::print_line(format_args!("")) };
    ($($text:tt)*) => { $crate::output::print_line(format_args!($($text)*)) };
}

/// Says something on standard error, where it is in nobody's way.
#[macro_export]
macro_rules! note {
    ($($text:tt)*) => { $crate::output::print_note(format_args!($($text)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_text_moves_no_cursor() {
        assert_eq!(
            plain("Ada\u{1b}[2J\r\n\u{202e}eno \u{9b}é"),
            "Ada\\u{1b}[2J\\u{d}\\u{a}\\u{202e}eno \\u{9b}é"
        );
    }
}
