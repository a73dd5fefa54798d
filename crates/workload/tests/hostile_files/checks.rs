//! What must be true of whatever file comes in: for tests at random, and for the fuzz target.

use workload::retail::book::Book;

/// A file is read, and each of its lines counted once, or refused with a reason.
pub(crate) fn file(bytes: &[u8]) {
    match Book::of(bytes, "GBP".parse().unwrap(), None) {
        Ok(book) => assert!(is_counted(&book), "{book:?}"),
        Err(error) => assert!(!format!("{error:#}").trim().is_empty()),
    }
}

/// Each line is in one invoice or skipped for one reason.
fn is_counted(book: &Book) -> bool {
    let sold: usize = book.invoices.iter().map(|invoice| invoice.lines.len()).sum();
    let skipped: usize = book.skipped.values().map(|lines| lines.count).sum();
    sold + skipped == book.lines
}
