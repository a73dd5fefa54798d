//! Whatever is asked of the search: it answers, in pages that together are all that there is.

use proptest::prelude::*;
use protocol::choreography::NONE;
use query::search::document::{Change, Document, Sort};
use query::search::index::Index;
use query::search::lookup::{Question, look_up};

/// Words of the search's own language, of people, and of nobody.
const WORDS: [&str; 16] = [
    "cup", "CUP", "cups", "c-1", "AND", "OR", "NOT", "NEAR(", "\"", "*", "col:", "^", "--", "'",
    "é", "e\u{301}",
];

fn index() -> Index {
    let mut index = Index::new().unwrap();
    let document = |nth: usize| Document {
        sort: Sort::Product,
        id: format!("c-{nth}"),
        title: "A cup".to_owned(),
        detail: "é \"quoted\" cup's".to_owned(),
        state: NONE,
        date: "2026-01-31".to_owned(),
        money: None,
        order: None,
        names: "A cup, CAFÉ".to_owned(),
        ids: format!("c-{nth}"),
    };
    let all: Vec<_> = (0..5).map(|nth| Change::Document(document(nth))).collect();
    index.apply(&all).unwrap();
    index
}

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
        let index = index();
        let question = Question { text, limit, ..Question::default() };
        let all = look_up(&index, &Question { limit: 100, ..question.clone() }).unwrap();
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = look_up(&index, &Question { after, ..question.clone() }).unwrap();
            paged.extend(page.items.into_iter().map(|hit| hit.id));
            after = page.last;
            if after.is_none() {
                break;
            }
        }
        let all: Vec<_> = all.items.into_iter().map(|hit| hit.id).collect();
        prop_assert_eq!(paged, all);
    }
}
