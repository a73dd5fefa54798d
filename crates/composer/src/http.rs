//! The composer over REST: the two questions, and how the owners' breakers stand.

mod operations;
mod standing;

use std::sync::Arc;
use std::time::Instant;

use contracts::{CustomerId, OrderId, problems, service};
use runtime::Token;
use runtime::http::{
    Api, Caller, PageRequest, Problem, Response, StatusCode, TOKEN_HEADER, caller, id, json, page,
    token,
};
use runtime::warp::http::{HeaderValue, header};
use runtime::warp::{self, Filter};
use serde::{Deserialize, Serialize};

use crate::exchange::Behalf;
use crate::order_details::{NoDetails, order_details};
use crate::overview::{NoOverview, overview};
use crate::owners::{MissingPart, Owners};

/// By then a breaker has let a probe through.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Which orders of a customer are wanted. The rest of the query is the page's.
#[derive(Debug, Deserialize)]
struct OrderFilter {
    state: Option<String>,
}

/// The API of the composer.
#[must_use]
pub fn api(owners: Arc<Owners>) -> Api {
    let with = {
        let owners = Arc::clone(&owners);
        warp::any().map(move || Arc::clone(&owners))
    };
    let behalf = token()
        .and(caller())
        .map(|token: Token, caller: Caller| Behalf { token, bearer: caller.bearer().cloned() });
    let details = warp::path("order-details").and(id()).and(warp::path::end());
    let details = details.and(warp::get()).and(with.clone()).and(behalf.clone()).then(get_details);
    let one = warp::path("customers").and(id()).and(warp::path("overview"));
    let one = one.and(warp::path::end()).and(warp::get());
    let filter = warp::query::<OrderFilter>();
    let overview = one.and(with).and(behalf).and(page()).and(filter).then(get_overview);
    let all = details.or(overview).unify().or(standing::routes(owners)).unify().boxed();
    Api::new(all, operations::document()).taking_descriptors(service::ALL.len())
}

async fn get_details(id: OrderId, owners: Arc<Owners>, behalf: Behalf) -> Response {
    let begun = Instant::now();
    match order_details(&owners, &id, &behalf).await {
        Ok((details, seen)) => {
            count("order_details", if details.complete { "complete" } else { "partial" }, begun);
            answer(&details, details.complete, &seen)
        }
        Err(none) => {
            count("order_details", "none", begun);
            no_details(&id, none).into_response()
        }
    }
}

async fn get_overview(
    id: CustomerId,
    owners: Arc<Owners>,
    behalf: Behalf,
    page: PageRequest,
    filter: OrderFilter,
) -> Response {
    let begun = Instant::now();
    let state = match checked_state(filter.state) {
        Ok(state) => state,
        Err(problem) => return problem.into_response(),
    };
    match overview(&owners, &id, state.as_deref(), &page, &behalf).await {
        Ok((overview, seen)) => {
            count("overview", if overview.complete { "complete" } else { "partial" }, begun);
            let mut response = answer(&overview, overview.complete, &seen);
            if let Some(next) = overview.next() {
                let link = format!("<{}>; rel=\"next\"", page.at(&next));
                insert(&mut response, header::LINK, &link);
            }
            response
        }
        Err(none) => {
            count("overview", "none", begun);
            no_overview(&id, none).into_response()
        }
    }
}

/// The states are the order service's to know; here, only what can stand in a query is let through.
fn checked_state(state: Option<String>) -> Result<Option<String>, Problem> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    match state {
        Some(name) if name.is_empty() || !name.bytes().all(plain) => {
            Err(Problem::new(&problems::BAD_STATE))
        }
        state => Ok(state),
    }
}

fn answer(body: &impl Serialize, complete: bool, seen: &Token) -> Response {
    let mut response = json(StatusCode::OK, body);
    if !seen.0.is_empty() {
        insert(&mut response, header::HeaderName::from_static(TOKEN_HEADER), &seen.to_string());
    }
    if !complete {
        insert(&mut response, header::CACHE_CONTROL, "no-store");
    }
    response
}

fn no_details(id: &OrderId, none: NoDetails) -> Problem {
    match none {
        NoDetails::Unknown => Problem::new(&problems::UNKNOWN_ORDER)
            .detail(format!("the order service knows no order {id}")),
        NoDetails::Nothing { late, missing } => away(late, &missing),
    }
}

fn no_overview(id: &CustomerId, none: NoOverview) -> Problem {
    match none {
        NoOverview::Unknown => Problem::new(&problems::UNKNOWN_CUSTOMER)
            .detail(format!("the customer service knows no customer {id}")),
        NoOverview::Refused(status, problem) => {
            let said = problem["detail"].as_str().or(problem["title"].as_str());
            Problem::new(&problems::REFUSED_BY_OWNER)
                .status(status)
                .detail(said.unwrap_or_default())
                .with("problem", &problem)
        }
        NoOverview::Nothing(missing) => {
            let late = missing.iter().all(|part| part.reason == "timed-out");
            away(late, &missing)
        }
    }
}

/// Nobody said anything of it: too late, or not at all.
fn away(late: bool, missing: &[MissingPart]) -> Problem {
    let kind = if late { &problems::OWNERS_LATE } else { &problems::OWNERS_AWAY };
    let problem = Problem::new(kind).detail("nothing is known of it from before, either");
    problem.with("missing", missing).retry_after(RETRY_AFTER_SECONDS)
}

fn count(question: &'static str, outcome: &'static str, begun: Instant) {
    metrics::counter!(
        "murmur_composer_answers_total", "question" => question, "outcome" => outcome
    )
    .increment(1);
    metrics::histogram!("murmur_composer_answer_seconds", "question" => question)
        .record(begun.elapsed());
}

fn insert(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
