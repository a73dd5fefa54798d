use contracts::service;
use serde_json::json;

use super::*;
use crate::item::{Ending, Item, Outcome, Request};

const NO_WAIT: Duration = Duration::from_millis(1);

fn item(entity: Entity, key: &str, wanted: &str) -> Item {
    let request = Request {
        service: service::CUSTOMER,
        method: "POST".into(),
        path: "/customers".into(),
        body: Some(json!({ "quantity": 5, "lines": [{ "sku": "mug", "quantity": 3 }] })),
        found_at: None,
        ending: (entity == Entity::Order).then_some(Ending::Completed),
    };
    Item { entity, key: key.into(), wanted: wanted.into(), request }
}

fn fresh() -> (tempfile::TempDir, Progress) {
    let folder = tempfile::tempdir().unwrap();
    let progress = Progress::open(&folder.path().join("p"), NO_WAIT).unwrap();
    progress.begin("one").unwrap();
    (folder, progress)
}

#[test]
fn what_was_sent_is_in_doubt_until_its_outcome_is_noted() {
    let (folder, mut progress) = fresh();
    let ann = item(Entity::Customer, "ann", "a");
    assert_eq!(progress.note_sent(std::slice::from_ref(&ann)).unwrap(), [1]);
    drop(progress);
    let mut progress = Progress::open(&folder.path().join("p"), NO_WAIT).unwrap();
    assert_eq!(progress.in_doubt().unwrap(), [(ann.clone(), 1)]);
    progress.note_outcomes(&[(ann.clone(), Outcome::Moved)]).unwrap();
    assert!(progress.in_doubt().unwrap().is_empty());
    let known = progress.known(Entity::Customer, "ann").unwrap().unwrap();
    assert_eq!((known.state, known.was_moved, known.wanted.as_str()), (State::Moved, true, "a"));
    // Changed to and fro, it is another request each time.
    assert_eq!(progress.note_sent(&[ann]).unwrap(), [2]);
}

#[test]
fn units_are_counted_once_for_each_outcome() {
    let (_folder, mut progress) = fresh();
    let (stock, order) = (item(Entity::Stock, "mug", "5"), item(Entity::Order, "1", "o"));
    progress.note_sent(&[stock.clone(), order.clone()]).unwrap();
    assert_eq!(progress.units("mug").unwrap(), Units::default());
    progress.note_outcomes(&[(stock, Outcome::Moved), (order, Outcome::Moved)]).unwrap();
    assert_eq!(progress.units("mug").unwrap(), Units { brought: 5, taken: 3 });
}

#[test]
fn what_was_refused_keeps_its_reason_and_what_it_was() {
    let (_folder, mut progress) = fresh();
    let refused = Outcome::Refused("no such day".into());
    let bob = item(Entity::Order, "7", "b");
    progress.note_sent(std::slice::from_ref(&bob)).unwrap();
    progress.note_outcomes(&[(bob.clone(), Outcome::Moved)]).unwrap();
    let again = (Entity::Order, "7".to_owned(), "c".to_owned(), refused.clone());
    let never = (Entity::Order, "8".to_owned(), String::new(), refused);
    // Told once, however often it is noted.
    let both = [again, never];
    let noted = [(); 2].map(|()| progress.note_without_request(&both).unwrap().len());
    assert_eq!(noted, [2, 0]);
    let all = progress.refused().unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].key.as_str(), all[0].reason.as_str()), ("7", "no such day"));
    assert!(progress.known(Entity::Order, "7").unwrap().unwrap().was_moved);
    // What is in the services is not forgotten.
    progress.forget(Entity::Order, "7").unwrap();
    progress.forget(Entity::Order, "8").unwrap();
    assert_eq!(progress.refused().unwrap().len(), 1);
}

#[test]
fn one_process_works_with_it_at_a_time_and_others_may_look() {
    let (folder, mut progress) = fresh();
    let file = folder.path().join("p");
    let second = Progress::open(&file, NO_WAIT).unwrap_err();
    assert!(format!("{second:#}").contains("another `murmur import`"), "{second:#}");
    let refused = (Entity::Order, "8".into(), String::new(), Outcome::Refused("no".into()));
    progress.note_without_request(&[refused]).unwrap();
    assert_eq!(Progress::look(&file).unwrap().refused().unwrap().len(), 1);
    drop(progress);
    Progress::open(&file, NO_WAIT).unwrap();
    assert!(Progress::look(&folder.path().join("none")).is_err());
}
