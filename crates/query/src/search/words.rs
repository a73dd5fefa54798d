//! The words of a text, in the one form in which they are indexed and asked for.
//!
//! Two texts that a person takes for the same have the same words, whichever bytes they are made of:
//! composed or decomposed letters, wide ones, ligatures, capital letters, letters with and without
//! their accents, and the signs that nobody sees.
//!
//! Deliberately absent: what only one language takes for the same (`ø` and `oe`), and the cutting of
//! words in languages that write none.

use contracts::spelling;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// The words of a text.
#[must_use]
pub fn words_of(text: &str) -> Vec<String> {
    let marks = CanonicalCombiningClassMapBorrowed::new();
    let belongs = |c: char| c.is_alphanumeric() || marks.get_u8(c) != 0;
    let bare = bare(text);
    let words = bare.split(|c: char| !belongs(c));
    // A mark alone is no word.
    words.filter(|word| word.contains(char::is_alphanumeric)).map(str::to_owned).collect()
}

/// A text in the form in which people's texts are compared, without accents besides.
fn bare(text: &str) -> String {
    let marks = CanonicalCombiningClassMapBorrowed::new();
    let folded = spelling::folded(text);
    let parts = DecomposingNormalizerBorrowed::new_nfd();
    let parts = parts.normalize_iter(folded.chars());
    let bare = parts.filter(|c| !is_accent(marks.get_u8(*c)));
    ComposingNormalizerBorrowed::new_nfc().normalize_iter(bare).collect()
}

/// Whether marks of this combining class only adorn a letter: points and accents. Those below 10 make
/// another letter (of `か` a `が`), and so do the vowels and tones of Thai, Lao and Tibetan.
const fn is_accent(class: u8) -> bool {
    matches!(class, 10..=36 | 200..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_what_stands_between_anything_else() {
        let words = words_of("T-Light HOLDER, 85123a; Ærø \u{301} 💡");
        assert_eq!(words, ["t", "light", "holder", "85123a", "ærø"]);
    }

    #[test]
    fn texts_that_look_the_same_have_the_same_words() {
        for (word, others) in [
            (
                "cafe",
                &["Café", "Cafe\u{301}", "CAFÉ", "Ｃａｆé", "Ca\u{ad}fe\u{200b}", "cafe\u{fe0f}"][..],
            ),
            ("strasse", &["Straße", "STRASSE", "STRAẞE"]),
            ("σισυφοσ", &["Σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ"]),
            ("istanbul", &["İstanbul", "ISTANBUL", "istanbul"]),
            ("fine", &["ﬁne", "FINE"]),
            ("20", &["２０", "²⁰", "20"]),
            ("viet", &["Việt", "Vie\u{323}\u{302}t", "Vie\u{302}\u{323}t"]),
            ("한국", &["한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"]),
            ("がく", &["がく", "か\u{3099}く"]),
            ("ガク", &["ガク", "ｶﾞｸ"]),
        ] {
            for other in others {
                assert_eq!(words_of(other), [word], "{other}");
            }
        }
        assert_ne!(words_of("か"), words_of("が"), "another letter, and no accent");
        assert_eq!(words_of("हिन्दी").len(), 1, "a mark does not end a word");
    }

    proptest! {
        #[test]
        fn words_of_words_are_the_same_words_in_every_form(text in "\\PC{0,40}") {
            let words = words_of(&text);
            prop_assert_eq!(&words_of(&words.join(" ")), &words);
            let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(&words_of(&decomposed), &words);
            let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
            prop_assert_eq!(&words_of(&composed), &words);
        }
    }
}
