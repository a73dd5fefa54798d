//! What can be found: orders, customers and products, by their beginnings.

use std::time::Duration;

use contracts::choreography::MURMURATION;
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use runtime::http::page::bad_cursor;
use runtime::http::{PageRequest, Problem};

use super::DayText;
use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::projector_status::ProjectorStatus;
use crate::query::request::{Parts, bad, day};
use crate::query::{Answer, Answering, Content, Context, Fresh, Query, Request, problems};
use crate::reader::TOKEN_PATIENCE;
use crate::search::SearchAnswer;
use crate::search::document::Sort;
use crate::search::lookup::{HitPosition, Question};

/// `GET /search`.
pub(super) struct SearchQuery;

/// Letters that a question may have.
const LETTERS_MAX: usize = 200;

/// What is said of the question.
const QUESTION: &str = "An id, or words or their beginnings: at most the first eight count. Case, accents \
    and the form in which letters are encoded make no difference";

runtime::described_text!(StateText, { "type": "string", "minLength": 1 });
runtime::described_text!(KindText, {
    "type": "string", "enum": ["orders", "products", "customers"]
});
runtime::described_text!(WordsText, { "type": "string", "minLength": 1, "maxLength": 200 });

impl Query for SearchQuery {
    fn operation(&self) -> Operation {
        Operation::get(Read, "/search", "Orders, customers and products, by their beginnings")
            .needs::<WordsText>("q", QUESTION)
            .sample("q", "ann")
            .query::<KindText>("kind", "Only of this kind")
            .query::<StateText>("state", "Only what is in this state, by the choreography's name")
            .query::<DayText>("from", "Only what is from this day on")
            .query::<DayText>("to", "Only what is up to this day")
            .paged()
            .answers::<Fresh<SearchAnswer>>(200, "What was found")
    }

    /// The index is in memory already.
    fn kept_for(&self) -> Duration {
        Duration::ZERO
    }

    fn answer<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let Request { page, parts, token, context: Context { search, .. }, .. } = request;
            let question = question(&page, parts)?;
            let waited = search.wait_for(&token.0, TOKEN_PATIENCE).await;
            waited.map_err(|missing| problems::not_caught_up(&missing, &search.standing()))?;
            let asked = search.ask(question).await;
            let (answer, positions) = asked.map_err(|error| Problem::defect(&error.to_string()))?;
            let last = answer.found.last.map(|last| last.to_string());
            let content = Content::json(&answer)?.linked(&page, last.as_deref());
            Ok(Answer { content, dependencies: Vec::new(), positions })
        })
    }

    fn freshness(
        &self,
        positions: &Positions,
        _: &ProjectorStatus,
        context: &Context,
    ) -> Freshness {
        context.search.freshness(positions)
    }
}

fn question(page: &PageRequest, mut parts: Parts) -> Result<Question, Problem> {
    let text = parts.need("q", "what to look for")?;
    if text.chars().count() > LETTERS_MAX {
        return Err(bad(&format!("q has more than {LETTERS_MAX} letters")));
    }
    let sort = parts.take("kind").map(|kind| sort(&kind)).transpose()?;
    let state = parts.take("state").map(state).transpose()?;
    let (from, to) = (parts.take("from"), parts.take("to"));
    parts.end(&["limit", "cursor"])?;
    let first = from.as_deref().map(|text| day("from", text)).transpose()?;
    let last = to.as_deref().map(|text| day("to", text)).transpose()?;
    if first.zip(last).is_some_and(|(first, last)| first > last) {
        return Err(bad("from is later than to"));
    }
    let after = page.after.as_deref().map(place).transpose()?;
    Ok(Question { text, sort, state, from, to, limit: page.limit, after })
}

fn sort(text: &str) -> Result<Sort, Problem> {
    let found = Sort::ALL.into_iter().find(|sort| sort.plural() == text);
    found.ok_or_else(|| bad("kind is one of orders, products, customers"))
}

fn state(text: String) -> Result<String, Problem> {
    let mut known = MURMURATION.states.iter().flat_map(|(_, states)| *states);
    if known.any(|state| *state == text) {
        return Ok(text);
    }
    Err(bad("state is none of an order, a product or a customer"))
}

fn place(cursor: &str) -> Result<HitPosition, Problem> {
    cursor.parse().map_err(|_| bad_cursor())
}
