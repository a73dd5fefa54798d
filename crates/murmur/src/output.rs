//! Standard output. Whoever reads it may have seen enough (`murmur status | head`): then the command
//! ends, as others do, and does not panic as `println!` would.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};

/// Prints a line; see [`line!`](crate::output::line).
pub(crate) fn print_line(text: fmt::Arguments<'_>) {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        // Nobody can be told that nobody can be told.
        Ok(()) | Err(_) => {}
    }
}

/// Prints a line to standard output, as `println!` does.
macro_rules! line {
    () => { $crate::output::print_line(format_args!("")) };
    ($($text:tt)*) => { $crate::output::print_line(format_args!($($text)*)) };
}

pub(crate) use line;
