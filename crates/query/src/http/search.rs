//! The search over REST.

use contracts::choreography::MURMURATION;
use runtime::Token;
use runtime::http::server::Routes;
use runtime::http::{PageRequest, Problem, Response, StatusCode, TOKEN_HEADER, json, page, token};
use runtime::warp::http::header;
use runtime::warp::{self, Filter};

use super::query::{Query, bad, day, query};
use super::{TOKEN_PATIENCE, insert, problems};
use crate::search::Search;
use crate::search::asking::{Place, Question};
use crate::search::document::Sort;

/// Letters that a question may have.
const LETTERS_MAX: usize = 200;

/// `GET /search`.
#[must_use]
pub fn routes(search: Search) -> Routes {
    warp::path!("search")
        .and(warp::get())
        .and(page())
        .and(query())
        .and(token())
        .then(move |page, query, token| get_search(search.clone(), page, query, token))
        .boxed()
}

async fn get_search(search: Search, page: PageRequest, query: Query, token: Token) -> Response {
    let answer = async {
        let question = asked(&page, query)?;
        let waited = search.wait_for(&token.0, TOKEN_PATIENCE).await;
        waited.map_err(|missing| problems::not_caught_up(&missing, &search.standing()))?;
        let answer = search.ask(question).await;
        let answer = answer.map_err(|error| Problem::defect(&error.to_string()))?;
        let mut response = json(StatusCode::OK, &answer);
        insert(&mut response, TOKEN_HEADER, &answer.freshness.token());
        if answer.freshness.is_incomplete() {
            insert(&mut response, header::CACHE_CONTROL.as_str(), "no-store");
        }
        if let Some(last) = answer.found.last {
            let link = format!("<{}>; rel=\"next\"", page.next(&last.to_string()));
            insert(&mut response, header::LINK.as_str(), &link);
        }
        Ok(response)
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

fn asked(page: &PageRequest, mut query: Query) -> Result<Question, Problem> {
    let text = query.need("q", "what to look for")?;
    if text.chars().count() > LETTERS_MAX {
        return Err(bad(&format!("q has more than {LETTERS_MAX} letters")));
    }
    let sort = query.take("kind").map(|kind| sort(&kind)).transpose()?;
    let state = query.take("state").map(state).transpose()?;
    let (from, to) = (query.take("from"), query.take("to"));
    query.end(&["limit", "cursor"])?;
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

fn place(cursor: &str) -> Result<Place, Problem> {
    cursor.parse().map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-cursor", "The cursor does not make sense")
            .detail("take it from the page before, unchanged")
    })
}
