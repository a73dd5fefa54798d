//! Whatever is asked of the search: it answers, in pages that together are all that there is.

mod checks;

use proptest::prelude::*;

/// Words of the search's own language, of people, and of nobody.
const WORDS: [&str; 16] = [
    "cup", "CUP", "cups", "c-1", "AND", "OR", "NOT", "NEAR(", "\"", "*", "col:", "^", "--", "'",
    "é", "e\u{301}",
];

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => proptest::sample::select(&WORDS[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn questions_of_all_kinds(text in text(), limit in 1..4_usize) {
        checks::question(&checks::index(), text, limit);
    }
}
