//! What is asked of the search.
#![no_main]

#[path = "../../crates/query/tests/stories/questions/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;
use query::search::index::Index;

thread_local! {
    static INDEX: Index = checks::index();
}

fuzz_target!(|question: (&str, u8)| {
    let (text, limit) = question;
    INDEX.with(|index| checks::question(index, text.to_owned(), usize::from(limit % 4) + 1));
});
