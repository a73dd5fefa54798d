//! When two texts of people are the same, whichever bytes they are made of.
//!
//! Deliberately absent: what only one language takes for the same (`ø` and `oe`).

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// A text in its compatible, composed form (NFKC), without the signs that nobody sees. Letters stay as
/// large as they are: ids that differ in that differ.
#[must_use]
pub fn composed(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize_iter(seen(text)).collect()
}

/// The same in whichever case it is written.
#[must_use]
pub fn folded(text: &str) -> String {
    let compatible = DecomposingNormalizerBorrowed::new_nfkd();
    // By way of capital letters: `ß` and `SS`, `ς` and `σ` have only these in common; and to these by
    // way of small ones, since `ẞ` is large already.
    let small = compatible.normalize_iter(seen(text)).flat_map(char::to_lowercase);
    let folded = small.flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    ComposingNormalizerBorrowed::new_nfkc().normalize_iter(folded).collect()
}

/// Without the signs that only say how to break lines, join letters, or write from right to left.
fn seen(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !is_unseen(*c))
}

const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_the_same_are_the_same() {
        for (one, other) in [
            ("Réunion", "RE\u{301}UNION"),
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
            ("ﬁne", "Fine"),
            ("ＧＢ", "g\u{200b}b"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("Réunion"), folded("Reunion"));
    }

    #[test]
    fn what_is_composed_keeps_its_case() {
        assert_eq!(composed("Ａ-１\u{200b}"), "A-1");
        assert_eq!(composed("Cafe\u{301}"), "Café");
    }
}
