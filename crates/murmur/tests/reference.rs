//! The page of all problems follows from the program. What stands in it has to be what that says;
//! `UPDATE_PAGES=1` writes it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use runtime::http::problem::Catalogue;

fn assert_page(name: &str, page: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&file, page).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == page, "docs/{name} is not what the program says: UPDATE_PAGES=1 writes it");
}

#[test]
fn all_problems_are_described() {
    let page = format!(
        "# Problems\n\n\
         What is not answered as it was meant is answered with a problem (RFC 9457). Its `type` is a path at \
         the process that has answered, such as `/problems/no-lines`, which explains it: as a page, as \
         Markdown or as JSON, by `Accept`; `/problems` lists all. `detail` says what is wrong in the case at \
         hand, and some kinds have more members. The last part of `type` is promised; titles and details are \
         not. This page is written by a test, from the same list.\n\n{}",
        Catalogue::with(&contracts::problems::ALL).markdown()
    );
    assert_page("problems.md", &page);
}
