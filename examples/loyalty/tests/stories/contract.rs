//! The documents that follow from the contract with loyalty in it.

use contract_docs::documents;
use loyalty::declaration::{CHOREOGRAPHY, DECLARATION};

fn document(path: &str) -> String {
    let found = documents(&CHOREOGRAPHY).into_iter().find(|document| document.path == path);
    found.unwrap_or_else(|| panic!("there is no {path}")).text
}

#[test]
fn each_of_its_events_has_a_page_and_a_message() {
    let asyncapi = document("asyncapi.json");
    for publication in DECLARATION.publishes {
        let page = document(&format!("events/{}.md", publication.kind));
        assert!(page.contains(publication.meaning), "{page}");
        let name = publication.kind.event_type(publication.writes);
        assert!(asyncapi.contains(&name), "{name}");
    }
}

#[test]
fn it_stands_in_the_pages_of_what_it_reacts_to_in_the_saga_and_among_the_accounts() {
    for reaction in DECLARATION.reactions {
        let page = document(&format!("events/{}.md", reaction.on));
        assert!(page.contains("loyalty"), "{page}");
    }
    for path in ["saga.md", "saga.svg", "accounts.md", "accounts.conf"] {
        assert!(document(path).contains("loyalty"), "{path}");
    }
}
