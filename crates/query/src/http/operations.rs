//! The API of the read side, as data.
//!
//! Deliberately absent from the document: what belongs to the live page and to the operator, which have no promise of
//! staying as they are: `/session`, `/live`, `/choreography` and `/generations`.

use runtime::http::Scope::{Operate, Read};
use runtime::http::auth::Access;
use runtime::http::openapi::{Document, Operation, standing as of_every_process};

use super::status::StatusAnswer;
use crate::processes::Processes;
use crate::queries;

const BUILT: &str = "The read model is being built, or cannot be reached";

#[must_use]
pub fn document() -> Document {
    let mut all = of_every_process();
    all.retain(|operation| operation.path() != "/status");
    all.push(
        Operation::plain(Read, "get", "/status", "How it stands")
            .answers::<StatusAnswer>(200, "How it stands"),
    );
    all.push(
        Operation::plain(Read, "get", "/processes", "How each service is, by its own word")
            .answers::<Processes>(200, "The broker, and the process of each service"),
    );
    let queries = queries::all().into_iter().map(|query| query.operation().problem(503, BUILT));
    all.extend(queries);
    all.extend(hidden());
    let description =
        "The read side: all streams folded, and the questions that no service answers.";
    Document::new("query", description, &all)
}

fn hidden() -> [Operation; 16] {
    [
        Operation::file("/"),
        Operation::file("/page/{*file}"),
        Operation::file("/contract"),
        Operation::file("/contract/{*file}"),
        Operation::hidden(Read, "get", "/session"),
        Operation::hidden(Read, "post", "/session"),
        Operation::hidden(Access::Anybody, "post", "/session/by-code"),
        Operation::hidden(Read, "post", "/session/codes"),
        Operation::hidden(Read, "get", "/live"),
        Operation::hidden(Read, "get", "/choreography"),
        Operation::hidden(Operate, "get", "/generations"),
        Operation::hidden(Operate, "post", "/generations"),
        Operation::hidden(Operate, "get", "/generations/{id}/comparison")
            .query::<String>("view", "Only this one"),
        Operation::hidden(Operate, "get", "/generations/{id}/records")
            .query::<u64>("cursor", "The `next` of the page before")
            .query::<String>("index", "Of an index that a page has named as too large for it"),
        Operation::hidden(Operate, "post", "/generations/{id}/activate"),
        Operation::hidden(Operate, "delete", "/generations/{id}"),
    ]
}
