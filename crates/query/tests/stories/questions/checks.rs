//! What must be true of whatever is asked of the search: for tests at random, and for the fuzz target.

use protocol::choreography::NONE;
use query::search::document::{Change, Document, Sort};
use query::search::index::Index;
use query::search::lookup::{Question, look_up};

/// An index of five products that are called alike.
pub(crate) fn index() -> Index {
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

/// The pages of an answer together are the whole answer.
pub(crate) fn question(index: &Index, text: String, limit: usize) {
    let question = Question { text, limit, ..Question::default() };
    let all = look_up(index, &Question { limit: 100, ..question.clone() }).unwrap();
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = look_up(index, &Question { after, ..question.clone() }).unwrap();
        paged.extend(page.items.into_iter().map(|hit| hit.id));
        after = page.last;
        if after.is_none() {
            break;
        }
    }
    let all: Vec<_> = all.items.into_iter().map(|hit| hit.id).collect();
    assert_eq!(paged, all);
}
