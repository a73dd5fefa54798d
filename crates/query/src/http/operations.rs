//! The API of the read side, as data.

use contracts::problems;
use runtime::http::Scope::{Operate, Read};
use runtime::http::auth::Access;
use runtime::http::openapi::{Document, Operation, standing as of_every_process, tags};

use super::status::StatusAnswer;
use crate::events::EventAnswer;
use crate::generations::Overview;
use crate::generations::compare::Comparison;
use crate::generations::http::Begun;
use crate::generations::records::RecordPage;
use crate::operator_folder::{AuditAnswer, LogAnswer, Supervised};
use crate::page::choreography::Drawing;
use crate::page::owners::OwnerAnswer;
use crate::parked::{DropRequest, ParkedAnswer, ParkedEvent};
use crate::processes::Processes;
use crate::queries;
use crate::session::{ByCode, NewCode, Who};

const BUILT: &str = "The read model is being built, or cannot be reached";

/// What the document says of the other documents.
const DESCRIPTION: &str = "The read side: all streams folded, and the questions that no service answers. /docs \
    shows the APIs of all services.";

#[must_use]
pub fn document() -> Document {
    let mut all: Vec<_> =
        queries::all().into_iter().map(|query| query.operation().problem(503, BUILT)).collect();
    all.extend(of_events());
    all.extend(of_the_operator());
    all.extend(of_generations());
    all.extend(of_the_page());
    all.extend(["/", "/page/{*file}", "/contract", "/contract/{*file}"].map(Operation::file));
    all.extend(of_every_process().into_iter().filter(|operation| operation.path() != "/status"));
    all.push(
        Operation::plain(Read, "get", "/status", "How it stands")
            .tagged(tags::PROCESS)
            .answers::<StatusAnswer>(200, "How it stands"),
    );
    all.extend(of_parked_events());
    Document::new("query", DESCRIPTION, all, &problems::ALL)
}

fn of_events() -> [Operation; 1] {
    [Operation::plain(Read, "get", "/events/{stream}/{sequence}", "One event, from its stream")
        .at(&["ORDER", "1"])
        .answers::<EventAnswer>(200, "The event, with its envelope and its content")
        .problem(404, "There is no such stream, or no such event in it")
        .problem(503, "The broker is away")]
}

/// What is not answered from the read model.
fn of_the_operator() -> [Operation; 4] {
    let all = [
        Operation::plain(Read, "get", "/processes", "How each service is, by its own word")
            .answers::<Processes>(200, "The broker, and the process of each service"),
        Operation::plain(
            Read,
            "get",
            "/supervised",
            "The processes, as their supervisor sees them",
        )
        .answers::<Supervised>(200, "All processes; none where nobody supervises them here"),
        Operation::plain(Operate, "get", "/logs/{process}", "The last lines of a process's log")
            .at(&["order"])
            .answers::<LogAnswer>(200, "The lines, the oldest first")
            .problem(404, "There is no such process, or it has no log here"),
        Operation::plain(Read, "get", "/audit", "What the last audit found, and when")
            .answers::<AuditAnswer>(200, "Its verdict, what was examined, and each check"),
    ];
    all.map(|operation| operation.tagged(tags::OPERATOR))
}

/// The events that could not be folded.
fn of_parked_events() -> [Operation; 3] {
    let one = "/parked/{stream}/{sequence}";
    let all = [
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
    ];
    all.map(|operation| operation.tagged(tags::OPERATOR))
}

/// Only for who is on the same machine.
fn of_generations() -> [Operation; 6] {
    const UNKNOWN: &str = "There is no such generation";
    const UNFIT: &str = "It is not fit for that; the problem says why";
    const OVERVIEW: &str = "The generations that there are now";
    let all = [
        Operation::plain(Operate, "get", "/generations", "The generations of the read model")
            .answers::<Overview>(200, OVERVIEW),
        Operation::plain(Operate, "post", "/generations", "Build the read model anew, beside")
            .answers::<Begun>(202, "It has begun")
            .problem(409, "One is being built already"),
        Operation::plain(
            Operate,
            "get",
            "/generations/{id}/comparison",
            "What differs from the live one",
        )
        .query::<String>("view", "Only this one")
        .answers::<Comparison>(200, "View by view")
        .problem(404, "There is no such generation, or no such view"),
        Operation::plain(Operate, "get", "/generations/{id}/records", "What a generation holds")
            .at(&["live"])
            .query::<u64>("cursor", "The `next` of the page before")
            .query::<String>("index", "Of an index that a page has named as too large for it")
            .answers::<RecordPage>(200, "A page of records, as they are kept")
            .problem(404, UNKNOWN),
        Operation::plain(Operate, "post", "/generations/{id}/activate", "Answer from it")
            .answers::<Overview>(200, OVERVIEW)
            .problem(404, UNKNOWN)
            .problem(409, UNFIT),
        Operation::plain(Operate, "delete", "/generations/{id}", "Delete it")
            .answers::<Overview>(200, OVERVIEW)
            .problem(404, UNKNOWN)
            .problem(409, UNFIT),
    ];
    all.map(|operation| {
        let operation = match operation.method() {
            "get" => operation,
            _ => operation.problem(415, "A body that is no JSON was sent"),
        };
        operation.tagged(tags::OPERATOR).problem(503, "Redis cannot be reached")
    })
}

fn of_the_page() -> [Operation; 7] {
    const SIGNED_IN: &str = "Who has signed in, and a cookie";
    let all = [
        Operation::plain(Read, "get", "/live", "The dashboard, sent whenever it changes")
            .answers_text(200, "text/event-stream", "Server-sent events without end")
            .problem(503, "Too many listen"),
        Operation::plain(Read, "get", "/choreography", "Who reacts to which event of whom")
            .answers::<Drawing>(200, "Services, edges, and what each event means for an order"),
        Operation::plain(Read, "get", "/owners", "Where the page reaches the owners")
            .answers::<Vec<OwnerAnswer>>(200, "Each owner that may be asked from the page"),
        Operation::plain(Read, "get", "/session", "Who has signed in")
            .answers::<Who<'_>>(200, "The name and scopes; no name where nobody has to sign in"),
        sent(Operation::plain(
            Read,
            "post",
            "/session",
            "Sign a browser in by the token that is sent",
        ))
        .answers::<Who<'_>>(200, SIGNED_IN),
        sent(Operation::plain(
            Access::Anybody,
            "post",
            "/session/by-code",
            "Sign in by a link's code",
        ))
        .body::<ByCode>()
        .answers::<Who<'_>>(200, SIGNED_IN)
        .problem(403, "The code signs nobody in"),
        sent(Operation::plain(
            Read,
            "post",
            "/session/codes",
            "A code for a link that signs in once",
        ))
        .answers::<NewCode>(201, "The code, and for how long it is good"),
    ];
    all.map(|operation| operation.tagged(tags::PAGE))
}

/// What may be wrong with what is sent.
fn sent(operation: Operation) -> Operation {
    operation
        .problem(408, "The body did not come in time")
        .problem(413, "The body is too large")
        .problem(415, "The body is not JSON")
}
