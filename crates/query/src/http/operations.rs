//! The API of the read side, as data.
//!
//! Deliberately absent from the document: what belongs to the live page and to the operator, which have no promise of
//! staying as they are: `/session`, `/live`, `/choreography`, `/owners` and `/generations`.

use runtime::http::Scope::{Operate, Read};
use runtime::http::auth::Access;
use runtime::http::openapi::{Document, Operation, standing as of_every_process};

use super::status::StatusAnswer;
use crate::events::EventAnswer;
use crate::operator_folder::{AuditAnswer, LogAnswer, Supervised};
use crate::parked::{DropRequest, ParkedAnswer, ParkedEvent};
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
    all.extend(of_the_operator());
    all.extend(of_parked_events());
    let queries = queries::all().into_iter().map(|query| query.operation().problem(503, BUILT));
    all.extend(queries);
    all.extend(hidden());
    let description =
        "The read side: all streams folded, and the questions that no service answers.";
    Document::new("query", description, &all)
}

/// What is not answered from the read model.
fn of_the_operator() -> [Operation; 4] {
    [
        Operation::plain(Read, "get", "/events/{stream}/{sequence}", "One event, from its stream")
            .answers::<EventAnswer>(200, "The event, with its envelope and its content")
            .problem(404, "There is no such stream, or no such event in it")
            .problem(503, "The broker is away"),
        Operation::plain(
            Read,
            "get",
            "/supervised",
            "The processes, as their supervisor sees them",
        )
        .answers::<Supervised>(200, "All processes; none where nobody supervises them here"),
        Operation::plain(Operate, "get", "/logs/{process}", "The last lines of a process's log")
            .answers::<LogAnswer>(200, "The lines, the oldest first")
            .problem(404, "There is no such process, or it has no log here"),
        Operation::plain(Read, "get", "/audit", "What the last audit found, and when")
            .answers::<AuditAnswer>(200, "Its verdict, what was examined, and each check"),
    ]
}

/// The events that could not be folded.
fn of_parked_events() -> [Operation; 3] {
    let one = "/parked/{stream}/{sequence}";
    [
        Operation::plain(Read, "get", "/parked", "The events that could not be folded")
            .query::<String>("generation", "Another generation than the one that is read")
            .answers::<ParkedAnswer>(200, "How many are open, and a thousand of all at most")
            .problem(404, "There is no such generation")
            .problem(503, BUILT),
        Operation::plain(Read, "get", one, "One event that could not be folded, and why")
            .answers::<ParkedEvent>(200, "The event")
            .problem(404, "No such event is parked")
            .problem(503, BUILT),
        Operation::plain(
            Operate,
            "post",
            "/parked/{stream}/{sequence}/drop",
            "Say that nothing more is to be done about it: it stays listed, and counts no longer",
        )
        .body::<DropRequest>()
        .answers::<ParkedEvent>(
            200,
            "The event, with who has dropped it; what was said first stays",
        )
        .problem(400, "A header, the path or the body does not make sense")
        .problem(404, "No such event is parked")
        .problem(408, "The body did not come in time")
        .problem(413, "The body is too large")
        .problem(415, "The body is not JSON")
        .problem(503, BUILT),
    ]
}

fn hidden() -> [Operation; 17] {
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
        Operation::hidden(Read, "get", "/owners"),
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
