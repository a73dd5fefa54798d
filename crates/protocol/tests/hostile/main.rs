//! Whatever texts and rows come in: nothing panics, and what is understood is understood in one way.
#![cfg(test)]

mod checks;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use protocol::Chain;

const CHAIN: &str = "00112233445566778899aabbccddeeff0102030405060708";

/// Texts of all kinds that are understood.
const TEXTS: [&str; 10] = [
    CHAIN,
    "00112233445566778899aabbccddeeff",
    "0badcafe.00112233445566778899aabbccddeeff",
    "order",
    "order.placed",
    "o-1",
    "2026-01-31T08:00:00.000000Z",
    "INVENTORY/12",
    "CUSTOMER=7:00112233445566778899aabbccddeeff0102030405060708,PAYMENT=3:00112233445566778899aabbccddeeff",
    "0000000000000000000000000000000000000000000000000000000000000000",
];

/// The headers of a row, as an owner writes them.
fn headers() -> String {
    format!(
        "ce-specversion:1.0\nce-id:12\nce-source:order\nce-type:order.placed.v1\nce-subject:o-1\n\
         ce-time:2026-01-31T08:00:00.000000Z\nce-datacontenttype:application/json\n\
         ce-cause:command/place\nce-vector:CUSTOMER=7:{CHAIN},PAYMENT=3:{CHAIN}\n\
         ce-history:00112233445566778899aabbccddeeff\nce-seal:0badcafe.00112233445566778899aabbccddeeff\n"
    )
}

/// A text that is nearly right: some characters of it are others, are gone, or stand twice.
fn nearly(text: String) -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), prop_oneof![Just(None), any::<char>().prop_map(Some)], 0..3_usize);
    proptest::collection::vec(edit, 0..4).prop_map(move |edits| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, new, kept) in edits {
            if chars.is_empty() {
                break;
            }
            let at = at.index(chars.len());
            let old = chars[at];
            chars.splice(at..=at, new.into_iter().chain(std::iter::repeat_n(old, kept)));
        }
        chars.into_iter().collect()
    })
}

fn any_text() -> impl Strategy<Value = String> {
    let like = select(&TEXTS[..]).prop_flat_map(|text| nearly(text.to_owned()));
    prop_oneof![1 => any::<String>(), 9 => like]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn texts_of_all_kinds(text in any_text()) {
        checks::text(&text);
    }
}

proptest! {
    #[test]
    fn headers_that_are_nearly_right(text in nearly(headers()), payload: Vec<u8>, bytes: Vec<u8>) {
        checks::headers(&text, &payload, checks::chain(&bytes).unwrap_or(Chain::START));
    }

    #[test]
    fn bytes_of_a_chain(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        checks::chain(&bytes);
    }
}
