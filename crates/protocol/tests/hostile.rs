//! Whatever texts and rows come in: nothing panics, and what is understood is understood in one way.
#![cfg(test)]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::prelude::*;
use proptest::sample::Index;
use protocol::headers::Cause;
use protocol::seal::Seal;
use protocol::{Chain, Headers, HistoryId, Id, Kind, Row, SealKeys, Service, Timestamp, Vector};

const CHAIN: &str = "00112233445566778899aabbccddeeff0102030405060708";

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

fn any_text(like: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), nearly(like.to_owned())]
}

/// What is understood, written and understood again, is the same.
fn survives<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let again = value.to_string();
        assert_eq!(again.parse::<T>().unwrap(), value, "{text:?} became {again:?}");
    }
}

proptest! {
    #[test]
    fn texts_of_all_kinds(
        chain in any_text(CHAIN),
        history in any_text("00112233445566778899aabbccddeeff"),
        seal in any_text("0badcafe.00112233445566778899aabbccddeeff"),
        name in any_text("order"),
        kind in any_text("order.placed"),
        id in any_text("o-1"),
        time in any_text("2026-01-31T08:00:00.000000Z"),
        cause in any_text("INVENTORY/12"),
        vector in any_text("CUSTOMER=7:00112233445566778899aabbccddeeff,PAYMENT=3:00112233445566778899aabbccddeeff"),
        keys in any_text("0000000000000000000000000000000000000000000000000000000000000000"),
    ) {
        survives::<Chain>(&chain);
        survives::<HistoryId>(&history);
        survives::<Seal>(&seal);
        survives::<Service>(&name);
        survives::<Kind>(&kind);
        survives::<Id>(&id);
        survives::<Timestamp>(&time);
        survives::<Cause>(&cause);
        survives::<Vector>(&vector);
        drop(keys.parse::<SealKeys>());
    }

    #[test]
    fn headers_that_are_nearly_right(text in nearly(headers()), payload: Vec<u8>, bytes: Vec<u8>) {
        let service = Service::named("customer");
        let keys = SealKeys::of_bytes([7; 32]);
        let chain = Chain::from_bytes(&bytes).unwrap_or(Chain::START);
        let subject = "order.placed.o-1".to_owned();
        let row = Row { sequence: 12, subject, headers: text.clone(), payload: payload.into(), chain };
        let seen = row.has_seen(service);
        prop_assert!(!keys.is_own(Chain::START, &row), "{text}");
        if let Ok(headers) = Headers::parse(&text) {
            let named = headers.vector.of(service);
            prop_assert_eq!(seen, (named.sequence > 0).then_some(named));
            let canonical = headers.to_canonical();
            prop_assert_eq!(Headers::parse(&canonical).unwrap(), headers);
        }
    }

    #[test]
    fn bytes_of_a_chain(bytes: Vec<u8>) {
        if let Some(chain) = Chain::from_bytes(&bytes) {
            prop_assert_eq!(Chain::from_bytes(&chain.to_bytes()), Some(chain));
        }
    }
}
